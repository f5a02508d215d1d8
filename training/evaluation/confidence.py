"""Calibration of confidence: expected calibration error and reliability diagrams.

The expected calibration error (ECE; Guo et al. 2017, "On calibration of modern neural networks") sorts predictions into
bins by confidence and averages the bins' gaps between confidence and accuracy. It is never zero on a finite sample:
with few predictions per bin, a gap remains by chance. So it is reported together with the ECE that perfectly calibrated
predictions of the same confidences would have on as many items.
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
    """Predictions of similar confidence: count, mean confidence and accuracy."""

    low: float
    high: float
    items: int
    confidence: float
    accuracy: float


class Reliability(BaseModel):
    """Data of a reliability diagram. `bins` are the non-empty ones of BINS equal-width bins."""

    ece: float
    ece_equal_mass: float  # over BINS bins with equal numbers of items
    ece_by_chance: float  # expected `ece` if the same confidences were perfectly calibrated
    bins: list[Bin]


def reliability_of(probabilities: Probabilities, targets: Targets, seed: int = 0) -> Reliability:
    """Compute the reliability of the top class's confidence; n must be at least 1."""
    confidence, correct = confidence_and_correctness(probabilities, targets)
    bins = equal_width(confidence)
    return Reliability(
        ece=binned_error(confidence, correct, bins),
        ece_equal_mass=binned_error(confidence, correct, equal_mass(confidence)),
        ece_by_chance=error_by_chance(confidence, bins, seed),
        bins=[_bin(b, confidence[bins == b], correct[bins == b]) for b in np.unique(bins)],
    )


def expected_calibration_error(probabilities: Probabilities, targets: Targets) -> float:
    """Compute the ECE of the top class over BINS equal-width bins."""
    confidence, correct = confidence_and_correctness(probabilities, targets)
    return binned_error(confidence, correct, equal_width(confidence))


def signed_calibration_error(probabilities: Probabilities, targets: Targets) -> float:
    """Return mean confidence minus accuracy: positive if overconfident, negative if underconfident."""
    confidence, correct = confidence_and_correctness(probabilities, targets)
    return float((confidence - correct).mean())


def confidence_and_correctness(probabilities: Probabilities, targets: Targets) -> tuple[Floats, Floats]:
    """Return the confidence of the top class [n], and 1.0 where it is correct, else 0.0 [n]."""
    return probabilities.max(axis=1), (probabilities.argmax(axis=1) == targets).astype(np.float64)


def equal_width(confidence: Floats) -> Integers:
    """Assign each confidence to one of BINS equal-width bins, [n]; 1.0 belongs to the last."""
    return np.minimum((confidence * BINS).astype(np.int64), BINS - 1)


def equal_mass(confidence: Floats) -> Integers:
    """Assign each confidence to one of BINS bins of equal numbers of items, [n]; equal confidences share a bin."""
    edges = np.quantile(confidence, np.arange(1, BINS) / BINS)
    return np.searchsorted(edges, confidence, side="right").astype(np.int64)


def binned_error(confidence: Floats, correct: Floats, bins: Integers) -> float:
    """Return the mean gap between confidence and accuracy over bins, weighted by their items."""
    return float(np.abs(np.bincount(bins, confidence - correct)).sum() / len(bins))


def error_by_chance(confidence: Floats, bins: Integers, seed: int) -> float:
    """Return the mean ECE of CHANCE_ROUNDS draws in which predictions are correct with their confidence."""
    rng = np.random.default_rng(seed)
    draws = [
        binned_error(confidence, (rng.random(len(confidence)) < confidence).astype(np.float64), bins)
        for _ in range(CHANCE_ROUNDS)
    ]
    return float(np.mean(draws))


def _bin(number: int, confidence: Floats, correct: Floats) -> Bin:
    return Bin(
        low=number / BINS,
        high=(number + 1) / BINS,
        items=len(confidence),
        confidence=float(confidence.mean()),
        accuracy=float(correct.mean()),
    )
