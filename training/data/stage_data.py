"""Context and data of training one stage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import torch
from torch import Tensor

from model.contract import Modality
from model.modalities.base import Tokenizer
from model.modalities.registry import SPECS, AnySpec
from model.network import Calibration
from training.corpora import CORPORA, Example, Split
from training.corpus_recipe import DataOptions
from training.data.batches import Mixture
from training.modalities.base import ModalityRecipe
from training.recipe import CorpusRecipe, Recipe, Source, Stage

NO_MARKS: Mapping[int, int | None] = MappingProxyType({})


def read_split(source: Source, data: Path, split: Split, tokenizer: Tokenizer | None) -> Sequence[Example]:
    """Read one split of a recipe's corpus, whose folder is in `data`. Raises the reader's errors."""
    return CORPORA[source.corpus].read(data / source.options.folder, split, tokenizer)


@dataclass(frozen=True)
class StageContext:
    """One stage of a recipe with its folders.

    `data` contains the corpora's folders, `work` stores checkpoints and trained stages; `device` is auto, cpu or cuda.
    """

    recipe: Recipe
    stage: Stage
    data: Path
    work: Path
    device: str = "auto"

    @property
    def name(self) -> str:
        return self.stage.name

    @property
    def modalities(self) -> tuple[Modality, ...]:
        return self.stage.modalities

    @property
    def corpus(self) -> CorpusRecipe:
        """Training options of the stage, in its corpus's section."""
        return self.stage.corpus_config

    def mixture(self, sizes: Sequence[int]) -> Mixture:
        """Return the mixture of the stage's corpora, given their numbers of training examples."""
        shares = tuple(source.share for source in self.stage.sources[1:])
        return Mixture(tuple(sizes), shares, self.recipe.seed)

    @cached_property
    def sections(self) -> dict[Modality, ModalityRecipe]:
        """Recipe sections of the stage's modalities."""
        sections = self.recipe.sections()
        return {m: sections[m] for m in self.modalities}

    @cached_property
    def specs(self) -> dict[Modality, AnySpec]:
        """Specs of the modalities' encoders."""
        return {m: SPECS[section.kind] for m, section in self.sections.items()}

    def without(self, corpus: str) -> "StageContext":
        """Return the stage without one of its corpora, with a subfolder of `work`."""
        return replace(self, stage=self.stage.without(corpus), work=self.work / f"without-{corpus}")

    def within(self, folder: str) -> "StageContext":
        """Return the stage with a subfolder of `work`."""
        return replace(self, work=self.work / folder)


@dataclass(frozen=True)
class StageData:
    """Training data of one stage with n training examples.

    `priors` are the effective training priors, `dev` the examples to score on during training, `marks` the punctuation
    tokens (base.Tokenizer), `teacher` a teacher's log-probabilities [n, 10] (NaN without a teacher), `votes` the vote
    shares [n, 10] (NaN for examples with a single label), and `variants` cached outputs of `engine.variants`. With
    several corpora (Stage.sources), `train` is their concatenation and `sizes` their numbers of examples; likewise
    `dev` and `dev_sizes`.
    """

    train: Sequence[Example]
    priors: Calibration
    dev: Sequence[Example] = ()
    marks: Mapping[int, int | None] = field(default_factory=dict)
    teacher: Tensor | None = None
    votes: Tensor | None = None
    variants: Tensor | None = None
    sizes: tuple[int, ...] = ()
    dev_sizes: tuple[int, ...] = ()

    @property
    def source_sizes(self) -> tuple[int, ...]:
        """Number of training examples of each corpus."""
        return self.sizes or (len(self.train),)

    def of_sources(self, numbers: Sequence[int]) -> list[int]:
        """Return the rows of the training examples of the corpora with these numbers."""
        return [row for row, number in enumerate(self.source_of_each) if number in numbers]

    def rows(self, chosen: Sequence[int], sizes: Sequence[int], priors: Calibration) -> "StageData":
        """Select training examples, `sizes` of each corpus, to train another network on."""
        index = torch.tensor(chosen)
        return StageData(
            train=[self.train[row] for row in chosen],
            priors=priors,
            marks=self.marks,
            teacher=None if self.teacher is None else self.teacher[index],
            votes=None if self.votes is None else self.votes[index],
            variants=None if self.variants is None else self.variants[:, index],
            sizes=tuple(sizes),
        )

    @property
    def source_of_each(self) -> list[int]:
        """Number of each training example's corpus."""
        return [number for number, size in enumerate(self.source_sizes) for _ in range(size)]

    def options_of_each(self, stage: Stage) -> list[DataOptions]:
        """Return the corpus options of each training example."""
        return [stage.sources[number].options for number in self.source_of_each]

    @property
    def dev_parts(self) -> list[Sequence[Example]]:
        """Examples to score on, for each corpus that has any."""
        sizes = self.dev_sizes or (len(self.dev),)
        ends = [sum(sizes[: number + 1]) for number in range(len(sizes))]
        return [self.dev[end - size : end] for size, end in zip(sizes, ends, strict=True) if size]
