"""Audio packets -> 16 kHz mono samples without gaps, from the track that can be decoded and heard.

All audio tracks of a file are decoded in the demuxing pass, since that costs next to nothing beside the rest.
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

SYNC_TOLERANCE = 0.1  # seconds that samples may be off their timestamps before a gap is filled or cut
BLOCK_SECONDS = 0.5  # that are mixed down at a time,
BLOCK_VALUES = 4 << 20  # samples times channels, at most
MAX_RATE = 768_000  # samples a second: as much as converters do; more is nonsense, and fills the memory
SILENCE_SECONDS = 10.0  # that are produced at a time where a track pauses
SELECTION_SECONDS = 1.0  # for which a track is chosen
PATIENCE = 12.0  # seconds that one track may lag behind another in the file's order
DUB_PATIENCE = 3.0  # seconds without the first track before one in another language counts: no sentence pauses as long
QUIETER = 10 ** (-15 / 20)  # amplitude ratio: a track this far below another is not the one people talk on


class AudioTrack:
    """Decoder of one audio track: decodes, mixes down, resamples, and keeps the result on its timestamps.

    `timed` is False where the container has no timestamps of its own: then samples simply follow one another.
    """

    def __init__(self, timed: bool = True) -> None:
        self.statistics = DecodingStatistics()
        self.seconds_cut = 0.0  # that lay before the file's start or where there was audio already
        self._timed = timed
        self._written = 0  # samples at SAMPLE_RATE
        self._normalizer: _Normalizer | None = None

    @property
    def position(self) -> float:
        """End of the track's decoded samples, in seconds of the file."""
        waiting = self._normalizer.waiting if self._normalizer else 0.0
        return self._written / SAMPLE_RATE + waiting

    def decode(self, packet: AnyPacket) -> Iterator[FloatArray]:
        """Samples float32 [n] that follow those before. A pause comes out as silence, in several pieces."""
        for frame in decode(packet, self.statistics):
            if isinstance(frame, av.AudioFrame) and frame.samples and 0 < frame.sample_rate <= MAX_RATE:
                yield from self._place(frame)
        if is_flush(packet):
            yield from self._flush()

    def pad(self, end: float) -> Iterator[FloatArray]:
        """Silence up to `end`, in seconds of the file."""
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
        if self._normalizer is None or not self._normalizer.takes(names, frame.sample_rate):
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
    """Samples of one layout and rate -> mono at SAMPLE_RATE, in blocks."""

    def __init__(self, names: tuple[str, ...], rate: int) -> None:
        self._names, self._rate = names, rate
        self._downmix = Downmix(names)
        self._resampler = AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
        self._waiting: list[FloatArray] = []

    @property
    def waiting(self) -> float:
        """Seconds that were added and did not come out yet."""
        return sum(int(block.shape[1]) for block in self._waiting) / self._rate

    def takes(self, names: tuple[str, ...], rate: int) -> bool:
        return (names, rate) == (self._names, self._rate)

    def add(self, samples: FloatArray) -> list[FloatArray]:
        """float32 [channels, n] in, any number of [n] out."""
        self._waiting.append(samples)
        full = self.waiting >= BLOCK_SECONDS or sum(block.size for block in self._waiting) >= BLOCK_VALUES
        return self._resampled(self._block()) if full else []

    def finish(self) -> list[FloatArray]:
        """All that is left, including what the filter kept for samples to come; nothing may be added after it."""
        block = self._block() if self.waiting else None
        return [*(self._resampled(block) if block else []), *self._resampled(None)]

    def _block(self) -> av.AudioFrame:
        mixed = np.ascontiguousarray(self._downmix(np.concatenate(self._waiting, axis=1)))
        self._waiting = []
        frame = av.AudioFrame.from_ndarray(mixed[None], format="flt", layout="mono")
        frame.sample_rate = self._rate
        return frame

    def _resampled(self, frame: av.AudioFrame | None) -> list[FloatArray]:
        return [
            np.ascontiguousarray(resampled.to_ndarray()[0], dtype=np.float32)
            for resampled in self._resampler.resample(frame)
        ]


class AudioSelector:
    """Merges the audio tracks of a file into the one signal that people would listen to.

    That is the first track, as long as it is there and no other is much louder. Where it is silent or nearly
    so (screen recorders keep the desktop apart from the microphone; broadcasters record a microphone a track),
    the loudest of the others is added. Tracks of about the same loudness are versions of one another, in other
    languages for example: of those the first alone counts, and one that states another language does not speak
    in its pauses. Decided for each second, so that it holds for a track that begins to speak at any time.

    `languages` are what the file says of each track, None where it says nothing.
    """

    def __init__(self, tracks: Sequence[AudioTrack], languages: Sequence[str | None] = ()) -> None:
        self.tracks = list(tracks)
        self._languages = list(languages) or [None] * len(tracks)
        self._quiet = 0.0  # seconds since the first track was heard
        self.seconds_used = [0.0] * len(tracks)  # that each was heard in the signal
        self._queues = [_Queue() for _ in tracks]
        self._primary = 0
        self._primary_heard = False
        self._selected = 0  # samples

    @property
    def position(self) -> float:
        """End of the selected signal at most, in seconds of the file."""
        return max((track.position for track in self.tracks), default=0.0)

    def decode(self, index: int, packet: AnyPacket) -> Iterator[FloatArray]:
        """Samples float32 [n] of the signal that follow those before; `packet` is of the track `index`."""
        for samples in self.tracks[index].decode(packet):
            if len(self.tracks) == 1:
                yield samples
                continue
            self._queues[index].append(samples)
            yield from self._ready()

    def pad(self, end: float) -> Iterator[FloatArray]:
        """Silence up to `end`, in seconds of the file, for tracks that do not reach it."""
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
        """Return True when the longest queue holds PATIENCE seconds: a track that pauses or has ended is not waited
        for.
        """
        return max(queue.size for queue in self._queues) >= PATIENCE * SAMPLE_RATE

    def _select(self, size: int) -> FloatArray:
        self._selected += size
        for track, queue in zip(self.tracks, self._queues, strict=True):
            if queue.size < size:
                for samples in track.pad(self._selected / SAMPLE_RATE):
                    queue.append(samples)
        blocks = [queue.take(size) for queue in self._queues]
        levels = [rms(block) for block in blocks]
        self._quiet = self._quiet + size / SAMPLE_RATE if levels[self._primary] < SILENCE_RMS else 0.0
        if self._quiet <= DUB_PATIENCE:
            levels = [0.0 if self._is_dub(i) else level for i, level in enumerate(levels)]
        loudest = int(np.argmax(levels))
        if levels[loudest] < SILENCE_RMS:
            return blocks[self._primary]
        if not self._primary_heard and levels[self._primary] < SILENCE_RMS:
            self._primary = loudest
        self._primary_heard = True
        self.seconds_used[self._primary] += size / SAMPLE_RATE
        if levels[self._primary] >= QUIETER * levels[loudest]:
            return blocks[self._primary]
        self.seconds_used[loudest] += size / SAMPLE_RATE
        return blocks[self._primary] + blocks[loudest]

    def _is_dub(self, index: int) -> bool:
        """Return True when a track states a language other than that of the track in use."""
        language, heard = self._languages[index], self._languages[self._primary]
        return None not in (language, heard) and language != heard


_BLOCK = round(SELECTION_SECONDS * SAMPLE_RATE)


class _Queue:
    """Samples that wait."""

    def __init__(self) -> None:
        self._parts: deque[FloatArray] = deque()
        self.size = 0

    def append(self, samples: FloatArray) -> None:
        self._parts.append(samples)
        self.size += len(samples)

    def take(self, size: int) -> FloatArray:
        """The first `size` samples, of which there are as many."""
        taken = []
        self.size -= size
        while size > 0:
            part = self._parts.popleft()
            taken.append(part[:size])
            if len(part) > size:
                self._parts.appendleft(part[size:])
            size -= len(taken[-1])
        return np.concatenate(taken) if taken else np.zeros(0, np.float32)
