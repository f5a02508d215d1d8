"""Video decoding: packets to sampled RGB frames, rotated and scaled as a player shows them."""

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
from model.media.memory import UNCHECKED_PACKET, UNCHECKED_PIXELS, MemoryWatch, decoder_threads
from model.media.opening import MAX_PIXELS
from model.media.timeline import AnyPacket, is_flush
from model.sampling import Sampling

# Ratio of the frame rate to the sampling rate from which non-reference frames are not decoded. Encoders put up to three
# of them in a row, so at least one frame remains per sample.
SKIPPING_RATIO = 4.0
RATE_PACKETS = 8  # needed to measure the frame rate
MAX_SIDE = 1280  # pixels; larger frames are scaled down after decoding
FRAME_THREADS_PIXELS = 4096 * 2304  # larger frames are decoded by slice threads, which hold fewer frames
MAX_PIXEL_RATE = FRAME_THREADS_PIXELS * 60.0  # pixels per second; beyond, only key frames are decoded
MAX_ASPECT = 16.0  # of a pixel; larger values are invalid
SAME_RATE = 0.05  # relative difference of counted and stated frame rate, up to which the stated one is used


@dataclass(frozen=True)
class Frame:
    """A frame as displayed: `time` in seconds, `image` RGB uint8 [h, w, 3], upright, at most MAX_SIDE."""

    time: float
    image: ByteArray


class FrameDecoder:
    """Decoder and sampler of a file's video. It belongs to the thread that decodes, as do its statistics.

    It yields at most `rate` frames per second; `path` is for messages. `end` is the end of the video so far, in seconds
    of the file. `keep_going` is called for every packet.
    """

    def __init__(self, path: Path, rate: float, keep_going: KeepGoing = keep_going_always) -> None:
        self._path = path
        self._keep_going = keep_going
        self.statistics = DecodingStatistics()
        self.end = 0.0
        self.quarter_turns = 0  # counterclockwise; known from the first frame on
        self._sampling = Sampling(rate)
        self._stream: VideoStream | None = None
        self._aspect = 1.0
        self._first = self._last = 0.0  # times of packets, in seconds
        self._counted = 0  # packets up to the last one with a time
        self._untimed = 0  # packets after the last one with a time
        self._position = 0.0
        self._memory = MemoryWatch(path)
        self.key_frames_only = False  # True if that applied to any part of the video

    def counted_rate(self, missing: float = 0.0) -> float:
        """Return the counted frame rate, without `missing` seconds of gaps; 0 for fewer than two frames."""
        duration = self._last - self._first - missing
        return (self._counted - 1) / duration if duration > 0.0 else 0.0

    @property
    def position(self) -> float:
        """Time of the last decoded frame, in seconds."""
        return self._position

    def decode(self, packets: Sequence[AnyPacket]) -> Iterator[Frame]:
        """Decode packets, in file order, and yield sampled frames in order of time.

        Some frames are yielded with the next packets, because the codec depends on those. Of a video beyond
        MAX_PIXEL_RATE only the key frames are decoded. Raises MediaError for frames beyond MAX_PIXELS, and
        TooDemandingError when the decoder's frames take too much memory.
        """
        for stream, part in itertools.groupby(packets, lambda packet: packet.stream):
            run = list(part)
            self._prepare(stream, run)
            for packet in run:
                self._keep_going()
                damaged = self.statistics.damaged
                frames = decode(packet, self.statistics)
                context = stream.codec_context
                if context.width * context.height > UNCHECKED_PIXELS or packet.size > UNCHECKED_PACKET:
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
                context.options = {"max_pixels": str(MAX_PIXELS)}  # sizes may change after the header
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
        """Count a decoded packet and its time, for the frame rate."""
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
        self._position = max(0.0, self._time_of(frame))
        self.end = max(self.end, self._position)
        if self._sampling.accepts(self._position):
            try:
                image = upright_rgb(frame, self.quarter_turns, self._aspect)
            except Exception:  # unsupported pixel format
                self.statistics.damaged += 1
            else:
                yield Frame(self._position, image)

    def _time_of(self, frame: VideoFrame) -> float:
        """Return a frame's time in seconds; without a timestamp, one frame interval after the previous frame."""
        if frame.time is not None:
            return frame.time
        rate = self.counted_rate()
        return self._position + (1.0 / rate if rate else 0.0)


def check_size(path: Path, width: int, height: int) -> None:
    """Raise MediaError for frames of more than MAX_PIXELS."""
    if width * height > MAX_PIXELS:
        limit = f"the limit is {MAX_PIXELS // 10**6} megapixels"
        raise MediaError(f"{path} is {width}x{height}; {limit}. Scale it down first.")


def pixel_aspect(stream: VideoStream) -> float:
    """Return the width of the stream's pixels over their height; 1 if unknown or invalid."""
    aspect = float(stream.sample_aspect_ratio or 1)
    return aspect if 1 / MAX_ASPECT <= aspect <= MAX_ASPECT else 1.0


def frame_rate(counted: float, header: float) -> float:
    """Return frames per second: the header's value if the counted rate agrees with it, else the counted rate.

    For variable rates some containers store the rate of their clock, for example 1000.
    """
    return header if counted == 0.0 or abs(counted - header) <= SAME_RATE * header else counted


def upright_rgb(frame: VideoFrame, quarter_turns: int, aspect: float) -> ByteArray:
    """Convert a frame to RGB with square pixels, rotated by the rotation flag, at most MAX_SIDE."""
    shown = (frame.width * aspect, float(frame.height))
    scale = min(1.0, MAX_SIDE / max(shown))
    width, height = (max(2, round(side * scale)) for side in shown)
    # One thread: the others are busy decoding, and waiting for them would take longer.
    rgb = frame.reformat(width=width, height=height, format="rgb24", threads=1)
    image = np.asarray(rgb.to_ndarray(), dtype=np.uint8)
    return np.ascontiguousarray(np.rot90(image, quarter_turns)) if quarter_turns else image
