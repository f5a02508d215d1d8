"""Temperatures, class offsets and reliabilities from held-out data, cross-fitted so that they can be scored on it.

Besides the temperature each class gets an offset: networks trained with augmentation and label smoothing overestimate
some classes and underestimate others, which a temperature cannot correct. Offsets need no term of their own in the
network: evidence is logits minus the log of the training prior, so an offset is stored as the *effective* training
prior, the one that makes the held-out evidence correct. A head has offsets only if they reduce its cross-fitted
log-loss.
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
# L2 penalty of the offsets, a Gaussian prior of variance 1 / (2 * 5), which keeps those of rare classes near 0. Values
# from 1 to 20 made no difference for text and faces; voice needed it when it was calibrated on 237 clips (now 958).
OFFSET_PENALTY = 5.0
MIN_RELIABILITY = 0.01  # nats; gates need a positive value


@dataclass(frozen=True)
class Scaling:
    """Constants that turn one head's logits [n, k] into evidence: (logits - log(prior)) / temperature."""

    temperature: float
    prior: tuple[float, ...]  # effective

    def posterior(self, logits: Probabilities, prior: Sequence[float]) -> Probabilities:
        """Compute probabilities [n, k] under any prior, as the network does."""
        evidence = (logits - np.log(np.asarray(self.prior))) / self.temperature
        return np.asarray(softmax(np.log(np.asarray(prior)) + evidence, axis=1))


def fit_scaling(logits: Probabilities, targets: Targets, prior: Sequence[float], offsets: bool = True) -> Scaling:
    """Fit the scaling with the lowest log-loss; the identity without items. `prior` is that of training.

    The class frequencies of held-out data are those of the split. They are the prior of the fit, so that the offsets do
    not learn them.
    """
    if len(targets) == 0:
        return Scaling(1.0, tuple(prior))
    log_prior = np.log(np.asarray(prior))
    counts = np.bincount(targets, minlength=len(prior)) + 1.0
    split_log_prior = np.log(counts / counts.sum())
    rows = np.arange(len(targets))

    def loss(parameters: Floats) -> tuple[float, Floats]:
        """Compute the penalized log-loss and its gradient by (log temperature, offsets)."""
        evidence = (logits - log_prior + parameters[1:]) * np.exp(-parameters[0])
        log_p = log_softmax(split_log_prior + evidence, axis=1)
        error = np.exp(log_p)
        error[rows, targets] -= 1.0
        penalty = OFFSET_PENALTY * np.square(parameters[1:]).sum()
        slope = error.sum(axis=0) * np.exp(-parameters[0]) + 2.0 * OFFSET_PENALTY * parameters[1:]
        gradient = np.concatenate([[-(error * evidence).sum()], slope]) / len(targets)
        return float((penalty - log_p[rows, targets].sum()) / len(targets)), gradient

    free = (None, None) if offsets else (0.0, 0.0)
    bounds = [tuple(np.log(TEMPERATURES)), *[free] * len(prior)]
    found = minimize(loss, np.zeros(len(prior) + 1), jac=True, bounds=bounds, method="L-BFGS-B").x
    return Scaling(float(np.exp(found[0])), tuple(float(p) for p in softmax(log_prior - found[1:])))


def cross_fit(
    logits: Probabilities,
    targets: Targets,
    prior: Sequence[float],
    under: Sequence[float],
    groups: Sequence[str],
    offsets: bool = True,
) -> Probabilities:
    """Calibrate rows under the prior `under`, each with a scaling fitted without its group."""
    folds = folds_of(groups)
    calibrated = np.zeros_like(logits)
    for fold in np.unique(folds):
        inside, outside = folds == fold, folds != fold
        scaling = fit_scaling(logits[outside], targets[outside], prior, offsets)
        calibrated[inside] = scaling.posterior(logits[inside], under)
    return calibrated


def folds_of(groups: Sequence[str], count: int = FOLDS) -> Targets:
    """Assign each row to a fold, [n]; rows of a group share one. The assignment is fixed, without a seed to tune."""
    names, index = np.unique(np.asarray(groups), return_inverse=True)
    order = np.random.default_rng(0).permutation(len(names))
    return np.asarray(order[index] % min(count, len(names)), dtype=np.int64)


def reliability(calibrated: Probabilities, targets: Targets, prior: Sequence[float]) -> float:
    """Return the reduction of the log-loss compared with the prior, in nats, at least MIN_RELIABILITY."""
    by_prior = log_loss(np.tile(np.asarray(prior), (len(targets), 1)), targets)
    return max(MIN_RELIABILITY, by_prior - log_loss(calibrated, targets))
