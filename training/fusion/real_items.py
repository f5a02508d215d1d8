"""Additive fusion for bundles whose corpus has several modalities per utterance, fitted on these items."""

from collections.abc import Sequence

import numpy as np

from model.network import EmotionNetwork, NetworkConfig
from training.calibration.scaling import folds_of
from training.corpora.base import IGNORED
from training.evaluation.metrics import log_loss
from training.evaluation.scoring import Encoded, predict_with_constants, temporary_constants
from training.fusion.fitting import Items, Shrinkage, fit_fusion, predict_emotions

CANDIDATES = tuple(Shrinkage(weights=w, bias=1e-3) for w in (None, 0.003, 0.01, 0.03, 0.1, 0.3))


def fit_real(network: EmotionNetwork, config: NetworkConfig, encoded: Encoded) -> NetworkConfig:
    """Return `config` with a fusion fitted on the items with several modalities, if that predicts better.

    It is compared with the gates and joint head of `config` by cross-fitted log-loss, which also selects the shrinkage.
    Returns `config` without a fusion if no item has several modalities, or all are of one group.
    """
    plain = config.model_copy(update={"fusion": None})
    multimodal = encoded.rows(encoded.multimodal_rows())
    multimodal = multimodal.rows(np.flatnonzero(multimodal.emotions != IGNORED))
    if len(set(multimodal.groups)) < 2:
        return plain
    with temporary_constants(network, plain):
        items = Items.of(network, multimodal)
    losses = [_cross_fitted_loss(items, multimodal.groups, s, plain.prior_emotion) for s in CANDIDATES]
    if min(losses) >= log_loss(predict_with_constants(network, multimodal, plain).emotions, multimodal.emotions):
        return plain
    return plain.model_copy(update={"fusion": fit_fusion(items, CANDIDATES[int(np.argmin(losses))])})


def _cross_fitted_loss(items: Items, groups: Sequence[str], shrinkage: Shrinkage, prior: Sequence[float]) -> float:
    """Compute the log-loss of emotions, each item predicted by a fusion fitted without its group."""
    folds = folds_of(groups)
    predicted = np.zeros((len(items), len(prior)))
    for fold in np.unique(folds):
        inside, outside = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        predicted[inside] = predict_emotions(items.rows(inside), fit_fusion(items.rows(outside), shrinkage), prior)
    return log_loss(predicted, items.emotions)
