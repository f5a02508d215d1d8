"""Figures of a bundle on a corpus: under each prior, with and without items it has seen, by modality.

Every corpus has its own class frequencies: RAVDESS is near balanced, half of MELD is neutral. So figures are given
under the prior that the bundle declares for video at large ("declared"), which `analyze` predicts with; under none of
the emotions favored ("uniform"); and under the corpus's own frequencies ("corpus"): those of the split the modality
learned from where it learned from this corpus, alone or together with others, else of the items themselves.
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
from training.data.training_items import Hashes, data_hash, is_seen, load_seen
from training.evaluation.confidence import Probabilities, Targets
from training.evaluation.metrics import LEAST_PROBABILITY, Figures, Headline, headline, measure
from training.evaluation.neutral import Neutral, neutral_of
from training.evaluation.provenance import Taught, learned_from, taught_of, uncalibrated
from training.evaluation.scoring import CrossFit, Encoded, Judged, judge, under_prior

Prior = Literal["uniform", "declared", "corpus"]
Scope = Literal["all", "unseen"]  # every item, or those whose bytes were not in training


class Mean(BaseModel):
    """A figure over several draws."""

    mean: float
    deviation: float  # standard, of the draws


class Draws(BaseModel):
    """What is to be known of composed items: each row of judgments drawn once for each seed."""

    rows: int
    seeds: list[int]
    figures: dict[str, Mean]  # of the emotions
    samples: dict[str, int]  # how many each corpus gives, by modality and corpus
    without_slot: dict[Modality, dict[str, int]]  # rows whose label no corpus of the modality has, by label
    sentiment_thresholds: tuple[float, float]  # valence at or below the first is negative, from the second on positive


class Subset(BaseModel):
    """Figures with some modalities only, on the items that have them all.

    `alone` is what the one modality of a subset of one says by itself, beside the fusion: the two must agree.
    """

    modalities: tuple[Modality, ...]
    items: int
    emotion: Headline | None  # None where no item has a label, here and below
    sentiment: Headline | None
    alone: Headline | None
    neutral: Neutral | None = None


class Evaluation(BaseModel):
    """Figures of one bundle on one split of one corpus, under one prior."""

    bundle: str
    version: str
    weights: str  # SHA-256 of weights.safetensors
    corpus: str
    name: str = ""  # of the data, where a corpus's format says little ("voices")
    left_out: bool = False  # predicted by a network that learned as the bundle's did, but without this corpus
    split: str
    prior: Prior
    prior_emotion: list[float] = []  # in the order of EMOTIONS
    same_prior: bool  # whether the two priors are the same, and so all figures
    scope: Scope
    data: str  # hash of the items scored, see seen.data_hash
    seen: int | None  # how many items of the split were in training; None where the bundle keeps no hashes
    cross_fitted: bool  # whether temperatures were fitted on this split, and each item scored without its group's
    modalities: dict[Modality, int]  # how many items have each
    several: int  # items with two or more modalities: what figures of fusion are about
    items: int
    emotion: Figures | None  # None where no item has one
    sentiment: Figures | None
    neutral: Neutral | None = None
    votes_log_loss: float | None = None  # cross-entropy to the shares of people's votes, where these are known
    ties: int | None = None  # items on which two emotions have equally many votes, likewise
    by_group: dict[str, Headline] = {}  # emotions of each group of people that the corpus names (RAVDESS: sex)
    draws: Draws | None = None  # of composed items alone
    subsets: list[Subset]  # on items with several modalities, or on all where there are none


@dataclass(frozen=True)
class Subject:
    """What is evaluated: a bundle, the hash of its weights, and what is known of its training."""

    bundle: Bundle
    weights: str
    seen: Hashes | None  # what it learned from
    taught: dict[Modality, Taught]

    @classmethod
    def load(cls, name: str | Path, device: str = "cpu") -> "Subject":
        """Raises what load_bundle raises."""
        folder = find_bundle(name)
        weights = file_digest(folder / "weights.safetensors")
        bundle = load_bundle(folder, device)
        return cls(bundle, weights, load_seen(folder), taught_of(bundle.manifest))


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
    """Score items through the fusion: all of them, then those not seen in training where that differs.

    Of each, the figures under `prior` come first. `fit` holds the constants to use where the bundle's own were fitted
    on these very items. Items that a network predicted which learned without their corpus (`left_out`) are scored as
    of a corpus that nothing learned from.
    """
    known = None if left_out else subject.seen
    seen = None if known is None else is_seen(encoded.contents, known) | is_seen(encoded.words, known)
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


def predicted(subject: Subject, corpus: str, encoded: Encoded, prior: Prior) -> Judged:
    """The probabilities that `evaluate` scores."""
    modalities = CORPORA[corpus].modalities if corpus in CORPORA else encoded.modalities
    return _View(subject, encoded, None, corpus, modalities, prior).judge(encoded)


@dataclass(frozen=True)
class _View:
    """Items, and how they are judged: by which network, with whose constants, under which prior."""

    subject: Subject
    encoded: Encoded
    fit: CrossFit | None
    corpus: str
    modalities: Sequence[Modality]  # of the corpus
    prior: Prior
    name: str = ""  # of the data, where it has another than the corpus
    left_out: bool = False

    @property
    def priors(self) -> tuple[Sequence[float], Sequence[float]]:
        """The emotions' and the sentiments'."""
        config = self.subject.bundle.network.config
        if self.prior == "declared":
            return config.prior_emotion, config.prior_sentiment
        if self.prior == "uniform":
            return (1.0 / len(EMOTIONS),) * len(EMOTIONS), (1.0 / len(SENTIMENTS),) * len(SENTIMENTS)
        return self._of_corpus()

    @property
    def same_prior(self) -> bool:
        """Whether the corpus's own prior is the declared one."""
        config, (emotion, sentiment) = self.subject.bundle.network.config, self._of_corpus()
        return tuple(emotion) == config.prior_emotion and tuple(sentiment) == config.prior_sentiment

    def _of_corpus(self) -> tuple[Sequence[float], Sequence[float]]:
        has = self.subject.bundle.network.modalities
        modality = next((m for m in self.modalities if m in has), has[0])
        manifest = self.subject.bundle.manifest
        names = () if self.left_out else (self.name, self.corpus)
        home = next((n for name in names if (n := learned_from(manifest, modality, name))), None)
        if home is not None:
            frequencies = self.subject.taught[modality].of(home)
            return frequencies.prior_emotion, frequencies.prior_sentiment
        return (
            class_frequencies(self.encoded.emotions.tolist(), len(EMOTIONS)),
            class_frequencies(self.encoded.sentiments.tolist(), len(SENTIMENTS)),
        )

    def judge(self, encoded: Encoded) -> Judged:
        judged = judge(self.subject.bundle.network, encoded, self.fit)
        if self.prior == "declared" or (self.prior == "corpus" and self.same_prior):
            return judged
        config, (emotion, sentiment) = self.subject.bundle.network.config, self.priors

        def moved(emotions: Probabilities) -> Probabilities:
            return under_prior(emotions, config.prior_emotion, emotion)

        sentiments = under_prior(judged.sentiments, config.prior_sentiment, sentiment)
        return Judged(moved(judged.emotions), sentiments, {m: moved(p) for m, p in judged.per_modality.items()})

    def before(self) -> Judged:
        """The items judged without temperatures and offsets."""
        config = uncalibrated(self.subject.bundle.network.config, self.subject.taught)
        fit = CrossFit(dict.fromkeys(self.encoded.groups, 0), [config])
        return replace(self, fit=fit).judge(self.encoded)


def _evaluate(view: _View, split: Split, scope: Scope, seen: int | None) -> Evaluation:
    encoded, manifest = view.encoded, view.subject.bundle.manifest
    after, before = view.judge(encoded), view.before()
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
        modalities={m: n for m in encoded.modalities if (n := len(encoded.having([m])))},
        several=len(encoded.with_several()),
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
    """Every subset of the modalities, on those items with several that have all of it."""
    several = view.encoded.with_several()
    encoded = view.encoded.rows(several) if len(several) else view.encoded
    there = [m for m in encoded.modalities if len(encoded.having([m]))]
    for size in range(1, len(there) + 1):
        for subset in combinations(there, size):
            rows = encoded.having(subset)
            if len(rows):
                yield _subset(view, subset, encoded.rows(rows).only(subset))


def _subset(view: _View, subset: tuple[Modality, ...], encoded: Encoded) -> Subset:
    judged = view.judge(encoded)
    return Subset(
        modalities=subset,
        items=len(encoded),
        emotion=_headline(encoded, encoded.emotions, judged.emotions),
        sentiment=_headline(encoded, encoded.sentiments, judged.sentiments),
        alone=_headline(encoded, encoded.emotions, judged.per_modality[subset[0]]) if len(subset) == 1 else None,
        neutral=_neutral(encoded, judged.emotions),
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
    """Mean cross-entropy in nats to the shares of people's votes; None where no item has any."""
    if encoded.votes is None:
        return None
    known = ~np.isnan(encoded.votes).any(axis=1)
    logs = np.log(np.clip(emotions[known], LEAST_PROBABILITY, 1.0))
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
