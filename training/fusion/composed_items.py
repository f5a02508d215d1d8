"""Composed items: people's labels of an utterance, with a real sample of a matching label for each modality.

A row of judgments has people's labels of the text, the voice, the face, and all together. Each modality's slot gets a
sample whose label has the same meaning: a corpus labeled from the text alone is drawn by the row's label of the text,
one labeled from everything by its label of all together, and one labeled by the actors' intentions by its label of the
corpus's modality. The target is people's label of all together. A fusion fitted to such items combines people's
judgments with the encoders' real errors, without clips that have several modalities. Composed items differ from real
clips: text, voice and face are from different people.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch

from model.contract import EMOTIONS, Modality
from training.corpora.base import Labels
from training.evaluation.confidence import Floats, Targets
from training.evaluation.scoring import Encoded, Rows, concatenate
from training.fusion.judgments import Column, Judgments

MISSING = -1
MODALITY_COLUMNS: dict[Modality, Column] = {"text": "text", "audio": "audio", "face": "face"}


@dataclass(frozen=True)
class Pool:
    """Encoded samples of one corpus for a slot; `labels` is the basis of their labels.

    `degraded` holds the same samples, in the same order, degraded as in video (training.fusion.degrading).
    """

    corpus: str
    modality: Modality
    labels: Labels
    samples: Encoded
    origin: str = ""  # name shared by pools of the same recordings; the corpus by default
    left_out: bool = False  # leave-one-corpus-out predictions
    degraded: Encoded | None = None

    @property
    def voices(self) -> str:
        """Name shared by pools of the same recordings, which are left out together."""
        return self.origin or self.corpus

    @property
    def column(self) -> Column:
        """Column of people's labels by which the samples are drawn."""
        return MODALITY_COLUMNS[self.modality] if self.labels == "intended" else self.labels

    def rows(self, chosen: Rows) -> "Pool":
        """Select samples."""
        degraded = None if self.degraded is None else self.degraded.rows(chosen)
        return replace(self, samples=self.samples.rows(chosen), degraded=degraded)

    def clean_and_degraded(self) -> "Pool":
        """Return the pool with clean and degraded samples."""
        if self.degraded is None:
            return self
        return replace(self, samples=concatenate([self.samples, self.degraded]), degraded=None)

    def degraded_only(self) -> "Pool":
        """Return the pool with its degraded samples, or itself if it has none."""
        return self if self.degraded is None else replace(self, samples=self.degraded, degraded=None)

    def by_class(self) -> list[Rows]:
        """Return the rows of each emotion."""
        return [np.flatnonzero(self.samples.emotions == e) for e in range(len(EMOTIONS))]


def clean_and_degraded(pools: Iterable[Pool]) -> tuple[Pool, ...]:
    """Return the pools with clean and degraded samples."""
    return tuple(pool.clean_and_degraded() for pool in pools)


@dataclass(frozen=True)
class SlotAssignment:
    """Sample in each slot of n rows: pool [n, modalities] and sample [n, modalities], or MISSING."""

    modalities: tuple[Modality, ...]
    pool: npt.NDArray[np.int64]
    sample: npt.NDArray[np.int64]


@dataclass(frozen=True)
class SoftSlots:
    """P(perceived | intended) [7, 7], to draw samples with intended labels by the emotions people perceive."""

    perceived: Floats


def draw(judgments: Judgments, pools: Sequence[Pool], seed: int, soft: SoftSlots | None = None) -> SlotAssignment:
    """Fill every slot of every row; corpora of a modality get equal shares of the rows, classes permitting.

    A slot stays MISSING if no pool of the modality has the label. With `soft`, pools of intended labels are drawn by
    what people perceive in them.
    """
    rng = np.random.default_rng(seed)
    modalities = tuple(m for m in MODALITY_COLUMNS if any(p.modality == m for p in pools))
    found = SlotAssignment(
        modalities,
        np.full((len(judgments), len(modalities)), MISSING),
        np.full((len(judgments), len(modalities)), MISSING),
    )
    for slot, modality in enumerate(modalities):
        own = [i for i, pool in enumerate(pools) if pool.modality == modality]
        turn = rng.permutation(len(judgments)) % len(own)
        for place in range(len(own)):  # the assigned pool first, then the others in order
            choice = np.asarray(own)[(turn + place) % len(own)]
            for number in own:
                open_rows = np.flatnonzero((found.sample[:, slot] == MISSING) & (choice == number))
                labels = judgments.labels[pools[number].column][open_rows]
                found.sample[open_rows, slot] = _samples(pools[number], labels, rng, soft)
                filled = open_rows[found.sample[open_rows, slot] != MISSING]
                found.pool[filled, slot] = number
    return found


def compose(judgments: Judgments, sentiments: Targets, pools: Sequence[Pool], drawn: SlotAssignment) -> Encoded:
    """Build items from a slot assignment, for scoring and fitting; `units` names the samples that repeat.

    `sentiments` [n] are indices, or IGNORED.
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


def rows_without_sample(judgments: Judgments, pools: Sequence[Pool]) -> dict[Modality, dict[str, int]]:
    """Count the rows whose label no corpus of a modality has, by modality and label."""
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


def _samples(pool: Pool, labels: Targets, rng: np.random.Generator, soft: SoftSlots | None) -> Rows:
    """Draw a sample for each label [n], or MISSING if the pool has none of the class."""
    tables = pool.by_class()
    chosen = np.full(len(labels), MISSING)
    if soft is not None and pool.labels == "intended":
        labels = _intended(labels, tables, rng, soft)
    for emotion, table in enumerate(tables):
        rows = np.flatnonzero(labels == emotion)
        if len(table) and len(rows):
            chosen[rows] = rng.choice(table, len(rows))
    return chosen


def _intended(labels: Targets, tables: Sequence[Rows], rng: np.random.Generator, soft: SoftSlots) -> Targets:
    """Draw intended emotions for perceived ones [n] by Bayes' rule, with a uniform prior over the pool's classes."""
    has = np.asarray([len(table) > 0 for table in tables], dtype=np.float64)
    intended = np.full(len(labels), MISSING)
    for perceived in np.unique(labels):
        chances = soft.perceived[:, perceived] * has
        rows = np.flatnonzero(labels == perceived)
        if chances.sum() > 0:
            intended[rows] = rng.choice(len(EMOTIONS), len(rows), p=chances / chances.sum())
    return intended


def _filled(drawn: SlotAssignment, slot: int) -> Iterator[tuple[int, Rows]]:
    """Yield the pools that fill a slot, each with its rows."""
    for number in np.unique(drawn.pool[:, slot]):
        if number != MISSING:
            yield int(number), np.flatnonzero(drawn.pool[:, slot] == number)


def sample_counts(pools: Sequence[Pool]) -> Mapping[str, int]:
    """Return the number of samples of each corpus."""
    return {f"{pool.modality}: {pool.corpus}": len(pool.samples) for pool in pools}
