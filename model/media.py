"""Media in: one pass over a file, giving 16 kHz mono sound and sampled RGB frames, in constant memory.

A `Reader` demuxes in file order and decodes the sound at once, since that costs next to nothing. The
picture stays in its compressed packets until somebody asks for `frames`, on whatever thread they like:
so the transcriber can start on the sound while the picture is still being decoded, and nothing is read
twice. All times are seconds from the file's start, as a player shows them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import av
import numpy as np
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from model.features import SAMPLE_RATE, ByteArray, FloatArray
from model.sampling import Sampling

CHUNK_SECONDS = 10.0
CHUNK_BYTES = 8 << 20  # of compressed picture
# Pictures that no other refers to are left undecoded where so many come for each that is wanted: encoders
# put up to three of them in a row, so one is still left in time.
SKIPPING_RATIO = 4.0
MAX_SIDE = 1280  # pixels; larger frames are scaled down as they leave the decoder
MAX_PIXELS = 8192 * 4352  # 8K: a decoder keeps a score of frames, beyond this they fill the memory
FRAME_THREADS_PIXELS = 4096 * 2304  # above, threads share a frame instead of each holding some
SYNC_TOLERANCE = 0.1  # seconds that sound may be off its timestamps before a gap is filled or cut
MAX_GAP = 3600.0  # seconds of silence a timestamp may ask for; a broken one asks for years

# Containers that hold media themselves. Playlists (HLS, DASH, concat) are left out on purpose: they
# make the demuxer open other files and addresses, on behalf of whoever wrote the upload.
CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,asf,ogg,wav,mp3,flac,aac,mxf"
OPEN_OPTIONS = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}
if TYPE_CHECKING:  # generic in PyAV's stubs alone
    AnyPacket = Packet[Any]
else:
    AnyPacket = Packet

READ_ERRORS = (av.FFmpegError, OSError, ValueError)


class MediaError(ValueError):
    """The input cannot be analysed. The message says what is wrong with which file, and what to do."""


@dataclass(frozen=True)
class MediaInfo:
    """What a file holds. Width and height as shown, after rotation; zero without a picture.

    `duration` in seconds is what the header says, 0 where it says nothing.
    """

    duration: float
    width: int
    height: int
    fps: float
    has_audio: bool
    has_video: bool


@dataclass(frozen=True)
class Frame:
    """A shown picture: `time` in seconds, `image` RGB uint8 [h, w, 3], upright, MAX_SIDE at most."""

    time: float
    image: ByteArray


@dataclass(frozen=True)
class Chunk:
    """The next stretch of a file: sound float32 [n] that follows the last chunk's, and picture packets.

    `end` is how far the file has been read, in seconds.
    """

    audio: FloatArray
    packets: list[AnyPacket]
    end: float


def check_path(path: Path) -> None:
    """Refuse what is no readable file, in words. Raises MediaError."""
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise MediaError(f"{path} is empty (0 bytes); was the upload or the copy cut short?")
    except FileNotFoundError as error:
        raise MediaError(f"{path} does not exist; check the spelling") from error
    except IsADirectoryError as error:
        raise MediaError(f"{path} is a folder, not a video") from error
    except OSError as error:  # permissions, a broken disk, a name that is too long
        raise MediaError(f"{path} cannot be read: {error.strerror}; check its owner and mode (chmod u+r)") from error


def probe(path: Path) -> MediaInfo:
    """What the file's header and first picture say. Raises MediaError."""
    with Reader(path) as reader:
        for chunk in reader:
            if next(reader.frames(chunk.packets), None) is not None:
                break
        return reader.info


def read_audio(path: Path) -> FloatArray:
    """The whole sound of a short file, float32 [n] at SAMPLE_RATE; empty without any. Raises MediaError."""
    with Reader(path, picture=False) as reader:
        return np.concatenate([np.zeros(0, np.float32), *(chunk.audio for chunk in reader)])


class Reader:
    """One pass over one file.

    `frame_rate` is how many pictures a second `frames` gives at most. After the pass, `warnings` says
    what was wrong with the file and `end` how long it really was.
    """

    def __init__(self, path: Path, frame_rate: float = 4.0, picture: bool = True) -> None:
        check_path(path)
        self.path = path
        self.warnings: list[str] = []
        self.end = 0.0
        self._container = self._open(path)
        self._audio = _default_audio(self._container)
        video = _best_video(self._container)
        streams = [stream for stream in (self._audio, video) if stream is not None]
        if not streams:
            self._container.close()
            raise MediaError(f"{path} holds neither sound nor picture; is it really a video?")
        self._start = _start_of(self._container, streams)
        self._video = video if picture else None
        self._sampling = Sampling(frame_rate)
        self._damaged = 0
        self._clock = _AudioClock()
        self._quarter_turns = 0  # counter-clockwise; a codec tells only with its first picture
        self._header = self._describe()

    @property
    def info(self) -> MediaInfo:
        """What the file holds; a rotation counts from the first picture on."""
        if self._quarter_turns % 2 == 0:
            return self._header
        return replace(self._header, width=self._header.height, height=self._header.width)

    def __enter__(self) -> "Reader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    def __iter__(self) -> Iterator[Chunk]:
        """Demux and decode the sound. Damage is skipped and noted in `warnings`; it never raises."""
        packets: list[AnyPacket] = []
        sound: list[FloatArray] = []
        size, last = 0, 0.0
        for packet in self._packets():
            if packet.stream is self._audio:
                sound += self._decode_audio(packet)
            else:
                packets.append(packet)
                size += packet.size
            last = max(last, self._seconds(packet))
            heard = sum(len(part) for part in sound) / SAMPLE_RATE
            if size >= CHUNK_BYTES or heard >= CHUNK_SECONDS or last - self.end >= 2 * CHUNK_SECONDS:
                self.end = max(self.end, last)
                yield Chunk(_joined(sound), packets, self.end)
                packets, sound, size = [], [], 0
        self.end = max(self.end, last, self._clock.position)
        if packets or sound:
            yield Chunk(_joined(sound), packets, self.end)
        self._note_damage()

    def frames(self, packets: Sequence[AnyPacket]) -> Iterator[Frame]:
        """Decode a chunk's packets and sample the pictures, in order of time.

        Chunks must come here in the order they were read, from one thread at a time. A few pictures
        come with the next chunk, as the codec needs later packets to finish them.
        """
        for packet in packets:
            try:
                decoded = packet.decode()
            except READ_ERRORS:
                self._damaged += 1
                continue
            for frame in decoded:
                if isinstance(frame, VideoFrame) and frame.time is not None:
                    self._quarter_turns = round(frame.rotation / 90) % 4
                    time = max(0.0, frame.time - self._start)
                    if self._sampling.wants(time):
                        yield Frame(time, _upright_rgb(frame, self._quarter_turns))

    def _open(self, path: Path) -> InputContainer:
        try:
            container = av.open(str(path), options=OPEN_OPTIONS, metadata_errors="replace")
        except READ_ERRORS as error:
            raise MediaError(
                f"{path} is not a readable video: its header is missing or damaged, or it is another kind "
                "of file. Play it to check; if it was cut off while recording or copying, get it again."
            ) from error
        return container

    def _describe(self) -> MediaInfo:
        duration = (self._container.duration or 0) / av.time_base
        width = height = 0
        fps = 0.0
        if self._video is not None:
            context = self._video.codec_context
            width, height = context.width, context.height
            if width * height > MAX_PIXELS:
                self._container.close()
                raise MediaError(
                    f"{self.path} is {width}x{height}; {MAX_PIXELS // 10**6} megapixels is the most. "
                    "Scale it down first."
                )
            rate = float(self._video.average_rate or self._video.guessed_rate or 0)
            # Some containers store a clock's rate for a variable one; counted pictures do not lie.
            fps = self._video.frames / duration if self._video.frames and duration else rate
            context.thread_type = "AUTO" if width * height <= FRAME_THREADS_PIXELS else "SLICE"
            if fps >= SKIPPING_RATIO * self._sampling.rate:
                context.skip_frame = "NONREF"
        return MediaInfo(duration, width, height, fps, self._audio is not None, self._video is not None)

    def _packets(self) -> Iterator[AnyPacket]:
        streams = [stream for stream in (self._audio, self._video) if stream is not None]
        try:
            yield from self._container.demux(*streams)
        except READ_ERRORS:
            self._damaged += 1

    def _decode_audio(self, packet: AnyPacket) -> list[FloatArray]:
        try:
            frames = packet.decode()
        except READ_ERRORS:
            self._damaged += 1
            return []
        parts: list[FloatArray] = []
        for frame in frames:
            if isinstance(frame, av.AudioFrame):
                start = None if frame.time is None else frame.time - self._start
                parts += self._clock.place(frame, start)
        return parts

    def _seconds(self, packet: AnyPacket) -> float:
        """Where a packet ends on the file's time line."""
        if packet.pts is None or packet.time_base is None:
            return 0.0
        return float((packet.pts + (packet.duration or 0)) * packet.time_base) - self._start

    def _note_damage(self) -> None:
        if self._damaged:
            self.warnings.append(f"damaged packets were skipped ({self._damaged}); what they held is missing")
        if self._header.duration - self.end > max(1.0, 0.02 * self._header.duration):
            self.warnings.append(
                f"the file ends at {self.end:.1f} s although its header says {self._header.duration:.1f} s; "
                "it was probably cut off"
            )


class _AudioClock:
    """Resamples sound to mono at SAMPLE_RATE and keeps it on its timestamps."""

    def __init__(self) -> None:
        self._resampler = AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
        self._written = 0

    @property
    def position(self) -> float:
        """Seconds given out so far."""
        return self._written / SAMPLE_RATE

    def place(self, frame: av.AudioFrame, start: float | None) -> list[FloatArray]:
        """Samples of a decoded frame that starts at `start`; silence before it where some is missing."""
        parts: list[FloatArray] = []
        gap = 0.0 if start is None else start - self.position
        if SYNC_TOLERANCE < gap <= MAX_GAP:
            parts.append(np.zeros(round(gap * SAMPLE_RATE), np.float32))
        frame.pts = None  # the resampler would make up for gaps in its own way
        for resampled in self._resampler.resample(frame):
            parts.append(np.ascontiguousarray(resampled.to_ndarray()[0], dtype=np.float32))
        if gap < -SYNC_TOLERANCE:  # sound from before the file's start, or said twice
            parts = [part[round(-gap * SAMPLE_RATE) :] for part in parts]
        self._written += sum(len(part) for part in parts)
        return parts


def _joined(parts: Sequence[FloatArray]) -> FloatArray:
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _default_audio(container: InputContainer) -> AudioStream | None:
    """The track marked as default, else the first."""
    tracks = list(container.streams.audio)
    return next((t for t in tracks if t.disposition & Disposition.default), tracks[0] if tracks else None)


def _best_video(container: InputContainer) -> VideoStream | None:
    """The largest picture that is no cover art, the one marked as default among equals."""
    tracks = [t for t in container.streams.video if not t.disposition & Disposition.attached_pic]
    return max(
        tracks,
        key=lambda t: (t.codec_context.width * t.codec_context.height, bool(t.disposition & Disposition.default)),
        default=None,
    )


def _start_of(container: InputContainer, streams: Sequence[AudioStream | VideoStream]) -> float:
    """The file's zero in its own timestamps, in seconds: where its earliest chosen stream starts."""
    starts = [float(s.start_time * s.time_base) for s in streams if s.start_time is not None and s.time_base]
    return min(starts, default=(container.start_time or 0) / av.time_base)


def _upright_rgb(frame: VideoFrame, quarter_turns: int) -> ByteArray:
    """RGB, turned as the rotation flag asks, MAX_SIDE at most."""
    scale = min(1.0, MAX_SIDE / max(frame.width, frame.height))
    width, height = (max(2, round(side * scale)) for side in (frame.width, frame.height))
    # One thread: the others are decoding, and waiting for them takes longer than the work.
    rgb = frame.reformat(width=width, height=height, format="rgb24", threads=1)
    image = np.asarray(rgb.to_ndarray(), dtype=np.uint8)
    return np.ascontiguousarray(np.rot90(image, quarter_turns)) if quarter_turns else image
