"""The additive fusion of a bundle whose corpus holds several modalities of an utterance: fitted on those items."""

from collections.abc import Sequence

import numpy as np

from model.network import EmotionNetwork, NetworkConfig
from training.calibration.scaling import folds_of
from training.corpora.base import IGNORED
from training.evaluation.metrics import log_loss
from training.evaluation.scoring import Encoded, judge_by, using
from training.fusion.fitting import Items, Shrinkage, fit_fusion, predict

CANDIDATES = tuple(Shrinkage(weights=w, bias=1e-3) for w in (None, 0.003, 0.01, 0.03, 0.1, 0.3))


def fit_real(network: EmotionNetwork, config: NetworkConfig, encoded: Encoded) -> NetworkConfig:
    """`config` with a fusion fitted on the items that have several modalities, where adding up predicts better.

    Better than the gates and joint head of `config`, by the log-loss on groups that the fit never saw (cross-fitted; so
    is the shrinkage chosen). `config` without a fusion where there are no such items, or not of two groups.
    """
    plain = config.model_copy(update={"fusion": None})
    there = encoded.rows(encoded.with_several())
    there = there.rows(np.flatnonzero(there.emotions != IGNORED))
    if len(set(there.groups)) < 2:
        return plain
    with using(network, plain):
        items = Items.of(network, there)
    losses = [_cross_fitted_loss(items, there.groups, s, plain.prior_emotion) for s in CANDIDATES]
    if min(losses) >= log_loss(judge_by(network, there, plain).emotions, there.emotions):
        return plain
    return plain.model_copy(update={"fusion": fit_fusion(items, CANDIDATES[int(np.argmin(losses))])})


def _cross_fitted_loss(items: Items, groups: Sequence[str], shrinkage: Shrinkage, prior: Sequence[float]) -> float:
    """Log-loss of emotions, each item predicted by a fusion fitted without its group."""
    folds = folds_of(groups)
    predicted = np.zeros((len(items), len(prior)))
    for fold in np.unique(folds):
        inside, outside = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        predicted[inside] = predict(items.rows(inside), fit_fusion(items.rows(outside), shrinkage), prior)
    return log_loss(predicted, items.emotions)
