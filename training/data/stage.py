"""What training one stage follows from, resolved once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from torch import Tensor

from model.contract import Modality
from model.modalities.registry import SPECS, AnySpec
from model.network import Calibration
from training.corpora import Example
from training.modalities.base import ModalityRecipe
from training.recipe import CorpusRecipe, Recipe, Stage


@dataclass(frozen=True)
class StageContext:
    """One stage of a recipe, and where it is trained.

    `data` is the folder that holds the corpora's folders, `work` the one that keeps checkpoints and trained stages;
    `device` is auto, cpu or cuda.
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
        """How the stage's corpus is learned."""
        return self.stage.corpus_config

    @property
    def folder(self) -> Path:
        """Of the stage's corpus."""
        return self.data / self.corpus.folder

    @cached_property
    def sections(self) -> dict[Modality, ModalityRecipe]:
        """How each of the stage's modalities is learned."""
        sections = self.recipe.sections()
        return {m: sections[m] for m in self.modalities}

    @cached_property
    def specs(self) -> dict[Modality, AnySpec]:
        """What is known of each one's encoder."""
        return {m: SPECS[section.kind] for m, section in self.sections.items()}

    def within(self, folder: str) -> "StageContext":
        """The same stage, kept in a folder below `work`."""
        return replace(self, work=self.work / folder)


@dataclass(frozen=True)
class StageData:
    """What one stage learns from.

    `priors` are the class distributions that its loss trains under, `dev` the examples it is scored on meanwhile,
    `marks` the tokens that are punctuation, `teacher` a teacher's log-probabilities [n, 10] of the n training
    examples, and `variants` what `engine.variants` makes of them, where that is there already.
    """

    train: Sequence[Example]
    priors: Calibration
    dev: Sequence[Example] = ()
    marks: frozenset[int] = frozenset()
    teacher: Tensor | None = None
    variants: Tensor | None = None
