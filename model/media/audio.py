"""Audio decoding: packets of one or more tracks to gapless 16 kHz mono samples.

All audio tracks of a file are decoded in the demuxing pass, because that is cheap compared to everything else.
"""

from collections import deque
from collections.abc import Iterator, Sequence

import av
import numpy as np
from av.audio.resampler import AudioResampler

from model.features import SAMPLE_RATE, SILENCE_RMS, FloatArray, rms
from model.media.decoding import DecodingStatistics, decode
from model.media.downmix import Downmix, to_float
from model.media.timeline import AnyPacket, is_flush

SYNC_TOLERANCE = 0.1  # seconds that samples may deviate from their timestamps before a gap is filled or cut
BLOCK_SECONDS = 0.5  # mixed down at a time
BLOCK_VALUES = 4 << 20  # samples times channels mixed down at a time, at most
MAX_RATE = 768_000  # samples per second: the limit of converters; higher rates are invalid and exhaust memory
SILENCE_SECONDS = 10.0  # yielded at a time during a track's pause
SELECTION_SECONDS = 1.0  # unit of track selection
MAX_TRACK_LAG = 12.0  # seconds that one track may lag behind another in file order
DUB_DELAY = 3.0  # seconds of silence on the first track after which other languages are used: longer than any pause
QUIET_RATIO = 10 ** (-15 / 20)  # amplitude relative to the loudest track, below which a track is not the main one


class AudioTrack:
    """Decoder of one audio track, which mixes down, resamples, and aligns samples with their timestamps.

    `timed` is False for containers without timestamps of their own; samples are then contiguous.
    """

    def __init__(self, timed: bool = True) -> None:
        self.statistics = DecodingStatistics()
        self.seconds_cut = 0.0  # dropped because they precede the file's start or overlap earlier audio
        self._timed = timed
        self._written = 0  # samples at SAMPLE_RATE
        self._normalizer: _Normalizer | None = None

    @property
    def position(self) -> float:
        """End of the track's decoded samples, in seconds of the file."""
        pending = self._normalizer.pending_seconds if self._normalizer else 0.0
        return self._written / SAMPLE_RATE + pending

    def decode(self, packet: AnyPacket) -> Iterator[FloatArray]:
        """Yield the packet's samples float32 [n], contiguous with earlier ones; pauses are filled with silence."""
        for frame in decode(packet, self.statistics):
            if isinstance(frame, av.AudioFrame) and frame.samples and 0 < frame.sample_rate <= MAX_RATE:
                yield from self._place(frame)
        if is_flush(packet):
            yield from self._flush()

    def pad(self, end: float) -> Iterator[FloatArray]:
        """Yield silence up to `end`, in seconds of the file."""
        yield from self._flush()
        missing = round(end * SAMPLE_RATE) - self._written
        while missing > 0:
            piece = min(missing, round(SILENCE_SECONDS * SAMPLE_RATE))
            missing -= piece
            yield self._count(np.zeros(piece, np.float32))

    def _place(self, frame: av.AudioFrame) -> Iterator[FloatArray]:
        gap = frame.time - self.position if self._timed and frame.time is not None else 0.0
        if gap > SYNC_TOLERANCE:
            yield from self.pad(frame.time or 0.0)
        samples = to_float(frame)
        if gap < -SYNC_TOLERANCE:
            surplus = min(round(-gap * frame.sample_rate), samples.shape[1])
            samples = samples[:, surplus:]
            self.seconds_cut += surplus / frame.sample_rate
        names = tuple(channel.name for channel in frame.layout.channels)
        if self._normalizer is None or not self._normalizer.accepts(names, frame.sample_rate):
            yield from self._flush()
            self._normalizer = _Normalizer(names, frame.sample_rate)
        for resampled in self._normalizer.add(samples):
            yield self._count(resampled)

    def _flush(self) -> Iterator[FloatArray]:
        if self._normalizer is not None:
            for resampled in self._normalizer.finish():
                yield self._count(resampled)
            self._normalizer = None

    def _count(self, samples: FloatArray) -> FloatArray:
        self._written += len(samples)
        return samples


class _Normalizer:
    """Converter of samples of one layout and rate to mono at SAMPLE_RATE, in blocks."""

    def __init__(self, names: tuple[str, ...], rate: int) -> None:
        self._names, self._rate = names, rate
        self._downmix = Downmix(names)
        self._resampler = AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
        self._pending: list[FloatArray] = []

    @property
    def pending_seconds(self) -> float:
        """Seconds of added samples that were not returned yet."""
        return sum(int(block.shape[1]) for block in self._pending) / self._rate

    def accepts(self, names: tuple[str, ...], rate: int) -> bool:
        return (names, rate) == (self._names, self._rate)

    def add(self, samples: FloatArray) -> list[FloatArray]:
        """Add samples float32 [channels, n]; return resampled blocks [n], if any are complete."""
        self._pending.append(samples)
        full = self.pending_seconds >= BLOCK_SECONDS or sum(block.size for block in self._pending) >= BLOCK_VALUES
        return self._resampled(self._block()) if full else []

    def finish(self) -> list[FloatArray]:
        """Return the remaining samples, including the resampling filter's delay. Nothing may be added afterwards."""
        block = self._block() if self.pending_seconds else None
        return [*(self._resampled(block) if block else []), *self._resampled(None)]

    def _block(self) -> av.AudioFrame:
        mixed = np.ascontiguousarray(self._downmix(np.concatenate(self._pending, axis=1)))
        self._pending = []
        frame = av.AudioFrame.from_ndarray(mixed[None], format="flt", layout="mono")
        frame.sample_rate = self._rate
        return frame

    def _resampled(self, frame: av.AudioFrame | None) -> list[FloatArray]:
        return [
            np.ascontiguousarray(resampled.to_ndarray()[0], dtype=np.float32)
            for resampled in self._resampler.resample(frame)
        ]


class AudioSelector:
    """Mixer of a file's audio tracks into the signal that people would listen to.

    That is the first track, unless another is much louder. While the first track is silent or nearly so, the loudest
    other one is added: screen recorders separate desktop and microphone, and broadcasters record one microphone per
    track. Tracks of about the same loudness are alternative versions, for example in other languages, so only the first
    is used; a track in another language does not fill its pauses. The decision is made for each second, because a track
    may become active at any time.

    `languages` are those that the file states for each track, None if unknown.
    """

    def __init__(self, tracks: Sequence[AudioTrack], languages: Sequence[str | None] = ()) -> None:
        self.tracks = list(tracks)
        self._languages = list(languages) or [None] * len(tracks)
        self._quiet = 0.0  # seconds since the primary track was last audible
        self.seconds_used = [0.0] * len(tracks)  # in which each track is part of the signal
        self._queues = [_Queue() for _ in tracks]
        self._primary = 0
        self._primary_audible = False
        self._selected = 0  # samples

    @property
    def position(self) -> float:
        """Upper bound of the end of the selected signal, in seconds of the file."""
        return max((track.position for track in self.tracks), default=0.0)

    def decode(self, index: int, packet: AnyPacket) -> Iterator[FloatArray]:
        """Decode a packet of track `index`; yield samples float32 [n] of the signal, contiguous with earlier ones."""
        for samples in self.tracks[index].decode(packet):
            if len(self.tracks) == 1:
                yield samples
                continue
            self._queues[index].append(samples)
            yield from self._ready()

    def pad(self, end: float) -> Iterator[FloatArray]:
        """Pad tracks that end before `end`, in seconds of the file, with silence."""
        for track, queue in zip(self.tracks, self._queues, strict=True):
            if track.position >= end:
                continue
            for samples in track.pad(end):
                if len(self.tracks) == 1:
                    yield samples
                    continue
                queue.append(samples)
                yield from self._ready()

    def finish(self) -> Iterator[FloatArray]:
        """Yield the remaining signal, once all packets are decoded."""
        while len(self.tracks) > 1 and any(queue.size for queue in self._queues):
            yield self._select(min(_BLOCK, max(queue.size for queue in self._queues)))

    def _ready(self) -> Iterator[FloatArray]:
        while min(queue.size for queue in self._queues) >= _BLOCK or self._is_late():
            yield self._select(_BLOCK)

    def _is_late(self) -> bool:
        """Return True when the longest queue reaches MAX_TRACK_LAG: a track that paused or ended must not block."""
        return max(queue.size for queue in self._queues) >= MAX_TRACK_LAG * SAMPLE_RATE

    def _select(self, size: int) -> FloatArray:
        self._selected += size
        for track, queue in zip(self.tracks, self._queues, strict=True):
            if queue.size < size:
                for samples in track.pad(self._selected / SAMPLE_RATE):
                    queue.append(samples)
        blocks = [queue.take(size) for queue in self._queues]
        levels = [rms(block) for block in blocks]
        self._quiet = self._quiet + size / SAMPLE_RATE if levels[self._primary] < SILENCE_RMS else 0.0
        if self._quiet <= DUB_DELAY:
            levels = [0.0 if self._is_dub(i) else level for i, level in enumerate(levels)]
        loudest = int(np.argmax(levels))
        if levels[loudest] < SILENCE_RMS:
            return blocks[self._primary]
        if not self._primary_audible and levels[self._primary] < SILENCE_RMS:
            self._primary = loudest
        self._primary_audible = True
        self.seconds_used[self._primary] += size / SAMPLE_RATE
        if levels[self._primary] >= QUIET_RATIO * levels[loudest]:
            return blocks[self._primary]
        self.seconds_used[loudest] += size / SAMPLE_RATE
        return blocks[self._primary] + blocks[loudest]

    def _is_dub(self, index: int) -> bool:
        """Return True when a track's language differs from the primary track's."""
        language, primary = self._languages[index], self._languages[self._primary]
        return None not in (language, primary) and language != primary


_BLOCK = round(SELECTION_SECONDS * SAMPLE_RATE)


class _Queue:
    """Queue of samples."""

    def __init__(self) -> None:
        self._parts: deque[FloatArray] = deque()
        self.size = 0

    def append(self, samples: FloatArray) -> None:
        self._parts.append(samples)
        self.size += len(samples)

    def take(self, size: int) -> FloatArray:
        """Remove and return the first `size` samples; the queue must hold that many."""
        taken = []
        self.size -= size
        while size > 0:
            part = self._parts.popleft()
            taken.append(part[:size])
            if len(part) > size:
                self._parts.appendleft(part[size:])
            size -= len(taken[-1])
        return np.concatenate(taken) if taken else np.zeros(0, np.float32)
