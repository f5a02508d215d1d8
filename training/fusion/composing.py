"""Composed items: people's labels of an utterance, and a real sample of the right label for each modality.

A row of judgments says what people called the words, the voice, the face, and all together. Each modality's slot is
filled with a sample whose label means the same: a corpus labeled from the words alone is drawn by the row's label for
the words, one labeled from everything by the row's label for all together, one whose labels are the actor's intentions
by the row's label for its modality. The target is what people called everything together. So a fusion meets people's
way of combining and the encoders' real errors at once, without a clip that has both. It is not the same as real
clips: words, voice and face of an item come from different people.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from model.contract import EMOTIONS, Modality
from training.corpora.base import Labels
from training.evaluation.confidence import Floats, Targets
from training.evaluation.scoring import Encoded, Rows, joined
from training.fusion.judgments import Column, Judgments

MISSING = -1
MODALITY_COLUMNS: dict[Modality, Column] = {"text": "text", "audio": "audio", "face": "face"}


@dataclass(frozen=True)
class Pool:
    """Encoded samples of one corpus that fill a slot; `labels` says what their labels were given from.

    `degraded` are the same samples, in the same order, as video spoils them (training.fusion.degrading).
    """

    corpus: str
    modality: Modality
    labels: Labels
    samples: Encoded
    origin: str = ""  # the recordings that the samples are of, where several pools share them; else the corpus
    left_out: bool = False  # whether a network predicted them that learned without the corpus
    degraded: Encoded | None = None

    @property
    def voices(self) -> str:
        """The name that pools of the same recordings share; they are left out together."""
        return self.origin or self.corpus

    @property
    def column(self) -> Column:
        """Which of people's labels the samples are drawn by."""
        return MODALITY_COLUMNS[self.modality] if self.labels == "intended" else self.labels

    def rows(self, chosen: Rows) -> "Pool":
        """The same corpus with some of its samples."""
        spoiled = None if self.degraded is None else self.degraded.rows(chosen)
        return replace(self, samples=self.samples.rows(chosen), degraded=spoiled)

    def as_in_video(self) -> "Pool":
        """The same corpus with its samples twice, as they are and degraded."""
        if self.degraded is None:
            return self
        return replace(self, samples=joined([self.samples, self.degraded]), degraded=None)

    def spoiled(self) -> "Pool":
        """The same corpus with its degraded samples alone, where it has any."""
        return self if self.degraded is None else replace(self, samples=self.degraded, degraded=None)

    def by_class(self) -> list[Rows]:
        """The samples of each emotion."""
        return [np.flatnonzero(self.samples.emotions == e) for e in range(len(EMOTIONS))]


def as_in_video(pools: Iterable[Pool]) -> tuple[Pool, ...]:
    """The pools with their samples twice, as they are and degraded."""
    return tuple(pool.as_in_video() for pool in pools)


@dataclass(frozen=True)
class Drawn:
    """For n rows of judgments the sample in each slot: pool [n, modalities] and sample [n, modalities], or MISSING."""

    modalities: tuple[Modality, ...]
    pool: npt.NDArray[np.int64]
    sample: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Soft:
    """P(heard | intended) [7, 7]: a sample with an intended label is drawn as people may have heard it."""

    perceived: Floats


def draw(judgments: Judgments, pools: Sequence[Pool], seed: int, soft: Soft | None = None) -> Drawn:
    """Fill every slot of every row; corpora of one modality take equal shares of the rows, classes permitting.

    A row whose label no pool of a modality has gets nothing in that slot. With `soft`, pools of intended labels are
    drawn by what people hear in them.
    """
    rng = np.random.default_rng(seed)
    modalities = tuple(m for m in MODALITY_COLUMNS if any(p.modality == m for p in pools))
    found = Drawn(
        modalities,
        np.full((len(judgments), len(modalities)), MISSING),
        np.full((len(judgments), len(modalities)), MISSING),
    )
    for slot, modality in enumerate(modalities):
        own = [i for i, pool in enumerate(pools) if pool.modality == modality]
        turn = rng.permutation(len(judgments)) % len(own)
        for place in range(len(own)):  # whose turn it is, then the others in order, where it lacks the class
            choice = np.asarray(own)[(turn + place) % len(own)]
            for number in own:
                open_rows = np.flatnonzero((found.sample[:, slot] == MISSING) & (choice == number))
                labels = judgments.labels[pools[number].column][open_rows]
                found.sample[open_rows, slot] = _samples(pools[number], labels, rng, soft)
                filled = open_rows[found.sample[open_rows, slot] != MISSING]
                found.pool[filled, slot] = number
    return found


def compose(judgments: Judgments, sentiments: Targets, pools: Sequence[Pool], drawn: Drawn) -> Encoded:
    """The drawn rows as items for scoring and fitting; `units` names the samples that repeat among them.

    sentiments [n] are indices, or IGNORED.
    """
    network = pools[0].samples.modalities
    n = len(judgments)
    logits = torch.zeros(n, len(network), pools[0].samples.logits.shape[2])
    present = torch.zeros(n, len(network), dtype=torch.bool)
    embeddings = [torch.zeros(n, e.shape[1]) for e in pools[0].samples.embeddings]
    units: dict[str, npt.NDArray[np.object_]] = {}
    for slot, modality in enumerate(drawn.modalities):
        column = network.index(modality)
        unit = np.asarray([f"no {modality} {row}" for row in range(n)], dtype=object)
        for number, rows in _filled(drawn, slot):
            chosen, samples = drawn.sample[rows, slot], pools[number].samples
            index = torch.from_numpy(rows)
            logits[index, column] = samples.logits[torch.from_numpy(chosen), column]
            embeddings[column][index] = samples.embeddings[column][torch.from_numpy(chosen)]
            present[index, column] = True
            unit[rows] = [f"{pools[number].corpus}: {samples.groups[i]}" for i in chosen]
        units[modality] = unit
    return Encoded(
        modalities=network,
        embeddings=tuple(embeddings),
        logits=logits,
        present=present,
        emotions=judgments.emotions,
        sentiments=sentiments,
        groups=judgments.dialogues,
        contents=("",) * n,
        words=("",) * n,
        units={name: tuple(unit) for name, unit in units.items()},
    )


def missing(judgments: Judgments, pools: Sequence[Pool]) -> dict[Modality, dict[str, int]]:
    """For each modality, how many rows have a label that none of its corpora has, by label."""
    counts: dict[Modality, dict[str, int]] = {}
    for modality in dict.fromkeys(p.modality for p in pools):
        own = [p for p in pools if p.modality == modality]
        lacking = np.ones(len(judgments), dtype=np.bool_)
        for pool in own:
            has = np.asarray([len(rows) > 0 for rows in pool.by_class()])
            lacking &= ~has[judgments.labels[pool.column]]
        labels = judgments.labels[MODALITY_COLUMNS[modality]][lacking]
        counts[modality] = {
            EMOTIONS[e]: int(n) for e, n in enumerate(np.bincount(labels, minlength=len(EMOTIONS))) if n
        }
    return counts


def _samples(pool: Pool, labels: Targets, rng: np.random.Generator, soft: Soft | None) -> Rows:
    """A sample for each label [n], or MISSING where the pool has none of it."""
    tables = pool.by_class()
    chosen = np.full(len(labels), MISSING)
    if soft is not None and pool.labels == "intended":
        labels = _intended(labels, tables, rng, soft)
    for emotion, table in enumerate(tables):
        rows = np.flatnonzero(labels == emotion)
        if len(table) and len(rows):
            chosen[rows] = rng.choice(table, len(rows))
    return chosen


def _intended(labels: Targets, tables: Sequence[Rows], rng: np.random.Generator, soft: Soft) -> Targets:
    """For what was perceived [n], what was intended: by Bayes' rule, each emotion that the pool has intended alike."""
    has = np.asarray([len(table) > 0 for table in tables], dtype=np.float64)
    intended = np.full(len(labels), MISSING)
    for perceived in np.unique(labels):
        chances = soft.perceived[:, perceived] * has
        rows = np.flatnonzero(labels == perceived)
        if chances.sum() > 0:
            intended[rows] = rng.choice(len(EMOTIONS), len(rows), p=chances / chances.sum())
    return intended


def _filled(drawn: Drawn, slot: int) -> Iterator[tuple[int, Rows]]:
    """The pools that fill a slot, each with the rows that it fills."""
    for number in np.unique(drawn.pool[:, slot]):
        if number != MISSING:
            yield int(number), np.flatnonzero(drawn.pool[:, slot] == number)


def shares(pools: Sequence[Pool]) -> Mapping[str, int]:
    """How many samples each corpus gives."""
    return {f"{pool.modality}: {pool.corpus}": len(pool.samples) for pool in pools}
