"""Figures of merit for n predictions over k classes, each with its 95% interval."""

from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import BaseModel
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from training.evaluation.confidence import (
    BINS,
    Floats,
    Integers,
    Probabilities,
    Reliability,
    Targets,
    equal_width,
    expected_calibration_error,
    reliability_of,
    top,
)

Interval = tuple[float, float]

BOOTSTRAP_ROUNDS = 1000
LEAST_PROBABILITY = 1e-12  # under the logarithm


class ClassFigures(BaseModel):
    label: str
    support: int
    precision: float
    recall: float
    f1: float


class Headline(BaseModel):
    """The figures that fit into a row of a table, with 95% intervals."""

    items: int
    groups: int  # dialogues, actors or images that the intervals resample: of a few they are too narrow
    accuracy: float
    weighted_f1: float
    macro_f1: float
    balanced_accuracy: float
    log_loss: float
    ece: float
    accuracy_interval: Interval
    weighted_f1_interval: Interval
    macro_f1_interval: Interval
    balanced_accuracy_interval: Interval
    ece_interval: Interval


class Figures(Headline):
    """What is reported of one set of predictions. `majority_*` are those of always saying the commonest class."""

    majority_accuracy: float
    majority_weighted_f1: float
    classes: list[ClassFigures]
    confusion: list[list[int]]  # [true class][answer]
    calibrated: Reliability
    uncalibrated: Reliability | None  # of the same answers before temperature scaling, where that is known


def measure(
    probabilities: Probabilities,
    targets: Targets,
    labels: Sequence[str],
    groups: Sequence[str],
    uncalibrated: Probabilities | None = None,
) -> Figures:
    """All figures; rows of one group (dialogue, actor) are resampled together for the intervals."""
    classes = np.arange(len(labels))
    predicted = probabilities.argmax(axis=1)
    common = np.full_like(targets, np.bincount(targets).argmax())
    always = shares(_confusion(common, targets, len(labels)))
    precision, recall, f1, support = precision_recall_fscore_support(
        targets, predicted, labels=classes, zero_division=0.0
    )
    return Figures(
        **headline(probabilities, targets, groups).model_dump(),
        majority_accuracy=float(always["accuracy"]),
        majority_weighted_f1=float(always["weighted_f1"]),
        classes=[
            ClassFigures(label=label, support=int(n), precision=float(p), recall=float(r), f1=float(f))
            for label, n, p, r, f in zip(labels, support, precision, recall, f1, strict=True)
        ],
        confusion=confusion_matrix(targets, predicted, labels=classes).tolist(),
        calibrated=reliability_of(probabilities, targets),
        uncalibrated=None if uncalibrated is None else reliability_of(uncalibrated, targets),
    )


def headline(probabilities: Probabilities, targets: Targets, groups: Sequence[str]) -> Headline:
    """The figures of one row; at least one item."""
    if len(targets) == 0:
        raise ValueError("there is nothing to measure")
    confusion = _confusion(probabilities.argmax(axis=1), targets, probabilities.shape[1])
    intervals = bootstrap(probabilities, targets, groups)
    return Headline(
        items=len(targets),
        groups=len(set(groups)),
        **{name: float(value) for name, value in shares(confusion).items()},
        log_loss=log_loss(probabilities, targets),
        ece=expected_calibration_error(probabilities, targets),
        **{f"{name}_interval": interval for name, interval in intervals.items()},
    )


def shares(confusion: Floats) -> Mapping[str, Floats]:
    """The figures that a confusion matrix holds: [..., true class, answer] -> name to [...].

    A class that never occurs counts neither in macro F1 nor in balanced accuracy; one that is never
    answered has F1 zero.
    """
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    support, answered = confusion.sum(axis=-1), confusion.sum(axis=-2)
    total, occurs = support.sum(axis=-1), support > 0
    f1 = 2.0 * right / np.maximum(support + answered, 1.0)
    recall = right / np.maximum(support, 1.0)
    return {
        "accuracy": right.sum(axis=-1) / total,
        "weighted_f1": (f1 * support).sum(axis=-1) / total,
        "macro_f1": (f1 * occurs).sum(axis=-1) / occurs.sum(axis=-1),
        "balanced_accuracy": (recall * occurs).sum(axis=-1) / occurs.sum(axis=-1),
    }


def bootstrap(
    probabilities: Probabilities, targets: Targets, groups: Sequence[str], seed: int = 0
) -> dict[str, Interval]:
    """95% interval of each figure of `shares` and of the ECE, resampling whole groups with replacement.

    All of them are functions of sums over items (of the confusion matrix's cells, of the bins' gaps), so
    one table of sums by group serves every round.
    """
    k = probabilities.shape[1]
    table, index = _sums_by_group(probabilities, targets, groups)
    rng = np.random.default_rng(seed)
    drawn = np.stack(
        [np.bincount(rng.integers(0, index, index), minlength=index) @ table for _ in range(BOOTSTRAP_ROUNDS)]
    )
    confusion, gaps = drawn[:, : k * k].reshape(-1, k, k), drawn[:, k * k :]
    values = {**shares(confusion), "ece": np.abs(gaps).sum(axis=1) / confusion.sum(axis=(1, 2))}
    return {name: _interval(each) for name, each in values.items()}


def log_loss(probabilities: Probabilities, targets: Targets) -> float:
    """Mean negative log-probability of the right class, in nats."""
    chosen = probabilities[np.arange(len(targets)), targets]
    return float(-np.log(np.clip(chosen, LEAST_PROBABILITY, 1.0)).mean())


def _sums_by_group(probabilities: Probabilities, targets: Targets, groups: Sequence[str]) -> tuple[Floats, int]:
    """For each group, its confusion matrix and its bins' gaps, [groups, k * k + BINS]; and how many groups."""
    k = probabilities.shape[1]
    names, owner = np.unique(np.asarray(groups), return_inverse=True)
    confidence, right = top(probabilities, targets)
    table = np.zeros((len(names), k * k + BINS))
    np.add.at(table, (owner, targets * k + probabilities.argmax(axis=1)), 1.0)
    np.add.at(table, (owner, k * k + equal_width(confidence)), confidence - right)
    return table, len(names)


def _confusion(predicted: Integers, targets: Targets, k: int) -> Floats:
    return np.bincount(targets * k + predicted, minlength=k * k).reshape(k, k).astype(np.float64)


def _interval(values: Floats) -> Interval:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
