"""Whether confidence can be believed: of the answers given with 70%, are 70% right?

The expected calibration error (ECE; Guo et al. 2017, "On calibration of modern neural networks") sorts
answers into bins by their confidence and averages the bins' gaps between confidence and accuracy. It is
never zero on a finite sample: few answers in a bin leave a gap by chance. So beside it stands what answers
of exactly these confidences, perfectly calibrated, would show on as many items.
"""

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Probabilities = Floats  # [n, k]
Targets = Integers  # [n]

BINS = 15  # Guo et al. 2017
CHANCE_ROUNDS = 200


class Bin(BaseModel):
    """Answers of about one confidence: how many, how sure on average, and how many were right."""

    low: float
    high: float
    items: int
    confidence: float
    accuracy: float


class Reliability(BaseModel):
    """What a reliability diagram shows. `bins` are BINS equal-width ones, without the empty."""

    ece: float
    ece_equal_mass: float  # over BINS bins of as many items each: no bin hangs on a handful
    ece_by_chance: float  # mean of `ece` if the same confidences were perfectly calibrated
    bins: list[Bin]


def reliability_of(probabilities: Probabilities, targets: Targets, seed: int = 0) -> Reliability:
    """The reliability of the top class's confidence; n at least 1."""
    confidence, right = top(probabilities, targets)
    bins = equal_width(confidence)
    return Reliability(
        ece=binned_error(confidence, right, bins),
        ece_equal_mass=binned_error(confidence, right, equal_mass(confidence)),
        ece_by_chance=error_by_chance(confidence, bins, seed),
        bins=[_bin(b, confidence[bins == b], right[bins == b]) for b in np.unique(bins)],
    )


def expected_calibration_error(probabilities: Probabilities, targets: Targets) -> float:
    """ECE of the top class over BINS equal-width bins."""
    confidence, right = top(probabilities, targets)
    return binned_error(confidence, right, equal_width(confidence))


def signed_calibration_error(probabilities: Probabilities, targets: Targets) -> float:
    """Mean confidence minus accuracy: above 0 the answers are overconfident, below it underconfident."""
    confidence, right = top(probabilities, targets)
    return float((confidence - right).mean())


def top(probabilities: Probabilities, targets: Targets) -> tuple[Floats, Floats]:
    """Confidence [n] of the answer given, and 1.0 where it is right [n]."""
    return probabilities.max(axis=1), (probabilities.argmax(axis=1) == targets).astype(np.float64)


def equal_width(confidence: Floats) -> Integers:
    """The bin of each confidence, [n], among BINS of equal width; 1.0 belongs to the last."""
    return np.minimum((confidence * BINS).astype(np.int64), BINS - 1)


def equal_mass(confidence: Floats) -> Integers:
    """The bin of each confidence, [n], among BINS of equal numbers of items; equal confidences share one."""
    edges = np.quantile(confidence, np.arange(1, BINS) / BINS)
    return np.searchsorted(edges, confidence, side="right").astype(np.int64)


def binned_error(confidence: Floats, right: Floats, bins: Integers) -> float:
    """Mean gap between confidence and accuracy over bins, each counted by its items."""
    return float(np.abs(np.bincount(bins, confidence - right)).sum() / len(bins))


def error_by_chance(confidence: Floats, bins: Integers, seed: int) -> float:
    """Mean ECE of CHANCE_ROUNDS draws in which each answer is right with exactly its confidence."""
    rng = np.random.default_rng(seed)
    draws = [
        binned_error(confidence, (rng.random(len(confidence)) < confidence).astype(np.float64), bins)
        for _ in range(CHANCE_ROUNDS)
    ]
    return float(np.mean(draws))


def _bin(number: int, confidence: Floats, right: Floats) -> Bin:
    return Bin(
        low=number / BINS,
        high=(number + 1) / BINS,
        items=len(confidence),
        confidence=float(confidence.mean()),
        accuracy=float(right.mean()),
    )
