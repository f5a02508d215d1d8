"""Collation of examples into batches, with augmentation seeded by row numbers and epoch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from model.contract import Modality
from model.features import Sample
from model.modalities.registry import AnySpec
from training.corpora import Example
from training.corpus_recipe import CorpusRecipe, DataOptions
from training.data.batches import seed_of
from training.data.clip_concat import ClipConcat
from training.data.stage_data import NO_MARKS, StageContext, StageData
from training.modalities.registry import BY_KIND


@dataclass(frozen=True)
class Batch:
    """n utterances: for each modality the `rows` [k] that have it and their collated inputs; targets [n].

    `teacher` [n, 10] are a teacher's log-probabilities, emotions then sentiments, NaN without a teacher; `votes` [n,
    10] are vote shares, NaN for utterances with a single label; `numbers` int64 [n] are the example numbers. If
    `encoded`, the inputs are augmented outputs of the encoder's frozen part.
    """

    TARGETS = ("emotion", "sentiment")
    inputs: dict[Modality, tuple[Tensor, list[Tensor]]]
    emotions: Tensor
    sentiments: Tensor
    teacher: Tensor | None = None
    encoded: bool = False
    numbers: Tensor | None = None
    votes: Tensor | None = None


def to_batch(
    examples: Sequence[Example],
    specs: Mapping[Modality, AnySpec],
    corpus: CorpusRecipe,
    marks: Mapping[int, int | None] = NO_MARKS,
    teacher: Tensor | None = None,
    options: Sequence[DataOptions] = (),
) -> Batch:
    """Collate examples with the corpus's augmentation: dropped modalities, changed or dropped `marks`.

    `options` are those of each example's own corpus, if there are several.
    """
    each = options or [corpus] * len(examples)
    samples = [_augmented(e.sample, specs, own, marks) for e, own in zip(examples, each, strict=True)]
    modalities = [_drop_modalities(list(sample.present), corpus.modality_dropout) for sample in samples]
    inputs: dict[Modality, tuple[Tensor, list[Tensor]]] = {}
    for modality, spec in specs.items():
        rows = [i for i, present in enumerate(modalities) if modality in present]
        if rows:
            inputs[modality] = torch.tensor(rows), spec.collate([samples[i].get(modality) for i in rows])
    emotions, sentiments = (torch.tensor([getattr(e, kind) for e in examples]) for kind in Batch.TARGETS)
    return Batch(inputs, emotions, sentiments, teacher)


def _augmented(
    sample: Sample, specs: Mapping[Modality, AnySpec], corpus: DataOptions, marks: Mapping[int, int | None]
) -> Sample:
    """Augment a sample's inputs with its corpus's options."""
    recipes = {m: BY_KIND[specs[m].kind] for m in sample.present if m in specs}
    return Sample(**{m: recipe.vary(sample.get(m), corpus, marks) for m, recipe in recipes.items()})


def _drop_modalities(present: list[Modality], dropout: float) -> list[Modality]:
    if dropout == 0 or len(present) < 2:
        return present
    kept = [m for m in present if float(torch.rand(())) >= dropout]
    return kept or [present[int(torch.randint(0, len(present), ()))]]


class BatchCollator:
    """Collate function of a stage's training. The trainer sets `epoch`."""

    def __init__(self, context: StageContext, data: StageData, variants: Tensor | None = None) -> None:
        """`variants` are those of `engine.variants`, to train on cached encoder outputs."""
        self._context, self._data, self._variants = context, data, variants
        self._options = data.options_of_each(context.stage)
        self._concat = ClipConcat(data.train, [o.join_share for o in self._options], data.source_of_each)
        self.epoch = 0

    def __call__(self, rows: list[int]) -> Batch:
        data, corpus = self._data, self._context.corpus
        soft = None if data.teacher is None else data.teacher[rows]
        votes = None if data.votes is None else data.votes[rows]
        numbers = torch.tensor(rows)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(self._context.recipe.seed, self.epoch, *rows))
            if self._variants is None:
                examples = [self._concat(i) for i in rows]
                options = [self._options[i] for i in rows]
                batch = to_batch(examples, self._context.specs, corpus, data.marks, soft, options)
                return replace(batch, numbers=numbers, votes=votes)
            chosen = self._variants[torch.randint(len(self._variants), (len(rows),)), numbers]
        emotions, sentiments = (torch.tensor([getattr(data.train[i], k) for i in rows]) for k in Batch.TARGETS)
        (modality,) = self._context.modalities
        inputs = {modality: (torch.arange(len(rows)), [chosen])}
        return Batch(inputs, emotions, sentiments, soft, encoded=True, numbers=numbers, votes=votes)
