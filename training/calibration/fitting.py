"""A bundle's constants, from items that no network learned from that judged them: fitted and cross-fitted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from model.contract import Modality
from model.network import N_EMOTIONS, Calibration, EmotionNetwork, NetworkConfig
from training.calibration.scaling import LEAST_RELIABILITY, Scaling, cross_fit, fit_scaling, folds_of, reliability
from training.corpora import IGNORED
from training.evaluation.confidence import Probabilities, Reliability, Targets, reliability_of
from training.evaluation.metrics import log_loss
from training.evaluation.provenance import Taught
from training.evaluation.scoring import CrossFit, Encoded, judge, judge_by
from training.fusion.real import fit_real

TINY = 1e-12  # a probability whose logarithm is still a number


class Calibrated(BaseModel):
    """Fitted constants of some heads, and the heads' cross-fitted reliability on the same items."""

    items: int
    temperature_emotion: float
    temperature_sentiment: float
    emotion_before: Reliability | None  # None where no item has a label, here and below
    emotion_after: Reliability | None
    sentiment_before: Reliability | None
    sentiment_after: Reliability | None


class CalibrationReport(Calibrated):
    """Calibration of one modality: its confidence and accuracy before and after."""

    modality: Modality
    corpus: str
    in_folds: bool = False  # on training items, each judged without its group; otherwise on held-out ones
    reliability: float  # nats over the prior alone
    transfer: float  # how much of it is expected on ordinary video: declared


class FusedReport(Calibrated):
    """Calibration of the fusion on held-out items with several modalities.

    "Before" means that the modalities were calibrated and the fusion was not.
    """


@dataclass(frozen=True)
class Head:
    """Logits [n, k] of one head on some items, and the targets."""

    logits: Probabilities
    targets: Targets
    groups: Sequence[str]
    effective: Sequence[float]  # prior the logits were trained under
    frequencies: Sequence[float]  # prior they are scored under: that of the corpus
    offsets: bool = True  # whether there may be some beside the temperature

    def __len__(self) -> int:
        return len(self.targets)

    def fit(self) -> Scaling:
        return fit_scaling(self.logits, self.targets, self.effective, self._gains_by_offsets())

    @cached_property
    def cross_fitted(self) -> Probabilities:
        """[n, k]; no row by a scaling for which its own group was looked at, be it for offsets or none."""
        folds = folds_of(self.groups)
        probabilities = np.zeros_like(self.logits)
        for fold in np.unique(folds):
            inside = folds == fold
            scaling = self._rows(~inside).fit()
            probabilities[inside] = scaling.posterior(self.logits[inside], self.frequencies)
        return probabilities

    def _gains_by_offsets(self) -> bool:
        """Return True when class offsets besides the temperature improve the accuracy on unseen groups."""
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


def heads_of(encoded: Encoded, modality: Modality, taught: Taught) -> tuple[Head, Head]:
    """The emotion head and the sentiment head, each on the items that have the modality and a label for it."""
    there = encoded.rows(encoded.having([modality]))
    logits = there.logits[:, there.modalities.index(modality)].double().numpy()

    def head(columns: slice, targets: Targets, effective: Sequence[float], frequencies: Sequence[float]) -> Head:
        known = np.flatnonzero(targets != IGNORED)
        return Head(logits[known, columns], targets[known], [there.groups[i] for i in known], effective, frequencies)

    effective, frequencies = taught.effective, taught.own
    return (
        head(slice(0, N_EMOTIONS), there.emotions, effective.prior_emotion, frequencies.prior_emotion),
        head(slice(N_EMOTIONS, None), there.sentiments, effective.prior_sentiment, frequencies.prior_sentiment),
    )


def fit_calibration(
    encoded: Encoded, modality: Modality, taught: Taught, transfer: float | None, own: float
) -> Calibration:
    """Fit one modality's constants.

    Without `transfer` its reliability stays its `own`: the gates were trained with it.
    """
    emotion, sentiment = heads_of(encoded, modality, taught)
    of_emotions, of_sentiments = emotion.fit(), sentiment.fit()
    return Calibration(
        prior_emotion=of_emotions.prior,
        prior_sentiment=of_sentiments.prior,
        temperature_emotion=of_emotions.temperature,
        temperature_sentiment=of_sentiments.temperature,
        reliability=own if transfer is None else transfer * reliability_on(emotion),
    )


def reliability_on(head: Head) -> float:
    """Measure the log-loss that a head saves over its prior, in nats, cross-fitted; the minimum where it was not
    measured.
    """
    return reliability(head.cross_fitted, head.targets, head.frequencies) if len(head) else LEAST_RELIABILITY


def report_of(
    encoded: Encoded,
    modality: Modality,
    taught: Taught,
    fitted: Calibration,
    corpus: str,
    transfer: float,
    in_folds: bool = False,
) -> CalibrationReport:
    """Compare the modality's confidence with its accuracy, before and after calibration."""
    emotion, sentiment = heads_of(encoded, modality, taught)
    return CalibrationReport(
        modality=modality,
        corpus=corpus,
        in_folds=in_folds,
        items=len(encoded.having([modality])),
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
    """`config` with the temperatures of the fusion; as it is where no item has several modalities."""
    if not len(encoded.with_several()):
        return config
    emotion, sentiment = _fused_heads(network, config, encoded)
    return config.with_fused_temperatures(emotion.fit().temperature, sentiment.fit().temperature)


def fused_report(
    network: EmotionNetwork, config: NetworkConfig, encoded: Encoded, fit: CrossFit | None = None
) -> FusedReport | None:
    """Compare the fusion's confidence with its accuracy, before and after; None without items with several modalities.

    `fit` holds the constants to judge by, modalities' and fusion's, where those of `config` were fitted on these items.
    """
    there = encoded.rows(encoded.with_several())
    if not len(there):
        return None
    fit = fit or CrossFit(dict.fromkeys(there.groups, 0), [config])
    before = judge(network, there, CrossFit(fit.fold_of, [c.with_fused_temperatures() for c in fit.configs]))
    after = judge(network, there, fit)
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
    taught: Mapping[Modality, Taught],
    transfers: Mapping[Modality, float | None],
) -> CrossFit:
    """The constants to score held-out items with: for each fold of groups, those fitted on all the others.

    A modality that too few other items have keeps the constants that the network has; one without `transfers`, its
    reliability.
    """
    config = network.config
    folds = folds_of(encoded.groups)
    configs = []
    for fold in range(int(folds.max()) + 1):
        others = encoded.rows(np.flatnonzero(folds != fold))
        refitted = dict(config.calibration)
        for m in encoded.modalities:
            if len(others.having([m])):
                own = config.calibration.get(m, taught[m].effective).reliability
                refitted[m] = fit_calibration(others, m, taught[m], transfers[m], own)
        config_of_fold = fit_fused(network, config.model_copy(update={"calibration": refitted, "fusion": None}), others)
        configs.append(fit_real(network, config_of_fold, others))
    return CrossFit(dict(zip(encoded.groups, folds.tolist(), strict=True)), configs)


def _reliability(probabilities: Probabilities, targets: Targets) -> Reliability | None:
    known = np.flatnonzero(targets != IGNORED)
    return reliability_of(probabilities[known], targets[known]) if len(known) else None


def _fused_heads(network: EmotionNetwork, config: NetworkConfig, encoded: Encoded) -> tuple[Head, Head]:
    """Return the network's logits by `config`, its fusion not yet calibrated, for the items with several modalities."""
    there = encoded.rows(encoded.with_several())
    said = judge_by(network, there, config.with_fused_temperatures())

    def head(probabilities: Probabilities, targets: Targets, prior: Sequence[float]) -> Head:
        known = np.flatnonzero(targets != IGNORED)
        groups = [there.groups[i] for i in known]
        return Head(np.log(np.maximum(probabilities[known], TINY)), targets[known], groups, prior, prior, offsets=False)

    return (
        head(said.emotions, there.emotions, config.prior_emotion),
        head(said.sentiments, there.sentiments, config.prior_sentiment),
    )
