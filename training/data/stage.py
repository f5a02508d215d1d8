"""Inputs of training one stage, resolved once."""

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
    """One stage of a recipe, and the folders it is trained from and in.

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
        """Section of the recipe on the stage's corpus."""
        return self.stage.corpus_config

    @property
    def folder(self) -> Path:
        """Folder of the stage's corpus."""
        return self.data / self.corpus.folder

    @cached_property
    def sections(self) -> dict[Modality, ModalityRecipe]:
        """Sections of the recipe on the stage's modalities."""
        sections = self.recipe.sections()
        return {m: sections[m] for m in self.modalities}

    @cached_property
    def specs(self) -> dict[Modality, AnySpec]:
        """Specs of the modalities' encoders."""
        return {m: SPECS[section.kind] for m, section in self.sections.items()}

    def within(self, folder: str) -> "StageContext":
        """Return the same stage with its results in a folder below `work`."""
        return replace(self, work=self.work / folder)


@dataclass(frozen=True)
class StageData:
    """Training data of one stage.

    `priors` are the class distributions that its loss trains under, `dev` the examples it is scored on meanwhile,
    `marks` the tokens that are punctuation, `teacher` a teacher's log-probabilities [n, 10] of the n training
    examples (NaN for those without any), and `variants` what `engine.variants` makes of the examples, where that is
    there already.
    """

    train: Sequence[Example]
    priors: Calibration
    dev: Sequence[Example] = ()
    marks: frozenset[int] = frozenset()
    teacher: Tensor | None = None
    variants: Tensor | None = None
