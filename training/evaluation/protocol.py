"""Evaluation of a bundle on a corpus: under several priors, with and without training items, for each modality.

Corpora differ in their class frequencies: RAVDESS is nearly balanced, half of MELD is neutral. So figures are given
under the bundle's declared prior, which `analyze` uses ("declared"); under a uniform prior ("uniform"); and under the
corpus's own frequencies ("corpus"): those of the training split if the modality was trained on this corpus, else those
of the scored items.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from pydantic import BaseModel

from model.bundle import Bundle, find_bundle, load_bundle
from model.contract import EMOTIONS, SENTIMENTS, Modality
from training.corpora import CORPORA, IGNORED, Split, class_frequencies
from training.data.content_hash import file_digest
from training.data.training_items import Hashes, data_hash, in_training, load_training_items
from training.evaluation.confidence import Probabilities, Targets
from training.evaluation.metrics import MIN_PROBABILITY, Figures, Headline, headline, measure
from training.evaluation.neutral import Neutral, neutral_of
from training.evaluation.provenance import TrainingPriors, training_corpus_name, training_priors_of, uncalibrated
from training.evaluation.scoring import CrossFit, Encoded, Predictions, change_prior, predict

Prior = Literal["uniform", "declared", "corpus"]
Scope = Literal["all", "unseen"]  # all items, or those that were not in training


class Mean(BaseModel):
    """Mean and spread of a figure over several draws."""

    mean: float
    deviation: float  # standard deviation over the draws


class Draws(BaseModel):
    """Data on composed items: each row of judgments is drawn once per seed."""

    rows: int
    seeds: list[int]
    figures: dict[str, Mean]  # of the emotions
    samples: dict[str, int]  # number of samples, by modality and corpus
    without_slot: dict[Modality, dict[str, int]]  # number of rows without a sample of their label, by label
    sentiment_thresholds: tuple[float, float]  # of valence: negative up to the first, positive from the second


class Subset(BaseModel):
    """Figures with only some modalities, on the items that have all of them.

    `alone` has the modality's own predictions without fusion, for subsets of one modality; both must agree.
    """

    modalities: tuple[Modality, ...]
    items: int
    emotion: Headline | None  # None if no item has a label, here and below
    sentiment: Headline | None
    alone: Headline | None
    neutral: Neutral | None = None


class Evaluation(BaseModel):
    """Figures of one bundle on one split of one corpus, under one prior."""

    bundle: str
    version: str
    weights: str  # SHA-256 of weights.safetensors
    corpus: str
    name: str = ""  # of the data, for formats of several corpora ("voices")
    left_out: bool = False  # leave-one-corpus-out predictions
    split: str
    prior: Prior
    prior_emotion: list[float] = []  # in the order of EMOTIONS
    same_prior: bool  # the corpus's prior equals the declared one
    scope: Scope
    data: str  # hash of the scored items (training_items.data_hash)
    seen: int | None  # number of items in training; None if the bundle has no hashes
    cross_fitted: bool  # constants were fitted on this split and are cross-fitted here
    modalities: dict[Modality, int]  # number of items with each
    several: int  # number of items with two or more modalities
    items: int
    emotion: Figures | None  # None if no item has a label
    sentiment: Figures | None
    neutral: Neutral | None = None
    votes_log_loss: float | None = None  # cross-entropy against people's vote shares, if known
    ties: int | None = None  # number of items with tied votes, if known
    by_group: dict[str, Headline] = {}  # emotions by a group of speakers (RAVDESS: sex)
    draws: Draws | None = None  # of composed items only
    subsets: list[Subset]  # on items with several modalities, or on all items if there are none


@dataclass(frozen=True)
class Subject:
    """Bundle to evaluate, with the hash of its weights and data on its training."""

    bundle: Bundle
    weights: str
    training_items: Hashes | None  # None if the bundle has no hashes
    training_priors: dict[Modality, TrainingPriors]

    @classmethod
    def load(cls, name: str | Path, device: str = "cpu") -> "Subject":
        """Load a bundle by name or folder. Raises the errors of load_bundle."""
        folder = find_bundle(name)
        weights = file_digest(folder / "weights.safetensors")
        bundle = load_bundle(folder, device)
        return cls(bundle, weights, load_training_items(folder), training_priors_of(bundle.manifest))


def evaluate(
    subject: Subject,
    corpus: str,
    split: Split,
    encoded: Encoded,
    fit: CrossFit | None = None,
    prior: Prior = "declared",
    name: str = "",
    left_out: bool = False,
) -> list[Evaluation]:
    """Score items through the fusion: all items, then those not in training if that differs.

    For each, the figures under `prior` come first. `fit` holds cross-fitted constants, for items on which the bundle's
    own were fitted. Leave-one-corpus-out predictions (`left_out`) are scored as of an out-of-corpus data set.
    """
    known = None if left_out else subject.training_items
    seen = None if known is None else in_training(encoded.contents, known) | in_training(encoded.words, known)
    parts: dict[Scope, Encoded] = {"all": encoded}
    if seen is not None and 0 < seen.sum() < len(encoded):
        parts["unseen"] = encoded.rows(np.flatnonzero(~seen))
    count = None if seen is None else int(seen.sum())
    modalities = CORPORA[corpus].modalities if corpus in CORPORA else encoded.modalities
    views = [
        (scope, _View(subject, part, fit, corpus, modalities, each, name, left_out))
        for scope, part in parts.items()
        for each in (prior, *(p for p in get_args(Prior) if p != prior))
    ]
    return [_evaluate(view, split, scope, count) for scope, view in views]


def scored_predictions(subject: Subject, corpus: str, encoded: Encoded, prior: Prior) -> Predictions:
    """Return the predictions that `evaluate` scores."""
    modalities = CORPORA[corpus].modalities if corpus in CORPORA else encoded.modalities
    return _View(subject, encoded, None, corpus, modalities, prior).predict(encoded)


@dataclass(frozen=True)
class _View:
    """Items with the network, constants and prior to predict with."""

    subject: Subject
    encoded: Encoded
    fit: CrossFit | None
    corpus: str
    modalities: Sequence[Modality]  # of the corpus
    prior: Prior
    name: str = ""  # of the data, if it differs from the corpus's
    left_out: bool = False

    @property
    def priors(self) -> tuple[Sequence[float], Sequence[float]]:
        """Emotion and sentiment prior."""
        config = self.subject.bundle.network.config
        if self.prior == "declared":
            return config.prior_emotion, config.prior_sentiment
        if self.prior == "uniform":
            return (1.0 / len(EMOTIONS),) * len(EMOTIONS), (1.0 / len(SENTIMENTS),) * len(SENTIMENTS)
        return self._of_corpus()

    @property
    def same_prior(self) -> bool:
        """True if the corpus's prior equals the declared one."""
        config, (emotion, sentiment) = self.subject.bundle.network.config, self._of_corpus()
        return tuple(emotion) == config.prior_emotion and tuple(sentiment) == config.prior_sentiment

    def _of_corpus(self) -> tuple[Sequence[float], Sequence[float]]:
        has = self.subject.bundle.network.modalities
        modality = next((m for m in self.modalities if m in has), has[0])
        manifest = self.subject.bundle.manifest
        names = () if self.left_out else (self.name, self.corpus)
        training_corpus = next((n for name in names if (n := training_corpus_name(manifest, modality, name))), None)
        if training_corpus is not None:
            frequencies = self.subject.training_priors[modality].of(training_corpus)
            return frequencies.prior_emotion, frequencies.prior_sentiment
        return (
            class_frequencies(self.encoded.emotions.tolist(), len(EMOTIONS)),
            class_frequencies(self.encoded.sentiments.tolist(), len(SENTIMENTS)),
        )

    def predict(self, encoded: Encoded) -> Predictions:
        predictions = predict(self.subject.bundle.network, encoded, self.fit)
        if self.prior == "declared" or (self.prior == "corpus" and self.same_prior):
            return predictions
        config, (emotion, sentiment) = self.subject.bundle.network.config, self.priors

        def moved(emotions: Probabilities) -> Probabilities:
            return change_prior(emotions, config.prior_emotion, emotion)

        sentiments = change_prior(predictions.sentiments, config.prior_sentiment, sentiment)
        return Predictions(
            moved(predictions.emotions), sentiments, {m: moved(p) for m, p in predictions.per_modality.items()}
        )

    def before(self) -> Predictions:
        """Predict the items with uncalibrated constants."""
        config = uncalibrated(self.subject.bundle.network.config, self.subject.training_priors)
        fit = CrossFit(dict.fromkeys(self.encoded.groups, 0), [config])
        return replace(self, fit=fit).predict(self.encoded)


def _evaluate(view: _View, split: Split, scope: Scope, seen: int | None) -> Evaluation:
    encoded, manifest = view.encoded, view.subject.bundle.manifest
    after, before = view.predict(encoded), view.before()
    return Evaluation(
        bundle=manifest.name,
        version=manifest.version,
        weights=view.subject.weights,
        corpus=view.corpus,
        name=view.name,
        left_out=view.left_out,
        split=split,
        prior=view.prior,
        prior_emotion=list(view.priors[0]),
        same_prior=view.same_prior,
        scope=scope,
        data=data_hash(encoded.contents),
        seen=seen,
        cross_fitted=view.fit is not None,
        modalities={m: n for m in encoded.modalities if (n := len(encoded.rows_with([m])))},
        several=len(encoded.multimodal_rows()),
        items=len(encoded),
        emotion=_figures(encoded, encoded.emotions, EMOTIONS, after.emotions, before.emotions),
        sentiment=_figures(encoded, encoded.sentiments, SENTIMENTS, after.sentiments, before.sentiments),
        neutral=_neutral(encoded, after.emotions),
        votes_log_loss=_votes_log_loss(encoded, after.emotions),
        ties=_ties(encoded),
        by_group=_by_group(view, after.emotions),
        subsets=list(_subsets(view)),
    )


def _subsets(view: _View) -> Iterator[Subset]:
    """Yield every subset of the modalities, on the items with several modalities that have all of it."""
    several = view.encoded.multimodal_rows()
    encoded = view.encoded.rows(several) if len(several) else view.encoded
    there = [m for m in encoded.modalities if len(encoded.rows_with([m]))]
    for size in range(1, len(there) + 1):
        for subset in combinations(there, size):
            rows = encoded.rows_with(subset)
            if len(rows):
                yield _subset(view, subset, encoded.rows(rows).only(subset))


def _subset(view: _View, subset: tuple[Modality, ...], encoded: Encoded) -> Subset:
    predictions = view.predict(encoded)
    return Subset(
        modalities=subset,
        items=len(encoded),
        emotion=_headline(encoded, encoded.emotions, predictions.emotions),
        sentiment=_headline(encoded, encoded.sentiments, predictions.sentiments),
        alone=_headline(encoded, encoded.emotions, predictions.per_modality[subset[0]]) if len(subset) == 1 else None,
        neutral=_neutral(encoded, predictions.emotions),
    )


def _figures(
    encoded: Encoded, targets: Targets, labels: Sequence[str], after: Probabilities, before: Probabilities
) -> Figures | None:
    known = np.flatnonzero(targets != IGNORED)
    there = encoded.rows(known)
    return (
        measure(after[known], targets[known], labels, there.groups, before[known], there.units) if len(known) else None
    )


def _headline(encoded: Encoded, targets: Targets, probabilities: Probabilities) -> Headline | None:
    known = np.flatnonzero(targets != IGNORED)
    there = encoded.rows(known)
    return headline(probabilities[known], targets[known], there.groups, there.units) if len(known) else None


def _neutral(encoded: Encoded, emotions: Probabilities) -> Neutral | None:
    known = np.flatnonzero(encoded.emotions != IGNORED)
    return neutral_of(emotions[known], encoded.emotions[known]) if len(known) else None


def _votes_log_loss(encoded: Encoded, emotions: Probabilities) -> float | None:
    """Compute the mean cross-entropy against vote shares, in nats; None if no item has votes."""
    if encoded.votes is None:
        return None
    known = ~np.isnan(encoded.votes).any(axis=1)
    logs = np.log(np.clip(emotions[known], MIN_PROBABILITY, 1.0))
    return float(-(encoded.votes[known] * logs).sum(axis=1).mean()) if known.any() else None


def _ties(encoded: Encoded) -> int | None:
    if encoded.votes is None or np.isnan(encoded.votes).all():
        return None
    votes = encoded.votes[~np.isnan(encoded.votes).any(axis=1)]
    return int(((votes == votes.max(axis=1, keepdims=True)).sum(axis=1) > 1).sum())


def _by_group(view: _View, emotions: Probabilities) -> dict[str, Headline]:
    people = CORPORA[view.corpus].people if view.corpus in CORPORA else None
    if people is None:
        return {}
    names = np.asarray([people(group) for group in view.encoded.groups])
    found = {}
    for name in sorted(set(names)):
        rows = np.flatnonzero(names == name)
        figures = _headline(view.encoded.rows(rows), view.encoded.emotions[rows], emotions[rows])
        if figures is not None:
            found[str(name)] = figures
    return found
