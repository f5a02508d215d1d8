"""The diarization error rate: NIST, "The 2009 (RT-09) rich transcription meeting recognition evaluation plan".

Speech that is missed, speech found where there is none, and speech of the wrong speaker, each in seconds of speaker
time, over all speaker time. Speakers found are matched one to one with the true ones so that they agree for longest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from training.diarization.composing import Turn

STEP = 0.01  # seconds
COLLAR = 0.25  # seconds around each true edge that are not scored

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Errors:
    """Seconds of speaker time."""

    total: float
    missed: float
    false_alarm: float
    confused: float

    @property
    def rate(self) -> float:
        return (self.missed + self.false_alarm + self.confused) / self.total

    def __add__(self, other: "Errors") -> "Errors":
        return Errors(
            self.total + other.total,
            self.missed + other.missed,
            self.false_alarm + other.false_alarm,
            self.confused + other.confused,
        )


def count_errors(truth: Sequence[Turn], found: Sequence[Turn], collar: float = COLLAR) -> Errors:
    """Compare found turns with the true ones."""
    steps = round(max(turn.end for turn in (*truth, *found)) / STEP) + 1
    scored = np.ones(steps, bool)
    for edge in (edge for turn in truth for edge in (turn.start, turn.end)):
        scored[max(0, round((edge - collar) / STEP)) : round((edge + collar) / STEP)] = False
    true, other = _activity(truth, steps)[:, scored], _activity(found, steps)[:, scored]
    agreement = true.astype(np.float64) @ other.T.astype(np.float64)
    correct = agreement[linear_sum_assignment(agreement, maximize=True)].sum()
    speakers, others = true.sum(axis=0), other.sum(axis=0)
    both = np.minimum(speakers, others).sum()
    return Errors(
        total=STEP * float(speakers.sum()),
        missed=STEP * float(np.maximum(0, speakers - others).sum()),
        false_alarm=STEP * float(np.maximum(0, others - speakers).sum()),
        confused=STEP * float(both - correct),
    )


def _activity(turns: Iterable[Turn], steps: int) -> BoolArray:
    """The steps in which each speaker speaks: [speakers, steps]."""
    names = sorted({turn.speaker for turn in turns})
    active = np.zeros((len(names), steps), bool)
    for turn in turns:
        active[names.index(turn.speaker), round(turn.start / STEP) : round(turn.end / STEP)] = True
    return active
