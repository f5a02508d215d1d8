"""Figures of merit for n predictions over k classes."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel
from sklearn.metrics import balanced_accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support

Probabilities = npt.NDArray[np.float64]  # [n, k]
Targets = npt.NDArray[np.int64]  # [n]

ECE_BINS = 15  # Guo et al. 2017, "On calibration of modern neural networks"


class ClassFigures(BaseModel):
    label: str
    support: int
    precision: float
    recall: float
    f1: float


class Figures(BaseModel):
    """What is reported of one set of predictions. `majority_*` are those of always saying the commonest class."""

    items: int
    accuracy: float
    weighted_f1: float
    macro_f1: float
    balanced_accuracy: float
    log_loss: float
    ece: float
    majority_accuracy: float
    majority_weighted_f1: float
    weighted_f1_interval: tuple[float, float]
    classes: list[ClassFigures]
    confusion: list[list[int]]


def measure(
    probabilities: Probabilities, targets: Targets, labels: Sequence[str], groups: Sequence[str], seed: int = 0
) -> Figures:
    """All figures; rows of one group (dialogue, actor) are resampled together for the 95% interval."""
    predicted = probabilities.argmax(axis=1)
    classes = np.arange(len(labels))
    common = np.full_like(targets, np.bincount(targets).argmax())
    precision, recall, f1, support = precision_recall_fscore_support(
        targets, predicted, labels=classes, zero_division=0.0
    )
    return Figures(
        items=len(targets),
        accuracy=float((predicted == targets).mean()),
        weighted_f1=weighted_f1(predicted, targets),
        macro_f1=float(f1_score(targets, predicted, labels=np.unique(targets), average="macro", zero_division=0.0)),
        balanced_accuracy=float(balanced_accuracy_score(targets, predicted)),
        log_loss=log_loss(probabilities, targets),
        ece=expected_calibration_error(probabilities, targets),
        majority_accuracy=float((common == targets).mean()),
        majority_weighted_f1=weighted_f1(common, targets),
        weighted_f1_interval=bootstrap(weighted_f1, predicted, targets, groups, seed),
        classes=[
            ClassFigures(label=label, support=int(n), precision=float(p), recall=float(r), f1=float(f))
            for label, n, p, r, f in zip(labels, support, precision, recall, f1, strict=True)
        ],
        confusion=confusion_matrix(targets, predicted, labels=classes).tolist(),
    )


def weighted_f1(predicted: Targets, targets: Targets) -> float:
    """F1 of each class, averaged by the classes' supports."""
    return float(f1_score(targets, predicted, average="weighted", zero_division=0.0))


def log_loss(probabilities: Probabilities, targets: Targets) -> float:
    """Mean negative log-probability of the right class, in nats."""
    chosen = probabilities[np.arange(len(targets)), targets]
    return float(-np.log(np.clip(chosen, 1e-12, 1.0)).mean())


def expected_calibration_error(probabilities: Probabilities, targets: Targets) -> float:
    """Mean gap between confidence and accuracy of the top class over ECE_BINS equal bins (Guo et al. 2017)."""
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == targets
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    gaps = [
        abs(float(confidence[bins == b].mean()) - float(correct[bins == b].mean())) * float((bins == b).mean())
        for b in np.unique(bins)
    ]
    return float(sum(gaps))


def bootstrap(
    figure: Callable[[Targets, Targets], float],
    predicted: Targets,
    targets: Targets,
    groups: Sequence[str],
    seed: int,
    rounds: int = 500,
) -> tuple[float, float]:
    """95% interval of a figure, resampling whole groups with replacement."""
    rng = np.random.default_rng(seed)
    _, index = np.unique(np.asarray(groups), return_inverse=True)
    members: list[npt.NDArray[Any]] = [np.flatnonzero(index == g) for g in range(index.max() + 1)]
    values = []
    for _ in range(rounds):
        rows = np.concatenate([members[g] for g in rng.integers(0, len(members), len(members))])
        values.append(figure(predicted[rows], targets[rows]))
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
