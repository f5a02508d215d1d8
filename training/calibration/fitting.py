"""Fitting and cross-fitting of a bundle's calibration constants on held-out or out-of-fold predictions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from model.contract import Modality
from model.network import N_EMOTIONS, Calibration, EmotionNetwork, NetworkConfig
from training.calibration.scaling import MIN_RELIABILITY, Scaling, cross_fit, fit_scaling, folds_of, reliability
from training.corpora import IGNORED
from training.evaluation.confidence import Probabilities, Reliability, Targets, reliability_of
from training.evaluation.metrics import log_loss
from training.evaluation.provenance import TrainingPriors
from training.evaluation.scoring import CrossFit, Encoded, predict, predict_with_constants
from training.fusion.real_items import fit_real

TINY = 1e-12  # lower bound of probabilities before the logarithm


class Calibrated(BaseModel):
    """Fitted temperatures, and the calibration error before and after (cross-fitted) on the same items."""

    items: int
    temperature_emotion: float
    temperature_sentiment: float
    emotion_before: Reliability | None  # None if no item has a label, here and below
    emotion_after: Reliability | None
    sentiment_before: Reliability | None
    sentiment_after: Reliability | None


class CalibrationReport(Calibrated):
    """Calibration of one modality: confidence and accuracy before and after."""

    modality: Modality
    corpus: str
    in_folds: bool = False  # fitted on out-of-fold predictions for training items; otherwise on held-out items
    reliability: float  # reduction of the log-loss compared with the prior, in nats
    transfer: float  # share of it that is expected on ordinary video: declared, not measured


class FusedReport(Calibrated):
    """Calibration of the fusion on held-out items with several modalities.

    "Before" means with calibrated modalities and an uncalibrated fusion.
    """


@dataclass(frozen=True)
class Head:
    """Logits [n, k] of one head on n items, with their targets."""

    logits: Probabilities
    targets: Targets
    groups: Sequence[str]
    effective: Sequence[float]  # class frequencies under which the logits were trained
    frequencies: Sequence[float]  # prior for scoring: the corpus's class frequencies
    offsets: bool = True  # whether class offsets may be fitted besides the temperature

    def __len__(self) -> int:
        return len(self.targets)

    def fit(self) -> Scaling:
        return fit_scaling(self.logits, self.targets, self.effective, self._gains_by_offsets())

    @cached_property
    def cross_fitted(self) -> Probabilities:
        """Calibrated probabilities [n, k]; each row uses a scaling fitted without its group."""
        folds = folds_of(self.groups)
        probabilities = np.zeros_like(self.logits)
        for fold in np.unique(folds):
            inside = folds == fold
            scaling = self._rows(~inside).fit()
            probabilities[inside] = scaling.posterior(self.logits[inside], self.frequencies)
        return probabilities

    def _gains_by_offsets(self) -> bool:
        """Return True if class offsets besides the temperature reduce the cross-fitted log-loss."""
        if not self.offsets or len(set(self.groups)) < 2:
            return False
        plain, offset = (
            cross_fit(self.logits, self.targets, self.effective, self.frequencies, self.groups, offsets)
            for offsets in (False, True)
        )
        return log_loss(offset, self.targets) < log_loss(plain, self.targets)

    def _rows(self, chosen: npt.NDArray[np.bool_]) -> "Head":
        rows = np.flatnonzero(chosen).tolist()
        groups = [self.groups[i] for i in rows]
        return replace(self, logits=self.logits[rows], targets=self.targets[rows], groups=groups)

    def before(self) -> Reliability | None:
        unscaled = Scaling(1.0, tuple(self.effective)).posterior(self.logits, self.frequencies)
        return _reliability(unscaled, self.targets)

    def after(self) -> Reliability | None:
        return _reliability(self.cross_fitted, self.targets)


def heads_of(encoded: Encoded, modality: Modality, training_priors: TrainingPriors) -> tuple[Head, Head]:
    """Return emotion and sentiment head, each on the items that have the modality and a label."""
    items = encoded.rows(encoded.rows_with([modality]))
    logits = items.logits[:, items.modalities.index(modality)].double().numpy()

    def head(columns: slice, targets: Targets, effective: Sequence[float], frequencies: Sequence[float]) -> Head:
        known = np.flatnonzero(targets != IGNORED)
        return Head(logits[known, columns], targets[known], [items.groups[i] for i in known], effective, frequencies)

    effective, frequencies = training_priors.effective, training_priors.own
    return (
        head(slice(0, N_EMOTIONS), items.emotions, effective.prior_emotion, frequencies.prior_emotion),
        head(slice(N_EMOTIONS, None), items.sentiments, effective.prior_sentiment, frequencies.prior_sentiment),
    )


def fit_calibration(
    encoded: Encoded, modality: Modality, training_priors: TrainingPriors, transfer: float | None, own: float
) -> Calibration:
    """Fit one modality's constants.

    `own` is the reliability to keep if `transfer` is None, as trained gates depend on it.
    """
    emotion, sentiment = heads_of(encoded, modality, training_priors)
    of_emotions, of_sentiments = emotion.fit(), sentiment.fit()
    return Calibration(
        prior_emotion=of_emotions.prior,
        prior_sentiment=of_sentiments.prior,
        temperature_emotion=of_emotions.temperature,
        temperature_sentiment=of_sentiments.temperature,
        reliability=own if transfer is None else transfer * reliability_on(emotion),
    )


def reliability_on(head: Head) -> float:
    """Return the cross-fitted log-loss reduction over the prior, in nats; MIN_RELIABILITY without items."""
    return reliability(head.cross_fitted, head.targets, head.frequencies) if len(head) else MIN_RELIABILITY


def report_of(
    encoded: Encoded,
    modality: Modality,
    training_priors: TrainingPriors,
    fitted: Calibration,
    corpus: str,
    transfer: float,
    in_folds: bool = False,
) -> CalibrationReport:
    """Report the modality's confidence and accuracy before and after calibration."""
    emotion, sentiment = heads_of(encoded, modality, training_priors)
    return CalibrationReport(
        modality=modality,
        corpus=corpus,
        in_folds=in_folds,
        items=len(encoded.rows_with([modality])),
        temperature_emotion=fitted.temperature_emotion,
        temperature_sentiment=fitted.temperature_sentiment,
        reliability=reliability_on(emotion),
        transfer=transfer,
        emotion_before=emotion.before(),
        emotion_after=emotion.after(),
        sentiment_before=sentiment.before(),
        sentiment_after=sentiment.after(),
    )


def fit_fused(network: EmotionNetwork, config: NetworkConfig, encoded: Encoded) -> NetworkConfig:
    """Return `config` with fitted fusion temperatures; unchanged if no item has several modalities."""
    if not len(encoded.multimodal_rows()):
        return config
    emotion, sentiment = _fused_heads(network, config, encoded)
    return config.with_fused_temperatures(emotion.fit().temperature, sentiment.fit().temperature)


def fused_report(
    network: EmotionNetwork, config: NetworkConfig, encoded: Encoded, fit: CrossFit | None = None
) -> FusedReport | None:
    """Report the fusion's confidence and accuracy before and after; None without items with several modalities.

    `fit` holds cross-fitted constants, for items on which those of `config` were fitted.
    """
    there = encoded.rows(encoded.multimodal_rows())
    if not len(there):
        return None
    fit = fit or CrossFit(dict.fromkeys(there.groups, 0), [config])
    before = predict(network, there, CrossFit(fit.fold_of, [c.with_fused_temperatures() for c in fit.configs]))
    after = predict(network, there, fit)
    return FusedReport(
        items=len(there),
        temperature_emotion=config.fused_temperature_emotion,
        temperature_sentiment=config.fused_temperature_sentiment,
        emotion_before=_reliability(before.emotions, there.emotions),
        emotion_after=_reliability(after.emotions, there.emotions),
        sentiment_before=_reliability(before.sentiments, there.sentiments),
        sentiment_after=_reliability(after.sentiments, there.sentiments),
    )


def cross_fit_constants(
    network: EmotionNetwork,
    encoded: Encoded,
    training_priors: Mapping[Modality, TrainingPriors],
    transfers: Mapping[Modality, float | None],
) -> CrossFit:
    """Return constants to score held-out items with: for each fold of groups, those fitted on the other folds.

    A modality without items in the other folds keeps the network's constants; one without `transfers` keeps its
    reliability.
    """
    config = network.config
    folds = folds_of(encoded.groups)
    configs = []
    for fold in range(int(folds.max()) + 1):
        others = encoded.rows(np.flatnonzero(folds != fold))
        refitted = dict(config.calibration)
        for m in encoded.modalities:
            if len(others.rows_with([m])):
                own = config.calibration.get(m, training_priors[m].effective).reliability
                refitted[m] = fit_calibration(others, m, training_priors[m], transfers[m], own)
        config_of_fold = fit_fused(network, config.model_copy(update={"calibration": refitted, "fusion": None}), others)
        configs.append(fit_real(network, config_of_fold, others))
    return CrossFit(dict(zip(encoded.groups, folds.tolist(), strict=True)), configs)


def _reliability(probabilities: Probabilities, targets: Targets) -> Reliability | None:
    known = np.flatnonzero(targets != IGNORED)
    return reliability_of(probabilities[known], targets[known]) if len(known) else None


def _fused_heads(network: EmotionNetwork, config: NetworkConfig, encoded: Encoded) -> tuple[Head, Head]:
    """Return emotion and sentiment head of the uncalibrated fusion, on the items with several modalities."""
    there = encoded.rows(encoded.multimodal_rows())
    predictions = predict_with_constants(network, there, config.with_fused_temperatures())

    def head(probabilities: Probabilities, targets: Targets, prior: Sequence[float]) -> Head:
        known = np.flatnonzero(targets != IGNORED)
        groups = [there.groups[i] for i in known]
        return Head(np.log(np.maximum(probabilities[known], TINY)), targets[known], groups, prior, prior, offsets=False)

    return (
        head(predictions.emotions, there.emotions, config.prior_emotion),
        head(predictions.sentiments, there.sentiments, config.prior_sentiment),
    )
