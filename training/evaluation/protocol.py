"""What is said of a bundle on a corpus: with and without items it has seen, under two priors, by modality.

A corpus has its own class frequencies: RAVDESS is near balanced, half of MELD is neutral. So figures are
given under the prior the modality was trained with ("corpus") and under the one the bundle declares for
video at large ("declared"), which is what `analyze` answers with.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel

from model.bundle import Bundle, find_bundle, load_bundle
from model.contract import EMOTIONS, SENTIMENTS, Modality
from model.network import Calibration
from training.corpora import CORPORA, IGNORED, Split
from training.data.content_hash import file_digest
from training.data.training_items import Hashes, data_hash, is_seen, load_seen
from training.evaluation.confidence import Probabilities, Targets
from training.evaluation.metrics import Figures, Headline, headline, measure
from training.evaluation.provenance import Taught, taught_of, uncalibrated
from training.evaluation.scoring import CrossFit, Encoded, Judged, judge, under_prior

Prior = Literal["corpus", "declared"]
Scope = Literal["all", "unseen"]  # every item, or those whose bytes were not in training


class Subset(BaseModel):
    """Figures with some modalities only, on the items that have them all.

    `alone` is what the one modality of a subset of one says by itself, beside the fusion: the two must agree.
    """

    modalities: tuple[Modality, ...]
    items: int
    emotion: Headline | None  # None where no item has a label, here and below
    sentiment: Headline | None
    alone: Headline | None


class Evaluation(BaseModel):
    """Figures of one bundle on one split of one corpus, under one prior."""

    bundle: str
    version: str
    weights: str  # SHA-256 of weights.safetensors
    corpus: str
    split: str
    prior: Prior
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
    subject: Subject, corpus: str, split: Split, encoded: Encoded, fit: CrossFit | None = None
) -> list[Evaluation]:
    """Score items through the fusion: all of them, then those not seen in training where that differs.

    `fit` holds the constants to use where the bundle's own were fitted on these very items.
    """
    known = subject.seen
    seen = None if known is None else is_seen(encoded.contents, known) | is_seen(encoded.words, known)
    parts: dict[Scope, Encoded] = {"all": encoded}
    if seen is not None and 0 < seen.sum() < len(encoded):
        parts["unseen"] = encoded.rows(np.flatnonzero(~seen))
    count = None if seen is None else int(seen.sum())
    priors: tuple[Prior, ...] = ("corpus", "declared")
    return [
        _evaluate(_View(subject, part, fit, CORPORA[corpus].modalities, prior), corpus, split, scope, count)
        for scope, part in parts.items()
        for prior in priors
    ]


@dataclass(frozen=True)
class _View:
    """Items, and how they are judged: by which network, with whose constants, under which prior."""

    subject: Subject
    encoded: Encoded
    fit: CrossFit | None
    modalities: Sequence[Modality]  # of the corpus
    prior: Prior

    @property
    def trained(self) -> Calibration:
        """Of the corpus's first modality that the network has: its class frequencies are the corpus's."""
        has = self.subject.bundle.network.modalities
        return self.subject.taught[next((m for m in self.modalities if m in has), has[0])].frequencies

    @property
    def same_prior(self) -> bool:
        config, trained = self.subject.bundle.network.config, self.trained
        return config.prior_emotion == trained.prior_emotion and config.prior_sentiment == trained.prior_sentiment

    def judge(self, encoded: Encoded) -> Judged:
        judged = judge(self.subject.bundle.network, encoded, self.fit)
        if self.prior == "declared" or self.same_prior:
            return judged
        config, trained = self.subject.bundle.network.config, self.trained

        def moved(emotions: Probabilities) -> Probabilities:
            return under_prior(emotions, config.prior_emotion, trained.prior_emotion)

        sentiments = under_prior(judged.sentiments, config.prior_sentiment, trained.prior_sentiment)
        return Judged(moved(judged.emotions), sentiments, {m: moved(p) for m, p in judged.alone.items()})

    def before(self) -> Judged:
        """The items judged without temperatures and offsets."""
        config = uncalibrated(self.subject.bundle.network.config, self.subject.taught)
        fit = CrossFit(dict.fromkeys(self.encoded.groups, 0), [config])
        return replace(self, fit=fit).judge(self.encoded)


def _evaluate(view: _View, corpus: str, split: Split, scope: Scope, seen: int | None) -> Evaluation:
    encoded, manifest = view.encoded, view.subject.bundle.manifest
    after, before = view.judge(encoded), view.before()
    return Evaluation(
        bundle=manifest.name,
        version=manifest.version,
        weights=view.subject.weights,
        corpus=corpus,
        split=split,
        prior=view.prior,
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
        alone=_headline(encoded, encoded.emotions, judged.alone[subset[0]]) if len(subset) == 1 else None,
    )


def _figures(
    encoded: Encoded, targets: Targets, labels: Sequence[str], after: Probabilities, before: Probabilities
) -> Figures | None:
    known = np.flatnonzero(targets != IGNORED)
    groups = [encoded.groups[i] for i in known]
    return measure(after[known], targets[known], labels, groups, before[known]) if len(known) else None


def _headline(encoded: Encoded, targets: Targets, probabilities: Probabilities) -> Headline | None:
    known = np.flatnonzero(targets != IGNORED)
    groups = [encoded.groups[i] for i in known]
    return headline(probabilities[known], targets[known], groups) if len(known) else None
