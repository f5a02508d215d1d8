"""Temperatures and reliabilities from held-out data, cross-fitted so that they can be scored on it too."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from training.metrics import Probabilities, Targets, log_loss

FOLDS = 5
TEMPERATURES = (0.2, 10.0)
LEAST_RELIABILITY = 0.01  # nats: a gate needs something positive


def posterior(logits: Probabilities, prior: Sequence[float], temperature: float) -> Probabilities:
    """Probabilities [n, k] under the prior the logits were trained under, as the network computes them."""
    log_prior = np.log(np.asarray(prior))
    return np.asarray(np.exp(log_softmax(log_prior + (logits - log_prior) / temperature, axis=1)))


def fit_temperature(logits: Probabilities, targets: Targets, prior: Sequence[float]) -> float:
    """The temperature of least log-loss (Guo et al. 2017, applied to the evidence rather than the logits)."""

    def loss(log_temperature: float) -> float:
        return log_loss(posterior(logits, prior, float(np.exp(log_temperature))), targets)

    low, high = np.log(TEMPERATURES)
    return float(np.exp(minimize_scalar(loss, bounds=(low, high), method="bounded").x))


def cross_fit(logits: Probabilities, targets: Targets, prior: Sequence[float], groups: Sequence[str]) -> Probabilities:
    """Calibrated probabilities in which no row was scored by a temperature fitted on its own group."""
    folds = folds_of(groups)
    calibrated = np.zeros_like(logits)
    for fold in np.unique(folds):
        inside, outside = folds == fold, folds != fold
        temperature = fit_temperature(logits[outside], targets[outside], prior)
        calibrated[inside] = posterior(logits[inside], prior, temperature)
    return calibrated


def folds_of(groups: Sequence[str]) -> Targets:
    """A fold for each row, [n]; rows of a group share theirs. The split is fixed: no seed to tune."""
    names, index = np.unique(np.asarray(groups), return_inverse=True)
    order = np.random.default_rng(0).permutation(len(names))
    return np.asarray(order[index] % min(FOLDS, len(names)), dtype=np.int64)


def reliability(calibrated: Probabilities, targets: Targets, prior: Sequence[float]) -> float:
    """What a modality tells beyond its prior on data kept apart: the log-loss it saves, in nats."""
    by_prior = log_loss(np.tile(np.asarray(prior), (len(targets), 1)), targets)
    return max(LEAST_RELIABILITY, by_prior - log_loss(calibrated, targets))
