"""Curves: what voice and face predict by themselves in steps of half a second, from the encoders' one run.

An encoder that pools over time pools its last layers again around the middle of every step. That takes a few percent of
the encoders' time, and the calibration of the utterances' predictions applies, as the windows of voice have the length
of the clips that it was fitted on.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from torch import Tensor

from model.contract import EMOTIONS, MAX_CURVE_STEPS, Curves, Modality
from model.modalities.audio import VOICE_WINDOW
from model.modalities.base import Slice
from model.spectrogram import HOP_LENGTH, SAMPLE_RATE

STEP = 0.5  # seconds
FRAMES_PER_SECOND = SAMPLE_RATE // HOP_LENGTH  # of a spectrogram
# Seconds of evidence around the middle of a step. Voice needs as much as the clips that it was trained on; a face's
# crops are predicted one by one, and four of them average out the errors of a single one.
WINDOWS: Mapping[Modality, float] = {"audio": VOICE_WINDOW / FRAMES_PER_SECOND, "face": 1.0}
DECIMALS = 3

Steps = npt.NDArray[np.int64]
Rows = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Timing:
    """Times of the inputs of a segment's sample, in seconds.

    `crops` are the times of the face crops in order, `voice` the spans whose audio is concatenated to `voice_frames`
    frames of a spectrogram.
    """

    start: float
    end: float
    crops: Sequence[float] = ()
    voice: Sequence[tuple[float, float]] = ()
    voice_frames: int = 0

    def slices(self) -> Iterator[tuple[Modality, int, int, int]]:
        """Yield (modality, step, first, end): the inputs' time steps of every step with evidence."""
        for step in range(_first_step(self.start), _first_step(self.end)):
            middle = (step + 0.5) * STEP
            if (crops := self._crops_around(middle)) is not None:
                yield "face", step, *crops
            if (frames := self._frames_around(middle)) is not None:
                yield "audio", step, *frames

    def _crops_around(self, middle: float) -> tuple[int, int] | None:
        half = WINDOWS["face"] / 2
        first, end = bisect_left(self.crops, middle - half), bisect_right(self.crops, middle + half)
        return (first, end) if first < end else None

    def _frames_around(self, middle: float) -> tuple[int, int] | None:
        """Return a window of the voice, moved to lie within it; None where nobody speaks."""
        before = 0.0
        for start, end in self.voice:
            if start <= middle < end:
                size = min(VOICE_WINDOW, self.voice_frames)
                center = round((before + middle - start) * FRAMES_PER_SECOND)
                first = min(max(0, center - size // 2), self.voice_frames - size)
                return (first, first + size) if size else None
            before += end - start
        return None


def _first_step(time: float) -> int:
    """Return the first step whose middle is at `time` or later."""
    return max(0, int(np.ceil(time / STEP - 0.5 - 1e-6)))


@dataclass
class CurveBuilder:
    """Collector of a video's curves, window by window: 60 bytes per step and modality."""

    _parts: dict[Modality, list[tuple[Steps, Rows]]] = field(default_factory=dict)
    _places: dict[Modality, list[int]] = field(default_factory=dict)  # steps of the slices that were requested last

    def request(self, timings: Sequence[Timing], modalities: Sequence[Modality]) -> dict[Modality, list[Slice]]:
        """Return the slices of one window's samples, for the modalities among `modalities`."""
        slices: dict[Modality, list[Slice]] = {m: [] for m in WINDOWS if m in modalities}
        self._places = {m: [] for m in slices}
        for row, timing in enumerate(timings):
            for modality, step, first, end in timing.slices():
                if modality in slices:
                    slices[modality].append(Slice(row, first, end))
                    self._places[modality].append(step)
        return slices

    def add(self, predicted: Mapping[Modality, Tensor]) -> None:
        """Add the log-probabilities [slices, 7] of the slices that were requested last."""
        for modality, rows in predicted.items():
            if len(rows):
                part = np.array(self._places[modality], np.int64), rows.exp().float().cpu().numpy()
                self._parts.setdefault(modality, []).append(part)

    def curves(self, duration: float) -> Curves | None:
        """Return the curves of a video of `duration` seconds, in at most MAX_CURVE_STEPS; None without any evidence."""
        if not self._parts:
            return None
        joined = {m: _joined(parts) for m, parts in self._parts.items()}
        last = max(int(steps.max()) for steps, _ in joined.values())
        count = max(int(np.ceil(duration / STEP)), last + 1)
        merged = -(-count // MAX_CURVE_STEPS)
        size = -(-count // merged)
        return Curves(
            step_s=STEP * merged,
            emotions=list(EMOTIONS),
            window_s={m: max(WINDOWS[m], STEP * merged) for m in joined},
            modalities={m: _averaged(steps // merged, rows, size) for m, (steps, rows) in joined.items()},
        )


def _joined(parts: Sequence[tuple[Steps, Rows]]) -> tuple[Steps, Rows]:
    return np.concatenate([steps for steps, _ in parts]), np.concatenate([rows for _, rows in parts])


def _averaged(steps: Steps, rows: Rows, size: int) -> list[list[float] | None]:
    """Average the rows [k, 7] of each of `size` steps; None for a step without any."""
    total, count = np.zeros((size, rows.shape[1])), np.bincount(steps, minlength=size)
    np.add.at(total, steps, rows)
    return [np.clip(total[i] / count[i], 0.0, 1.0).round(DECIMALS).tolist() if count[i] else None for i in range(size)]
