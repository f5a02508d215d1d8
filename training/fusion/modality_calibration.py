"""Temperature and class offsets of each head and modality, by mean log-loss over equally weighted corpora.

Networks are overconfident on out-of-corpus data, and mostly not in corpus. It is unknown which of these a user's video
resembles, so the constants minimize the mean log-loss over all corpora; the figures for each corpus with constants
fitted without it are reported as well. Where people's votes are known, the loss is measured against their shares, so
that faces on which people disagree do not get high confidence.

Degraded samples (training.fusion.degrading) have the same weight as clean ones: on poor inputs a network is biased
towards some classes, which the offsets correct. Offsets need no term of their own in the network: they are part of the
effective training prior (training.calibration.scaling).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from model.contract import Modality
from model.network import N_EMOTIONS, Calibration, EmotionNetwork
from training.calibration.scaling import TEMPERATURES, Scaling
from training.corpora.base import IGNORED, class_frequencies, vote_targets
from training.evaluation.confidence import (
    Floats,
    Probabilities,
    Targets,
    expected_calibration_error,
    signed_calibration_error,
)
from training.evaluation.metrics import log_loss
from training.fusion.composed_items import Pool

TINY = 1e-12
# Weight of the squared offsets relative to the mean log-loss. Corpora lack classes or have few samples of them: with
# 0.001 the offsets of fear and disgust suit FER+'s own frequencies, and a tenth fewer faces are right under a uniform
# prior.
OFFSET_PENALTY = 0.02


class Transfer(BaseModel):
    """Figures of one corpus with the constants of all corpora, and with those fitted without it."""

    corpus: str
    modality: Modality
    home: bool  # in-corpus: the encoder was trained on it
    items: int
    own_temperature: float
    others_temperature: float | None
    log_loss: float  # with the constants of all corpora
    ece: float
    ece_signed: float  # mean confidence minus accuracy: above 0 overconfident
    others_log_loss: float | None  # with the constants of the other corpora
    others_ece: float | None
    others_ece_signed: float | None


@dataclass(frozen=True)
class _Corpus:
    """One head's evidence [n, k] without temperature and offsets, and the log of the corpus's frequencies [k].

    `shares` [n, k] are vote shares where known, else one-hot labels; `targets` [n] are the labels. The first `clean`
    rows are clean samples, the others degraded ones.
    """

    evidence: Floats
    targets: Targets
    shares: Floats
    log_prior: Floats
    clean: int

    def probabilities(self, found: "_Constants") -> Probabilities:
        """Compute the clean samples' probabilities [clean, k] under the corpus's frequencies."""
        rows = slice(self.clean)
        return np.asarray(softmax(self.log_prior + self.evidence[rows] / found.temperature + found.offsets, axis=1))


@dataclass(frozen=True)
class _Constants:
    """A temperature, and offsets [k] that are added to the scaled evidence."""

    temperature: float
    offsets: Floats


def fit_constants(
    network: EmotionNetwork, modality: Modality, pools: Sequence[Pool], home: Sequence[str]
) -> tuple[Scaling, Scaling, list[Transfer]]:
    """Fit the constants of emotion and sentiment head; return both, and a report for the emotions.

    `home` names the in-corpus pools. A head without labels in any pool keeps its constants.
    """
    calibration = network.config.calibration.get(modality, Calibration.uninformed())
    emotions = [_corpus(network, pool, slice(0, N_EMOTIONS)) for pool in pools]
    sentiments = [_corpus(network, pool, slice(N_EMOTIONS, None)) for pool in pools]
    of_emotions = pooled_constants([c for c in emotions if len(c.targets)])
    of_sentiments = pooled_constants([c for c in sentiments if len(c.targets)])
    report = [
        _transfer(pool, corpus, [c for c in emotions if c is not corpus], of_emotions, pool.corpus in home)
        for pool, corpus in zip(pools, emotions, strict=True)
        if of_emotions is not None
    ]
    return (
        _scaling(of_emotions, calibration.prior_emotion, calibration.temperature_emotion),
        _scaling(of_sentiments, calibration.prior_sentiment, calibration.temperature_sentiment),
        report,
    )


def _scaling(found: _Constants | None, prior: Sequence[float], temperature: float) -> Scaling:
    """Convert constants to a network's: offsets become part of the effective training prior."""
    if found is None:
        return Scaling(temperature, tuple(prior))
    moved = np.log(np.asarray(prior)) - found.temperature * found.offsets
    return Scaling(found.temperature, tuple(float(p) for p in softmax(moved)))


def pooled_constants(corpora: Sequence[_Corpus]) -> _Constants | None:
    """Fit constants to equally weighted corpora, with offsets shrunk to 0; None without corpora."""
    if not corpora:
        return None
    k = corpora[0].evidence.shape[1]

    def loss(parameters: Floats) -> tuple[float, Floats]:
        """Compute the penalized log-loss and its gradient by (log temperature, offsets)."""
        scale, offsets = np.exp(-parameters[0]), parameters[1:]
        value, slope = OFFSET_PENALTY * np.square(offsets).sum(), np.zeros(k + 1)
        slope[1:] = 2.0 * OFFSET_PENALTY * offsets
        for c in corpora:
            tempered = c.evidence * scale
            log_p = log_softmax(c.log_prior + tempered + offsets, axis=1)
            error = (np.exp(log_p) - c.shares) / (len(c.shares) * len(corpora))
            value -= (c.shares * log_p).sum() / (len(c.shares) * len(corpora))
            slope[0] -= (error * tempered).sum()
            slope[1:] += error.sum(axis=0)
        return float(value), slope

    bounds = [tuple(np.log(TEMPERATURES)), *[(None, None)] * k]
    found = minimize(loss, np.zeros(k + 1), jac=True, bounds=bounds, method="L-BFGS-B").x
    return _Constants(float(np.exp(found[0])), found[1:])


def _corpus(network: EmotionNetwork, pool: Pool, columns: slice) -> _Corpus:
    samples = pool.clean_and_degraded().samples
    column = samples.modalities.index(pool.modality)
    targets = samples.emotions if columns.start == 0 else samples.sentiments
    known = np.flatnonzero(targets != IGNORED)
    prior = network.log_train_prior[column, columns].cpu().double().numpy()
    evidence = samples.logits[:, column, columns].double().numpy()[known] - prior
    k = evidence.shape[1]
    frequencies = class_frequencies(targets[known].tolist(), k)
    shares = target_shares(None if samples.votes is None else samples.votes[known], targets[known], columns, k)
    clean = int((known < len(pool.samples)).sum())
    return _Corpus(evidence, targets[known], shares, np.log(np.asarray(frequencies)), clean)


def target_shares(votes: Probabilities | None, targets: Targets, columns: slice, k: int) -> Floats:
    """Return the target distributions of one head [n, k]: shares of people's votes [n, 7] if known for every item.

    Otherwise one-hot targets.
    """
    if votes is None or np.isnan(votes).any() or not len(votes):
        return np.asarray(np.eye(k)[targets])
    shares = np.asarray([vote_targets(row) for row in votes.tolist()])[:, columns]
    return np.asarray(shares / np.maximum(shares.sum(axis=1, keepdims=True), TINY))


def _transfer(pool: Pool, corpus: _Corpus, others: Sequence[_Corpus], pooled: _Constants, home: bool) -> Transfer:
    left_out, own = pooled_constants(others), pooled_constants([corpus])
    assert own is not None
    here, targets = corpus.probabilities(pooled), corpus.targets[: corpus.clean]
    there = None if left_out is None else corpus.probabilities(left_out)
    return Transfer(
        corpus=pool.corpus,
        modality=pool.modality,
        home=home,
        items=corpus.clean,
        own_temperature=own.temperature,
        others_temperature=None if left_out is None else left_out.temperature,
        log_loss=log_loss(here, targets),
        ece=expected_calibration_error(here, targets),
        ece_signed=signed_calibration_error(here, targets),
        others_log_loss=None if there is None else log_loss(there, targets),
        others_ece=None if there is None else expected_calibration_error(there, targets),
        others_ece_signed=None if there is None else signed_calibration_error(there, targets),
    )
