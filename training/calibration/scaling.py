"""Temperatures, class offsets and reliabilities from held-out data, cross-fitted so they can be scored on it too.

Beside the temperature each class gets an offset: a network trained with augmentation and label smoothing
over-estimates some classes and under-estimates others, which no temperature mends. An offset needs no term
of its own in the network: evidence is logits minus the log of the prior they were trained under, so it is
kept as the *effective* training prior, the one that makes the held-out evidence right. A head has offsets only
where they lower its cross-fitted log-loss.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from training.evaluation.confidence import Floats, Probabilities, Targets
from training.evaluation.metrics import log_loss

FOLDS = 5
TEMPERATURES = (0.2, 10.0)
# Penalty of the offsets, a Gaussian prior of variance 1 / (2 * 5): keeps those of rare classes near 0.
# From 1 to 20 it made no difference to text and faces; voice needed it when 237 clips calibrated it (958 do now).
OFFSET_PENALTY = 5.0
LEAST_RELIABILITY = 0.01  # nats: a gate needs something positive


@dataclass(frozen=True)
class Scaling:
    """Constants that turn one head's logits [n, k] into evidence: (logits - log(prior)) / temperature."""

    temperature: float
    prior: tuple[float, ...]  # effective

    def posterior(self, logits: Probabilities, prior: Sequence[float]) -> Probabilities:
        """Probabilities [n, k] under any prior, as the network computes them."""
        evidence = (logits - np.log(np.asarray(self.prior))) / self.temperature
        return np.asarray(softmax(np.log(np.asarray(prior)) + evidence, axis=1))


def fit_scaling(logits: Probabilities, targets: Targets, prior: Sequence[float], offsets: bool = True) -> Scaling:
    """The scaling of least log-loss; `prior` is the one training noted. Without items: nothing is changed.

    Held-out data has class frequencies of its own, by chance of the split. They are taken as the prior of
    the fit, so that the offsets do not learn them.
    """
    if len(targets) == 0:
        return Scaling(1.0, tuple(prior))
    noted = np.log(np.asarray(prior))
    counts = np.bincount(targets, minlength=len(prior)) + 1.0
    outer = np.log(counts / counts.sum())
    rows = np.arange(len(targets))

    def loss(parameters: Floats) -> tuple[float, Floats]:
        """Penalised log-loss, and its gradient by (log temperature, offsets)."""
        evidence = (logits - noted + parameters[1:]) * np.exp(-parameters[0])
        log_p = log_softmax(outer + evidence, axis=1)
        error = np.exp(log_p)
        error[rows, targets] -= 1.0
        penalty = OFFSET_PENALTY * np.square(parameters[1:]).sum()
        slope = error.sum(axis=0) * np.exp(-parameters[0]) + 2.0 * OFFSET_PENALTY * parameters[1:]
        gradient = np.concatenate([[-(error * evidence).sum()], slope]) / len(targets)
        return float((penalty - log_p[rows, targets].sum()) / len(targets)), gradient

    free = (None, None) if offsets else (0.0, 0.0)
    bounds = [tuple(np.log(TEMPERATURES)), *[free] * len(prior)]
    found = minimize(loss, np.zeros(len(prior) + 1), jac=True, bounds=bounds, method="L-BFGS-B").x
    return Scaling(float(np.exp(found[0])), tuple(float(p) for p in softmax(noted - found[1:])))


def cross_fit(
    logits: Probabilities,
    targets: Targets,
    prior: Sequence[float],
    under: Sequence[float],
    groups: Sequence[str],
    offsets: bool = True,
) -> Probabilities:
    """Calibrated probabilities under the prior `under`; no row is scored by a scaling fitted on its own group."""
    folds = folds_of(groups)
    calibrated = np.zeros_like(logits)
    for fold in np.unique(folds):
        inside, outside = folds == fold, folds != fold
        scaling = fit_scaling(logits[outside], targets[outside], prior, offsets)
        calibrated[inside] = scaling.posterior(logits[inside], under)
    return calibrated


def folds_of(groups: Sequence[str], count: int = FOLDS) -> Targets:
    """A fold for each row, [n]; rows of a group share theirs. The split is fixed: no seed to tune."""
    names, index = np.unique(np.asarray(groups), return_inverse=True)
    order = np.random.default_rng(0).permutation(len(names))
    return np.asarray(order[index] % min(count, len(names)), dtype=np.int64)


def reliability(calibrated: Probabilities, targets: Targets, prior: Sequence[float]) -> float:
    """Return the log-loss that a modality saves over its prior on data kept apart, in nats."""
    by_prior = log_loss(np.tile(np.asarray(prior), (len(targets), 1)), targets)
    return max(LEAST_RELIABILITY, by_prior - log_loss(calibrated, targets))
