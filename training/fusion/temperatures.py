"""One temperature per head and modality, by the log-loss on several corpora that count alike.

A network is surer than right on corpora it did not learn from, and mostly not on its own. Which one a video is like
nobody knows: so the temperature is the one of least log-loss over all of them, each weighted equally, and how it does
on a corpus that had no part in it is reported beside it. Where several people's votes are known, the loss is that to
their shares: a face that people disagree on should not be called with certainty.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from model.contract import Modality
from model.network import N_EMOTIONS, Calibration, EmotionNetwork
from training.calibration.scaling import TEMPERATURES
from training.corpora.base import IGNORED, class_frequencies, shares_of_votes
from training.evaluation.confidence import (
    Floats,
    Probabilities,
    Targets,
    expected_calibration_error,
    signed_calibration_error,
)
from training.evaluation.metrics import log_loss
from training.fusion.composing import Pool

TINY = 1e-12


class Transfer(BaseModel):
    """One corpus under the temperature of the others (its own where there are none) and under that of all."""

    corpus: str
    modality: Modality
    home: bool  # whether the encoder learned from it
    items: int
    own_temperature: float
    others_temperature: float | None
    log_loss: float  # under the temperature of all
    ece: float
    ece_signed: float  # mean confidence minus accuracy: above 0 overconfident
    others_log_loss: float | None  # under that of the others
    others_ece: float | None
    others_ece_signed: float | None


@dataclass(frozen=True)
class _Corpus:
    """One head's evidence [n, k], not yet tempered, its targets, and the log of the corpus's frequencies.

    `shares` [n, k] are those of people's votes, where these are known.
    """

    evidence: Floats
    targets: Targets
    log_prior: Floats
    shares: Floats | None = None

    def probabilities(self, temperature: float) -> Probabilities:
        return np.asarray(np.exp(log_softmax(self.log_prior + self.evidence / temperature, axis=1)))

    def loss(self, temperature: float) -> float:
        if self.shares is None:
            return log_loss(self.probabilities(temperature), self.targets)
        logs = log_softmax(self.log_prior + self.evidence / temperature, axis=1)
        return float(-(self.shares * logs).sum(axis=1).mean())


def fit_temperatures(
    network: EmotionNetwork, modality: Modality, pools: Sequence[Pool], home: Sequence[str]
) -> tuple[float, float, list[Transfer]]:
    """Temperatures of the emotion head and the sentiment head, and the report for the emotions.

    `home` names the corpora that the encoder learned from. A head that no corpus labels keeps its temperature.
    """
    calibration = network.config.calibration.get(modality, Calibration.uninformed())
    emotions = [_corpus(network, pool, slice(0, N_EMOTIONS)) for pool in pools]
    sentiments = [c for c in (_corpus(network, pool, slice(N_EMOTIONS, None)) for pool in pools) if len(c.targets)]
    of_emotions = pooled_temperature([c for c in emotions if len(c.targets)]) or calibration.temperature_emotion
    of_sentiments = pooled_temperature(sentiments) or calibration.temperature_sentiment
    report = [
        _transfer(pool, corpus, [c for c in emotions if c is not corpus], of_emotions, pool.corpus in home)
        for pool, corpus in zip(pools, emotions, strict=True)
    ]
    return of_emotions, of_sentiments, report


def pooled_temperature(corpora: Sequence[_Corpus]) -> float | None:
    """The temperature of least mean log-loss, every corpus counted alike; None without any."""
    if not corpora:
        return None
    low, high = np.log(TEMPERATURES)
    found = minimize_scalar(
        lambda log_t: float(np.mean([c.loss(float(np.exp(log_t))) for c in corpora])),
        bounds=(low, high),
        method="bounded",
    )
    return float(np.exp(found.x))


def _corpus(network: EmotionNetwork, pool: Pool, columns: slice) -> _Corpus:
    samples = pool.samples
    column = samples.modalities.index(pool.modality)
    targets = samples.emotions if columns.start == 0 else samples.sentiments
    known = np.flatnonzero(targets != IGNORED)
    prior = network.log_train_prior[column, columns].cpu().double().numpy()
    evidence = samples.logits[:, column, columns].double().numpy()[known] - prior
    frequencies = class_frequencies(targets[known].tolist(), evidence.shape[1])
    shares = None if samples.votes is None else _shares(samples.votes[known], columns)
    return _Corpus(evidence, targets[known], np.log(np.asarray(frequencies)), shares)


def _shares(votes: Probabilities, columns: slice) -> Floats | None:
    """People's votes [n, 7] as shares of one head's classes [n, k]; None where those of an item are not known."""
    if np.isnan(votes).any() or not len(votes):
        return None
    shares = np.asarray([shares_of_votes(row) for row in votes.tolist()])[:, columns]
    return np.asarray(shares / np.maximum(shares.sum(axis=1, keepdims=True), TINY))


def _transfer(pool: Pool, corpus: _Corpus, others: Sequence[_Corpus], pooled: float, home: bool) -> Transfer:
    left_out = pooled_temperature(others)
    here = corpus.probabilities(pooled)
    there = None if left_out is None else corpus.probabilities(left_out)
    own = pooled_temperature([corpus])
    assert own is not None
    return Transfer(
        corpus=pool.corpus,
        modality=pool.modality,
        home=home,
        items=len(corpus.targets),
        own_temperature=own,
        others_temperature=left_out,
        log_loss=log_loss(here, corpus.targets),
        ece=expected_calibration_error(here, corpus.targets),
        ece_signed=signed_calibration_error(here, corpus.targets),
        others_log_loss=None if there is None else log_loss(there, corpus.targets),
        others_ece=None if there is None else expected_calibration_error(there, corpus.targets),
        others_ece_signed=None if there is None else signed_calibration_error(there, corpus.targets),
    )
