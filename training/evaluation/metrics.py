"""Metrics of n predictions over k classes, with 95% intervals."""

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
    confidence_and_correctness,
    equal_width,
    error_by_chance,
    reliability_of,
    signed_calibration_error,
)

Interval = tuple[float, float]

BOOTSTRAP_ROUNDS = 1000
PIGEONHOLE_ROUNDS = 300  # for several kinds of units; each round processes every item
MIN_PROBABILITY = 1e-12  # lower bound of probabilities before the logarithm


class ClassFigures(BaseModel):
    """Precision, recall and F1 of one class."""

    label: str
    support: int
    precision: float
    recall: float
    f1: float


class PointFigures(BaseModel):
    """Point estimates, as in a row of a table."""

    items: int
    accuracy: float
    weighted_f1: float
    macro_f1: float
    balanced_accuracy: float
    log_loss: float
    ece: float
    ece_signed: float  # mean confidence minus accuracy; positive: overconfident
    ece_by_chance: float  # expected ECE of perfectly calibrated predictions


class Headline(PointFigures):
    """Point estimates with 95% intervals."""

    groups: int  # number of resampled dialogues, actors or images; with few, intervals are too narrow
    accuracy_interval: Interval
    weighted_f1_interval: Interval
    macro_f1_interval: Interval
    balanced_accuracy_interval: Interval
    ece_interval: Interval


class Figures(Headline):
    """All metrics of one set of predictions. `majority_*` are those of always predicting the most frequent class."""

    majority_accuracy: float
    majority_weighted_f1: float
    classes: list[ClassFigures]
    confusion: list[list[int]]  # [true class][predicted class]
    calibrated: Reliability
    uncalibrated: Reliability | None  # before calibration, if known


def measure(
    probabilities: Probabilities,
    targets: Targets,
    labels: Sequence[str],
    groups: Sequence[str],
    uncalibrated: Probabilities | None = None,
    units: Mapping[str, Sequence[str]] | None = None,
) -> Figures:
    """Compute all metrics. Rows of a group (dialogue, actor) are resampled together for the intervals.

    So are rows that share one of several `units`, each [n]; see `bootstrap`.
    """
    classes = np.arange(len(labels))
    predicted = probabilities.argmax(axis=1)
    common = np.full_like(targets, np.bincount(targets).argmax())
    majority = confusion_figures(_confusion(common, targets, len(labels)))
    precision, recall, f1, support = precision_recall_fscore_support(
        targets, predicted, labels=classes, zero_division=0.0
    )
    return Figures(
        **headline(probabilities, targets, groups, units).model_dump(),
        majority_accuracy=float(majority["accuracy"]),
        majority_weighted_f1=float(majority["weighted_f1"]),
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
    """Compute point estimates and intervals for at least one item. Arguments as for `measure`."""
    figures = point_figures(probabilities, targets)
    intervals = bootstrap(probabilities, targets, groups, units)
    return Headline(
        **figures.model_dump(),
        groups=len(set(groups)),
        **{f"{name}_interval": interval for name, interval in intervals.items()},
    )


def point_figures(probabilities: Probabilities, targets: Targets) -> PointFigures:
    """Compute point estimates for at least one item. Raises ValueError without items."""
    if len(targets) == 0:
        raise ValueError("there are no items to measure")
    confusion = _confusion(probabilities.argmax(axis=1), targets, probabilities.shape[1])
    confidence, correct = confidence_and_correctness(probabilities, targets)
    bins = equal_width(confidence)
    return PointFigures(
        items=len(targets),
        **{name: float(value) for name, value in confusion_figures(confusion).items()},
        log_loss=log_loss(probabilities, targets),
        ece=binned_error(confidence, correct, bins),
        ece_signed=signed_calibration_error(probabilities, targets),
        ece_by_chance=error_by_chance(confidence, bins, 0),
    )


def confusion_figures(confusion: Floats) -> Mapping[str, Floats]:
    """Compute metrics from confusion matrices [..., true class, predicted class]; values of shape [...], by name.

    Macro F1 and balanced accuracy are over the classes that occur; a class that is never predicted has an F1 of zero.
    """
    correct = np.diagonal(confusion, axis1=-2, axis2=-1)
    support, predicted_counts = confusion.sum(axis=-1), confusion.sum(axis=-2)
    total, occurs = support.sum(axis=-1), support > 0
    f1 = 2.0 * correct / np.maximum(support + predicted_counts, 1.0)
    recall = correct / np.maximum(support, 1.0)
    return {
        "accuracy": correct.sum(axis=-1) / total,
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
    """Compute 95% intervals of `confusion_figures` and of the ECE by resampling whole groups with replacement.

    If samples of several kinds repeat among the items (`units`, each [n], besides the groups), every kind is resampled,
    and an item's weight is the product of its counts: the pigeonhole bootstrap, which is conservative (Owen 2007, "The
    pigeonhole bootstrap").
    """
    k = probabilities.shape[1]
    rng = np.random.default_rng(seed)
    if units:
        drawn = _resample_units(probabilities, targets, (groups, *units.values()), rng)
    else:
        drawn = _resample_groups(probabilities, targets, groups, rng)
    confusion, gaps = drawn[:, : k * k].reshape(-1, k, k), drawn[:, k * k :]
    values = {**confusion_figures(confusion), "ece": np.abs(gaps).sum(axis=1) / confusion.sum(axis=(1, 2))}
    return {name: _interval(each) for name, each in values.items()}


def _resample_groups(
    probabilities: Probabilities, targets: Targets, groups: Sequence[str], rng: np.random.Generator
) -> Floats:
    """Return confusion matrix and bin gaps of each round, [BOOTSTRAP_ROUNDS, k * k + BINS], from sums per group."""
    k = probabilities.shape[1]
    names, owner = np.unique(np.asarray(groups), return_inverse=True)
    confidence, correct = confidence_and_correctness(probabilities, targets)
    table, count = np.zeros((len(names), k * k + BINS)), len(names)
    np.add.at(table, (owner, targets * k + probabilities.argmax(axis=1)), 1.0)
    np.add.at(table, (owner, k * k + equal_width(confidence)), confidence - correct)
    return np.stack(
        [np.bincount(rng.integers(0, count, count), minlength=count) @ table for _ in range(BOOTSTRAP_ROUNDS)]
    )


def _resample_units(
    probabilities: Probabilities, targets: Targets, kinds: Sequence[Sequence[str]], rng: np.random.Generator
) -> Floats:
    """Return the same, [PIGEONHOLE_ROUNDS, k * k + BINS], for units of several kinds, each [n]."""
    k = probabilities.shape[1]
    cell = targets * k + probabilities.argmax(axis=1)
    confidence, correct = confidence_and_correctness(probabilities, targets)
    bins, gap = equal_width(confidence), confidence - correct
    owners = [np.unique(np.asarray(kind), return_inverse=True)[1] for kind in kinds]
    drawn = np.zeros((PIGEONHOLE_ROUNDS, k * k + BINS))
    for row in drawn:
        weight = _resampled(owners, rng)
        row[: k * k] = np.bincount(cell, weight, k * k)
        row[k * k :] = np.bincount(bins, weight * gap, BINS)
    held = drawn[:, : k * k].sum(axis=1) > 0
    return np.asarray(drawn[held])  # a round may draw no item if there are few


def _resampled(owners: Sequence[Integers], rng: np.random.Generator) -> Floats:
    """Return how often each item is drawn, [n]: the product over its units."""
    weight = np.ones(len(owners[0]))
    for owner in owners:
        count = int(owner.max()) + 1
        weight *= np.bincount(rng.integers(0, count, count), minlength=count)[owner]
    return weight


def log_loss(probabilities: Probabilities, targets: Targets) -> float:
    """Compute the mean negative log-probability of the correct class, in nats."""
    chosen = probabilities[np.arange(len(targets)), targets]
    return float(-np.log(np.clip(chosen, MIN_PROBABILITY, 1.0)).mean())


def _confusion(predicted: Integers, targets: Targets, k: int) -> Floats:
    return np.bincount(targets * k + predicted, minlength=k * k).reshape(k, k).astype(np.float64)


def _interval(values: Floats) -> Interval:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
