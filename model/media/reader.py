"""Demuxing of a file in one pass: its audio is decoded, its video handed on still compressed.

Audio is decoded at once, since that costs next to nothing. The video stays in its packets for a `FrameDecoder`,
on whatever thread has one: so the transcriber can start on the audio while frames are still being decoded, and
nothing is read twice. All times are seconds from the file's start, as a player shows them, on the corrected
clock of `Timeline`. Reader and decoder share no state; `Reader.summary` combines what both counted, at the end.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Discard
from av.video.stream import VideoStream

from model.features import SAMPLE_RATE, FloatArray
from model.media.audio import MAX_RATE, AudioSelector, AudioTrack
from model.media.errors import KeepGoing, MediaError, keep_going_always
from model.media.opening import check_path, is_counted, knows_duration, may_stop_early, open_container, parts_of
from model.media.summary import DemuxingStatistics, MediaInfo, Summary, summarize, turned
from model.media.timeline import MAX_HOLD, AnyPacket, Gap, Timeline
from model.media.tracks import Selection, language_of, select
from model.media.video import FrameDecoder, check_size, frame_rate, pixel_aspect

TS_DISCONTINUITIES = 0x0200  # FFmpeg's AVFMT_TS_DISCONT: a container whose clock may jump
CHUNK_SECONDS = 10.0
AUDIO_PATIENCE = MAX_HOLD  # seconds that audio may lag behind the video; no hole is longer
CHUNK_BYTES = 8 << 20  # of compressed video
PACKET_BYTES = 1 << 10  # that a packet takes beside its data: there may be millions without any
AUDIO_PACKET_BYTES = 8 << 20  # an honest one has kilobytes; decoded, it takes up to four times as much
UNREAD_SHARE = 0.05  # of what was read, that an index behind it may take


@dataclass(frozen=True)
class Chunk:
    """The next part of a file: audio float32 [n] that follows the last chunk's, and video packets.

    `end` is how far the file has been read, in seconds.
    """

    audio: FloatArray
    packets: list[AnyPacket]
    end: float


class Reader:
    """Demuxer of one file in one pass. Without `video`, its video is left out. `keep_going` is called with each packet.

    Raises MediaError for what cannot be opened, or holds no track that could be decoded.
    """

    def __init__(self, path: Path, video: bool = True, keep_going: KeepGoing = keep_going_always) -> None:
        check_path(path)
        self._keep_going = keep_going
        self.path = path
        self.end = 0.0
        self._finished = False
        self._video = video
        first, *self._later = parts_of(path)
        self._container = open_container(first, path)
        try:
            self._selection = select(self._container, path, video)
            _check_tracks(self._selection, path)
            self.info = _describe(self._container, self._selection, path)
        except BaseException:
            self._container.close()
            raise
        self._containers = [self._container]
        self.counted = is_counted(self._container)
        self._demuxing = DemuxingStatistics()
        self._timeline = Timeline(
            _start_of(self._container, self._selection.streams),
            discontinuous=bool(self._container.format.flags & TS_DISCONTINUITIES),
            has_audio=bool(self._selection.audio),
        )
        self._audio = AudioSelector(
            [AudioTrack(timed=not self.counted) for _ in self._selection.audio],
            [language_of(stream) for stream in self._selection.audio],
        )

    def __enter__(self) -> "Reader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for container in self._containers:  # only now: packets refer to them
            container.close()

    def __iter__(self) -> Iterator[Chunk]:
        """Demux and decode the audio. Damage is skipped and counted for `summary`; it never raises."""
        batch = _Batch()
        for track, packet in self.packets():
            if track is None:
                batch.add_packet(packet)
            for samples in self._absent_audio() if track is None else self._audio.decode(track, packet):
                batch.add_audio(samples)
                if batch.seconds >= CHUNK_SECONDS:
                    yield self._chunk(batch)
            if batch.bytes >= CHUNK_BYTES or self.position - self.end >= 2 * CHUNK_SECONDS:
                yield self._chunk(batch)
        for samples in self._audio.finish():
            batch.add_audio(samples)
        self._finished = True
        yield self._chunk(batch)

    def _absent_audio(self) -> Iterator[FloatArray]:
        """Return silence for audio that ended long before the video, so that video does not pile up waiting for it."""
        if not self.counted and self._timeline.end - self._audio.position >= AUDIO_PATIENCE + CHUNK_SECONDS:
            yield from self._audio.pad(self._timeline.end - AUDIO_PATIENCE)

    def duration_over(self, seconds: float) -> float | None:
        """The file's duration where it is more than `seconds`: its packets are asked whether its header is right."""
        if self.info.duration <= seconds:
            return None
        measured = content_seconds(self.path, self._keep_going)
        return measured if measured > seconds else None

    def missing(self, frames: FrameDecoder) -> list[Gap]:
        """Return the gaps so far in which the file has neither audio nor video.

        Once all of it has been, that includes all beyond the end of what could be decoded; `frames` must then have
        decoded all video.
        """
        beyond = [Gap(max(self._audio.position, frames.end), math.inf)] if self._finished else []
        return [*self._timeline.holes, *beyond]

    def summary(self, frames: FrameDecoder | None) -> Summary:
        """Summarize what the file held and what was wrong with it, once both sides are done.

        `frames` is the decoder that got the chunks' packets; None where the video was left out. Raises
        MediaError where nothing could be decoded.
        """
        sure = knows_duration(self._container, self.path) and not self._later
        return summarize(
            self.path, self.info, sure, self._selection, self._demuxing, self._timeline, self._audio, frames
        )

    @property
    def position(self) -> float:
        """End of what was read so far, in seconds."""
        return max(self._timeline.end, self._audio.position)

    def _chunk(self, batch: "_Batch") -> Chunk:
        self.end = self.position
        return Chunk(*batch.take(), self.end)

    def packets(self) -> Iterator[tuple[int | None, AnyPacket]]:
        """Packets with their times corrected, each with its audio track, or None for video."""
        yield from self._demuxed(self._container, self._selection)
        for part in self._later:
            try:
                container = open_container(part, self.path)
            except MediaError:
                self._demuxing.unopened += 1
                continue
            self._containers.append(container)
            selection = select(container, self.path, self._video)
            self._demuxing.undecodable += selection.undecodable
            self._demuxing.left_out += max(0, len(selection.audio) - len(self._audio.tracks))
            self._timeline.append(_start_of(container, selection.streams))
            yield from self._demuxed(container, selection)

    def _demuxed(self, container: InputContainer, selection: Selection) -> Iterator[tuple[int | None, AnyPacket]]:
        tracks = {stream.index: i for i, stream in enumerate(selection.audio[: len(self._audio.tracks)])}
        streams = [s for s in selection.streams if s.type == "video" or s.index in tracks]
        for packet in self._demux(container, streams):
            self._keep_going()
            self._demuxing.incomplete += packet.is_corrupt
            if packet.stream.index in tracks and packet.size > AUDIO_PACKET_BYTES:
                self._demuxing.incomplete += 1
                continue
            for placed in self._placed(packet):
                yield tracks.get(placed.stream.index), placed

    def _demux(self, container: InputContainer, streams: list[AudioStream | VideoStream]) -> Iterator[AnyPacket]:
        """All packets of some streams. Where reading fails, the decoders are still flushed."""
        for stream in container.streams:
            if stream not in streams:
                stream.discard = Discard.all
        read_to = 0
        try:
            for packet in container.demux(streams):
                read_to = max(read_to, (packet.pos or 0) + packet.size)
                yield packet
            self._demuxing.unread_bytes += _unread(container, self.path, read_to)
        except Exception:  # of the demuxer's library, whatever kind it is
            self._demuxing.errors += 1
            for stream in streams:
                flush: AnyPacket = av.Packet()
                flush.stream = stream
                flush.time_base = stream.time_base or Fraction(1, av.time_base)
                yield flush

    def _placed(self, packet: AnyPacket) -> list[AnyPacket]:
        if not self.counted:
            return self._timeline.place(packet)
        packet.pts = packet.dts = None
        return [packet]


class _Batch:
    """Contents of a chunk while it is collected."""

    def __init__(self) -> None:
        self._audio: list[FloatArray] = []
        self._packets: list[AnyPacket] = []
        self._samples = 0
        self.bytes = 0  # of video

    @property
    def seconds(self) -> float:
        """Duration of the collected audio, in seconds."""
        return self._samples / SAMPLE_RATE

    def add_audio(self, samples: FloatArray) -> None:
        self._audio.append(samples)
        self._samples += len(samples)

    def add_packet(self, packet: AnyPacket) -> None:
        self._packets.append(packet)
        self.bytes += packet.size + PACKET_BYTES

    def take(self) -> tuple[FloatArray, list[AnyPacket]]:
        audio = np.concatenate(self._audio) if self._audio else np.zeros(0, np.float32)
        packets = self._packets
        self._audio, self._packets, self._samples, self.bytes = [], [], 0, 0
        return audio, packets


def probe(path: Path) -> MediaInfo:
    """Read what a file's header states, and the rotation of its first frame. Raises MediaError."""
    with Reader(path) as reader:
        if reader.info.has_video:
            frames = FrameDecoder(path, 1.0)
            for chunk in reader:
                if next(frames.decode(chunk.packets), None) is not None:
                    break
            return turned(reader.info, frames)
        return reader.info


def read_audio(path: Path) -> FloatArray:
    """The whole audio of a short file, float32 [n] at SAMPLE_RATE; empty without any. Raises MediaError."""
    with Reader(path, video=False) as reader:
        return np.concatenate([np.zeros(0, np.float32), *(chunk.audio for chunk in reader)])


def content_seconds(path: Path, keep_going: KeepGoing = keep_going_always) -> float:
    """Return a file's duration by its packets, which are decoded only where they have no times. Raises MediaError."""
    with Reader(path, keep_going=keep_going) as reader:
        for _ in reader if reader.counted else reader.packets():
            pass
        return reader.position


def _unread(container: InputContainer, path: Path, read_to: int) -> int:
    """Bytes behind the last packet, in a container that has little else there; 0 for an index or the like."""
    left = path.stat().st_size - read_to
    return left if may_stop_early(container) and left > UNREAD_SHARE * read_to else 0


def _check_tracks(selection: Selection, path: Path) -> None:
    """Raise MediaError when the file has no track to decode."""
    for stream, track in zip(selection.audio, selection.audio_tracks, strict=True):
        if (stream.rate or 0) > MAX_RATE:
            raise MediaError(f"{path}: {track} has {stream.rate} samples a second; {MAX_RATE} is the most. Convert it.")
    if selection.audio or selection.video_track is not None:
        return
    if selection.undecodable:
        named = " and ".join(str(track) for track in selection.undecodable)
        raise MediaError(f"{path} cannot be decoded: the codec of {named} is not supported. Convert it to MP4 (H.264).")
    raise MediaError(f"{path} holds neither audio nor video; is it really a video?")


def _describe(container: InputContainer, selection: Selection, path: Path) -> MediaInfo:
    duration = (container.duration or 0) / av.time_base
    width = height = 0
    fps = 0.0
    video = selection.video
    if video is not None:
        context = video.codec_context
        check_size(path, context.width, context.height)
        width, height = round(context.width * pixel_aspect(video)), context.height
        rate = float(video.average_rate or video.guessed_rate or 0)
        fps = frame_rate(video.frames / duration if duration else 0.0, rate)
    return MediaInfo(duration, width, height, fps, bool(selection.audio), video is not None)


def _start_of(container: InputContainer, streams: Sequence[AudioStream | VideoStream]) -> float:
    """The file's zero in its own timestamps, in seconds: where its earliest chosen stream starts."""
    starts = [float(s.start_time * s.time_base) for s in streams if s.start_time is not None and s.time_base]
    return min(starts, default=(container.start_time or 0) / av.time_base)
