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
    binned_error,
    equal_width,
    error_by_chance,
    reliability_of,
    signed_calibration_error,
    top,
)

Interval = tuple[float, float]

BOOTSTRAP_ROUNDS = 1000
PIGEONHOLE_ROUNDS = 300  # of several kinds of units at once: each goes through every item
LEAST_PROBABILITY = 1e-12  # under the logarithm


class ClassFigures(BaseModel):
    label: str
    support: int
    precision: float
    recall: float
    f1: float


class PointFigures(BaseModel):
    """The figures that fit into a row of a table."""

    items: int
    accuracy: float
    weighted_f1: float
    macro_f1: float
    balanced_accuracy: float
    log_loss: float
    ece: float
    ece_signed: float  # mean confidence minus accuracy: above 0 overconfident, below it underconfident
    ece_by_chance: float  # what answers of these confidences would show if they were perfectly calibrated


class Headline(PointFigures):
    """Point figures with their 95% intervals."""

    groups: int  # dialogues, actors or images that the intervals resample: of a few they are too narrow
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
    units: Mapping[str, Sequence[str]] | None = None,
) -> Figures:
    """All figures; rows of one group (dialogue, actor) are resampled together for the intervals, and so are those that
    share one of several `units`, each [n]: see `bootstrap`.
    """
    classes = np.arange(len(labels))
    predicted = probabilities.argmax(axis=1)
    common = np.full_like(targets, np.bincount(targets).argmax())
    always = shares(_confusion(common, targets, len(labels)))
    precision, recall, f1, support = precision_recall_fscore_support(
        targets, predicted, labels=classes, zero_division=0.0
    )
    return Figures(
        **headline(probabilities, targets, groups, units).model_dump(),
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


def headline(
    probabilities: Probabilities,
    targets: Targets,
    groups: Sequence[str],
    units: Mapping[str, Sequence[str]] | None = None,
) -> Headline:
    """Point figures and their intervals; at least one item. Arguments as `measure` takes them."""
    figures = point_figures(probabilities, targets)
    intervals = bootstrap(probabilities, targets, groups, units)
    return Headline(
        **figures.model_dump(),
        groups=len(set(groups)),
        **{f"{name}_interval": interval for name, interval in intervals.items()},
    )


def point_figures(probabilities: Probabilities, targets: Targets) -> PointFigures:
    """The figures of one row; at least one item."""
    if len(targets) == 0:
        raise ValueError("there is nothing to measure")
    confusion = _confusion(probabilities.argmax(axis=1), targets, probabilities.shape[1])
    confidence, right = top(probabilities, targets)
    bins = equal_width(confidence)
    return PointFigures(
        items=len(targets),
        **{name: float(value) for name, value in shares(confusion).items()},
        log_loss=log_loss(probabilities, targets),
        ece=binned_error(confidence, right, bins),
        ece_signed=signed_calibration_error(probabilities, targets),
        ece_by_chance=error_by_chance(confidence, bins, 0),
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
    probabilities: Probabilities,
    targets: Targets,
    groups: Sequence[str],
    units: Mapping[str, Sequence[str]] | None = None,
    seed: int = 0,
) -> dict[str, Interval]:
    """95% interval of each figure of `shares` and of the ECE, resampling whole groups with replacement.

    Where samples of several kinds repeat among the items (`units`, each [n], beside the groups), every kind is
    resampled and an item counts as often as the product says: the pigeonhole bootstrap, which errs on the wide side
    (Owen 2007, "The pigeonhole bootstrap").
    """
    k = probabilities.shape[1]
    rng = np.random.default_rng(seed)
    if units:
        drawn = _drawn_by_item(probabilities, targets, (groups, *units.values()), rng)
    else:
        drawn = _drawn_by_group(probabilities, targets, groups, rng)
    confusion, gaps = drawn[:, : k * k].reshape(-1, k, k), drawn[:, k * k :]
    values = {**shares(confusion), "ece": np.abs(gaps).sum(axis=1) / confusion.sum(axis=(1, 2))}
    return {name: _interval(each) for name, each in values.items()}


def _drawn_by_group(
    probabilities: Probabilities, targets: Targets, groups: Sequence[str], rng: np.random.Generator
) -> Floats:
    """Each round's confusion matrix and bins' gaps, [BOOTSTRAP_ROUNDS, k * k + BINS], from one table of sums by
    group.
    """
    k = probabilities.shape[1]
    names, owner = np.unique(np.asarray(groups), return_inverse=True)
    confidence, right = top(probabilities, targets)
    table, count = np.zeros((len(names), k * k + BINS)), len(names)
    np.add.at(table, (owner, targets * k + probabilities.argmax(axis=1)), 1.0)
    np.add.at(table, (owner, k * k + equal_width(confidence)), confidence - right)
    return np.stack(
        [np.bincount(rng.integers(0, count, count), minlength=count) @ table for _ in range(BOOTSTRAP_ROUNDS)]
    )


def _drawn_by_item(
    probabilities: Probabilities, targets: Targets, kinds: Sequence[Sequence[str]], rng: np.random.Generator
) -> Floats:
    """The same, [PIGEONHOLE_ROUNDS, k * k + BINS], where units of several kinds, each [n], repeat among the items."""
    k = probabilities.shape[1]
    cell = targets * k + probabilities.argmax(axis=1)
    confidence, right = top(probabilities, targets)
    bins, gap = equal_width(confidence), confidence - right
    owners = [np.unique(np.asarray(kind), return_inverse=True)[1] for kind in kinds]
    drawn = np.zeros((PIGEONHOLE_ROUNDS, k * k + BINS))
    for row in drawn:
        weight = _resampled(owners, rng)
        row[: k * k] = np.bincount(cell, weight, k * k)
        row[k * k :] = np.bincount(bins, weight * gap, BINS)
    held = drawn[:, : k * k].sum(axis=1) > 0
    return np.asarray(drawn[held])  # a round may draw none of the few items there are


def _resampled(owners: Sequence[Integers], rng: np.random.Generator) -> Floats:
    """How often each item is drawn, [n]: the product of how often each of its units is."""
    weight = np.ones(len(owners[0]))
    for owner in owners:
        count = int(owner.max()) + 1
        weight *= np.bincount(rng.integers(0, count, count), minlength=count)[owner]
    return weight


def log_loss(probabilities: Probabilities, targets: Targets) -> float:
    """Mean negative log-probability of the right class, in nats."""
    chosen = probabilities[np.arange(len(targets)), targets]
    return float(-np.log(np.clip(chosen, LEAST_PROBABILITY, 1.0)).mean())


def _confusion(predicted: Integers, targets: Targets, k: int) -> Floats:
    return np.bincount(targets * k + predicted, minlength=k * k).reshape(k, k).astype(np.float64)


def _interval(values: Floats) -> Interval:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
