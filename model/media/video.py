"""Video packets -> sampled RGB frames, upright and in the shape in which a player shows them."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from model.features import ByteArray
from model.media.decoding import DecodingStatistics, decode
from model.media.errors import KeepGoing, MediaError, keep_going_always
from model.media.memory import UNWATCHED_PACKET, UNWATCHED_PIXELS, MemoryWatch, decoder_threads
from model.media.opening import MAX_PIXELS
from model.media.timeline import AnyPacket, is_flush
from model.sampling import Sampling

# Frames that no other refers to are left undecoded where so many come for each that is wanted: encoders
# put up to three of them in a row, so one is still left in time.
SKIPPING_RATIO = 4.0
RATE_PACKETS = 8  # that tell a frame rate
MAX_SIDE = 1280  # pixels; larger frames are scaled down as they leave the decoder
FRAME_THREADS_PIXELS = 4096 * 2304  # above, threads share a frame instead of each holding some
MAX_PIXEL_RATE = FRAME_THREADS_PIXELS * 60.0  # pixels a second; beyond, key frames alone are decoded
MAX_ASPECT = 16.0  # of a pixel; more is nonsense
SAME_RATE = 0.05  # relative deviation of the counted frame rate from the header's, which is then the exact one


@dataclass(frozen=True)
class Frame:
    """A frame as shown: `time` in seconds, `image` RGB uint8 [h, w, 3], upright, MAX_SIDE at most."""

    time: float
    image: ByteArray


class FrameDecoder:
    """Decodes and samples the video of one file. Owned by the thread that decodes it, like its statistics.

    Gives at most `rate` frames a second; `path` is for messages. `end` is how far the video goes, in seconds of
    the file. `keep_going` is called with every packet.
    """

    def __init__(self, path: Path, rate: float, keep_going: KeepGoing = keep_going_always) -> None:
        self._path = path
        self._keep_going = keep_going
        self.statistics = DecodingStatistics()
        self.end = 0.0
        self.quarter_turns = 0  # counter-clockwise; a codec tells only with its first frame
        self._sampling = Sampling(rate)
        self._stream: VideoStream | None = None
        self._aspect = 1.0
        self._first = self._last = 0.0  # times of packets, in seconds
        self._counted = 0  # packets up to the last one with a time,
        self._untimed = 0  # and those behind it
        self._shown = 0.0  # time of the last frame
        self._memory = MemoryWatch(path)
        self.key_frames_only = False  # for some of the video at least

    def counted_rate(self, missing: float = 0.0) -> float:
        """Frames a second, as they came; 0 for fewer than two. `missing` seconds held none."""
        shown = self._last - self._first - missing
        return (self._counted - 1) / shown if shown > 0.0 else 0.0

    @property
    def shown(self) -> float:
        """The time of the last frame that was decoded, in seconds; all before it were, too."""
        return self._shown

    def decode(self, packets: Sequence[AnyPacket]) -> Iterator[Frame]:
        """Decode packets and sample the frames, in order of time. Raises MediaError for frames beyond MAX_PIXELS.

        Raises TooDemandingError where the frames that the decoder keeps take too much memory. Of a video of more than
        MAX_PIXEL_RATE only the frames that stand alone are decoded.

        Packets must come in the order in which they were read. A few frames come with the next packets, as the
        codec needs those to finish them.
        """
        for stream, part in itertools.groupby(packets, lambda packet: packet.stream):
            run = list(part)
            self._prepare(stream, run)
            for packet in run:
                self._keep_going()
                damaged = self.statistics.damaged
                frames = decode(packet, self.statistics)
                context = stream.codec_context
                if context.width * context.height > UNWATCHED_PIXELS or packet.size > UNWATCHED_PACKET:
                    self._memory.check()
                if self.statistics.damaged == damaged and not is_flush(packet):
                    self._count(packet)
                for frame in frames:
                    yield from self._sampled(frame)

    def _prepare(self, stream: VideoStream, packets: Sequence[AnyPacket]) -> None:
        context = stream.codec_context
        if stream is not self._stream:
            self._stream = stream
            self._aspect = pixel_aspect(stream)
            check_size(self._path, context.width, context.height)
            if not context.is_open:
                context.options = {"max_pixels": str(MAX_PIXELS)}  # also of a size that the header did not announce
                context.thread_count = decoder_threads()
                context.thread_type = "AUTO" if context.width * context.height <= FRAME_THREADS_PIXELS else "SLICE"
        times = sorted(packet.pts * float(packet.time_base) for packet in packets if packet.pts is not None)
        if len(times) >= RATE_PACKETS and times[-1] > times[0]:
            rate = (len(times) - 1) / (times[-1] - times[0])
            too_many = rate * context.width * context.height > MAX_PIXEL_RATE
            self.key_frames_only = self.key_frames_only or too_many
            if too_many:
                context.skip_frame = "NONKEY"
            else:
                context.skip_frame = "NONREF" if rate >= SKIPPING_RATIO * self._sampling.rate else "DEFAULT"

    def _count(self, packet: AnyPacket) -> None:
        """Count a packet that the decoder took, and take its time."""
        if packet.is_discard:
            return
        ticks = packet.dts if packet.pts is None else packet.pts
        if ticks is None:
            self._untimed += bool(self._counted)
            return
        tick = float(packet.time_base)
        time = ticks * tick
        self._first, self._last = (min(self._first, time), max(self._last, time)) if self._counted else (time, time)
        self._counted += 1 + self._untimed
        self._untimed = 0
        self.end = max(self.end, time + (packet.duration or 0) * tick)

    def _sampled(self, frame: VideoFrame) -> Iterator[Frame]:
        check_size(self._path, frame.width, frame.height)
        self.quarter_turns = round(frame.rotation / 90) % 4
        self._shown = max(0.0, self._time_of(frame))
        self.end = max(self.end, self._shown)
        if self._sampling.wants(self._shown):
            try:
                image = upright_rgb(frame, self.quarter_turns, self._aspect)
            except Exception:  # a pixel format that the scaler does not know
                self.statistics.damaged += 1
            else:
                yield Frame(self._shown, image)

    def _time_of(self, frame: VideoFrame) -> float:
        """Seconds; a frame whose packet had none follows the one before."""
        if frame.time is not None:
            return frame.time
        rate = self.counted_rate()
        return self._shown + (1.0 / rate if rate else 0.0)


def check_size(path: Path, width: int, height: int) -> None:
    """Raises MediaError for frames of more than MAX_PIXELS."""
    if width * height > MAX_PIXELS:
        limit = f"{MAX_PIXELS // 10**6} megapixels is the most"
        raise MediaError(f"{path} is {width}x{height}; {limit}. Scale it down first.")


def pixel_aspect(stream: VideoStream) -> float:
    """Width of the stream's pixels over their height; 1 where it says nothing sensible."""
    aspect = float(stream.sample_aspect_ratio or 1)
    return aspect if 1 / MAX_ASPECT <= aspect <= MAX_ASPECT else 1.0


def frame_rate(counted: float, header: float) -> float:
    """Frames a second: as counted, or exactly as the header has it where the two agree.

    Some containers store their clock's rate, 1000 for example, where the rate varies.
    """
    return header if counted == 0.0 or abs(counted - header) <= SAME_RATE * header else counted


def upright_rgb(frame: VideoFrame, quarter_turns: int, aspect: float) -> ByteArray:
    """RGB in square pixels, turned as the rotation flag asks, MAX_SIDE at most."""
    shown = (frame.width * aspect, float(frame.height))
    scale = min(1.0, MAX_SIDE / max(shown))
    width, height = (max(2, round(side * scale)) for side in shown)
    # One thread: the others are decoding, and waiting for them takes longer than the work.
    rgb = frame.reformat(width=width, height=height, format="rgb24", threads=1)
    image = np.asarray(rgb.to_ndarray(), dtype=np.uint8)
    return np.ascontiguousarray(np.rot90(image, quarter_turns)) if quarter_turns else image
