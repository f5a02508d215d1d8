"""Demuxing of a file in one pass: audio is decoded, video packets are passed on.

Audio is decoded immediately, because that is cheap. Video packets are decoded by a `FrameDecoder`, which may run on
another thread, so that transcription can start while frames are still being decoded. All times are seconds from the
file's start, as in a player, on the corrected clock of `Timeline`. Reader and decoder share no state; `Reader.summary`
combines their statistics at the end.
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
from model.media.opening import check_path, is_counted, may_stop_early, open_container, parts_of, states_duration
from model.media.summary import DemuxingStatistics, MediaInfo, Summary, summarize, turned
from model.media.timeline import MAX_HOLD, AnyPacket, Gap, Timeline
from model.media.tracks import Selection, language_of, select
from model.media.video import FrameDecoder, check_size, frame_rate, pixel_aspect

TS_DISCONTINUITIES = 0x0200  # FFmpeg's AVFMT_TS_DISCONT: a container whose clock may jump
CHUNK_SECONDS = 10.0
MAX_AUDIO_LAG = MAX_HOLD  # seconds that audio may lag behind the video
CHUNK_BYTES = 8 << 20  # of compressed video
PACKET_BYTES = 1 << 10  # overhead of a packet: there may be millions of empty ones
MAX_AUDIO_PACKET_BYTES = 8 << 20  # valid ones have kilobytes; decoded, a packet takes up to four times its size
MAX_INDEX_SHARE = 0.05  # size of an index at the end of a file, relative to the packets before it


@dataclass(frozen=True)
class Chunk:
    """A part of a file: audio float32 [n], contiguous with the previous chunk's, and video packets.

    `end` is the position up to which the file has been read, in seconds.
    """

    audio: FloatArray
    packets: list[AnyPacket]
    end: float


class Reader:
    """One-pass demuxer of a file; `video` False skips its video. `keep_going` is called for each packet.

    Raises MediaError if the file cannot be opened or has no supported track.
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
        for container in self._containers:  # not earlier, because packets refer to them
            container.close()

    def __iter__(self) -> Iterator[Chunk]:
        """Demux the file and decode its audio. Damage is skipped and counted for `summary`, not raised."""
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
        """Yield silence for audio that ended long before the video, so that video packets do not accumulate."""
        if not self.counted and self._timeline.end - self._audio.position >= MAX_AUDIO_LAG + CHUNK_SECONDS:
            yield from self._audio.pad(self._timeline.end - MAX_AUDIO_LAG)

    def duration_over(self, seconds: float) -> float | None:
        """Return the duration if it exceeds `seconds`, else None; a longer one in the header is verified by packets."""
        if self.info.duration <= seconds:
            return None
        measured = content_seconds(self.path, self._keep_going)
        return measured if measured > seconds else None

    def missing(self, frames: FrameDecoder) -> list[Gap]:
        """Return the gaps so far in which the file has neither audio nor video.

        After the last chunk that includes everything beyond the end of the decoded media; `frames` must then have
        decoded all video.
        """
        beyond = [Gap(max(self._audio.position, frames.end), math.inf)] if self._finished else []
        return [*self._timeline.holes, *beyond]

    def summary(self, frames: FrameDecoder | None) -> Summary:
        """Summarize the file's contents and faults after all of it was decoded.

        `frames` is the decoder of the chunks' packets; None if the video was skipped. Raises MediaError if nothing
        could be decoded.
        """
        has_exact_duration = states_duration(self._container, self.path) and not self._later
        return summarize(
            self.path,
            self.info,
            has_exact_duration,
            self._selection,
            self._demuxing,
            self._timeline,
            self._audio,
            frames,
        )

    @property
    def position(self) -> float:
        """Position up to which the file has been read, in seconds."""
        return max(self._timeline.end, self._audio.position)

    def _chunk(self, batch: "_Batch") -> Chunk:
        self.end = self.position
        return Chunk(*batch.take(), self.end)

    def packets(self) -> Iterator[tuple[int | None, AnyPacket]]:
        """Yield packets with corrected times, each with the index of its audio track, or None for video."""
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
            self._demuxing.skipped += max(0, len(selection.audio) - len(self._audio.tracks))
            self._timeline.append(_start_of(container, selection.streams))
            yield from self._demuxed(container, selection)

    def _demuxed(self, container: InputContainer, selection: Selection) -> Iterator[tuple[int | None, AnyPacket]]:
        tracks = {stream.index: i for i, stream in enumerate(selection.audio[: len(self._audio.tracks)])}
        streams = [s for s in selection.streams if s.type == "video" or s.index in tracks]
        for packet in self._demux(container, streams):
            self._keep_going()
            self._demuxing.incomplete += packet.is_corrupt
            if packet.stream.index in tracks and packet.size > MAX_AUDIO_PACKET_BYTES:
                self._demuxing.incomplete += 1
                continue
            for placed in self._placed(packet):
                yield tracks.get(placed.stream.index), placed

    def _demux(self, container: InputContainer, streams: list[AudioStream | VideoStream]) -> Iterator[AnyPacket]:
        """Yield all packets of some streams; if reading fails, yield packets that flush the decoders."""
        for stream in container.streams:
            if stream not in streams:
                stream.discard = Discard.all
        read_to = 0
        try:
            for packet in container.demux(streams):
                read_to = max(read_to, (packet.pos or 0) + packet.size)
                yield packet
            self._demuxing.unread_bytes += _unread(container, self.path, read_to)
        except Exception:  # demuxers raise various types
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
    """Audio and packets collected for the next chunk."""

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
    """Read a file's properties from its header, and the rotation of its first frame. Raises MediaError."""
    with Reader(path) as reader:
        if reader.info.has_video:
            frames = FrameDecoder(path, 1.0)
            for chunk in reader:
                if next(frames.decode(chunk.packets), None) is not None:
                    break
            return turned(reader.info, frames)
        return reader.info


def read_audio(path: Path) -> FloatArray:
    """Read all audio of a short file, float32 [n] at SAMPLE_RATE; empty without audio. Raises MediaError."""
    with Reader(path, video=False) as reader:
        return np.concatenate([np.zeros(0, np.float32), *(chunk.audio for chunk in reader)])


def content_seconds(path: Path, keep_going: KeepGoing = keep_going_always) -> float:
    """Measure a file's duration by its packets, which are decoded only if they have no times. Raises MediaError."""
    with Reader(path, keep_going=keep_going) as reader:
        for _ in reader if reader.counted else reader.packets():
            pass
        return reader.position


def _unread(container: InputContainer, path: Path, read_to: int) -> int:
    """Return the bytes after the last packet if they are likely unread media; 0 for an index or similar data."""
    remaining = path.stat().st_size - read_to
    return remaining if may_stop_early(container) and remaining > MAX_INDEX_SHARE * read_to else 0


def _check_tracks(selection: Selection, path: Path) -> None:
    """Raise MediaError if the file has no track that can be decoded."""
    for stream, track in zip(selection.audio, selection.audio_tracks, strict=True):
        if (stream.rate or 0) > MAX_RATE:
            raise MediaError(
                f"{path}: {track} has {stream.rate} samples per second; the limit is {MAX_RATE}. Resample it."
            )
    if selection.audio or selection.video_track is not None:
        return
    if selection.undecodable:
        named = " and ".join(str(track) for track in selection.undecodable)
        raise MediaError(
            f"{path} cannot be decoded: the codec of {named} is not supported. Re-export it as MP4 (H.264)."
        )
    raise MediaError(f"{path} contains neither audio nor video")


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
    """Return the file's start in its own timestamps, in seconds: that of the earliest selected stream."""
    starts = [float(s.start_time * s.time_base) for s in streams if s.start_time is not None and s.time_base]
    return min(starts, default=(container.start_time or 0) / av.time_base)
