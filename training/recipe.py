"""A recipe: everything that decides how a bundle is trained, read from TOML and checked.

`[corpora.NAME]` says how a corpus is learned, `[MODALITY]` which corpus teaches a modality and how. Modalities
of one corpus are trained together, as one stage: their utterances have them all.
"""

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model, model_validator

from model.contract import MODALITIES, Modality
from training.modalities.base import ModalityRecipe
from training.modalities.registry import DEFAULT_RECIPES, RECIPES, section_type

STARTER = Path(__file__).resolve().parent / "starter.toml"


class RecipeError(ValueError):
    """A recipe is missing or wrong; the message is one line, without the file's name."""


class CorpusRecipe(BaseModel):
    """Training options of one corpus. Augmentation and weighting are off by default."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    folder: str  # under --data
    epochs: int = Field(gt=0)
    batch: int = Field(gt=0)
    accumulate: int = Field(default=1, gt=0)  # batches an optimiser step adds up, for small GPUs
    warm_up: float = 0.1  # share of the steps, then a cosine down to zero
    optimiser: Literal["adamw", "sgd"] = "adamw"  # sgd: with Nesterov's momentum, for what starts from nothing
    weight_decay: float = 0.01  # of matrices and filters, not of biases and norms
    clip_gradient: float = 1.0
    label_smoothing: float = 0.0
    average_decay: float = 0.99  # of the exponential moving average of the weights, per step
    class_balance: float = Field(default=0.0, ge=0.0, lt=1.0)  # losses weigh classes by frequency ** -this
    focal: float = 0.0  # exponent of focal loss (Lin et al. 2017); 0 is cross-entropy
    score_every: int = Field(default=1, gt=0)  # epochs, and after the last: it shows the course, and costs time
    selection: float = 0.0  # share of the training groups kept to choose the best epoch by; 0: the last one
    patience: int = 3  # epochs without a better one before training stops, where there is a selection
    modality_dropout: float = 0.0  # chance of each modality of an utterance to be left out, but the last
    calm_share: float = 0.0  # of the epochs, at the end, without mixup, erasing and crops: the data as it is
    join_share: float = 0.0  # of the audio that comes with another of the same speaker and emotion behind it
    variants: int = 0  # of each input, through a frozen encoder once and kept; 0: new ones every epoch
    folds: int = 0  # of its groups, to calibrate by predictions for each without it; 0: by the held-out split
    context_dropout: float = 0.0  # chance of an utterance to come without what was said before it
    plain_share: float = 0.0  # of the epochs' words that come without case and punctuation
    remembered_share: float = Field(default=0.0, ge=0.0, lt=1.0)  # of the loss at the end: engine.self_distillation
    teacher: str | None = None  # whose soft labels join the corpus's own: an entry of training.teachers
    teachers: int = Field(default=1, gt=0)  # their predictions are averaged; every second one reads utterances alone
    teacher_share: float = 0.5  # of the loss


class SlotRecipe(BaseModel):
    """Samples of one corpus that fill a modality's slot in composed items (see training.fusion.composing)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str  # in reports
    corpus: str  # of training.corpora
    folder: str  # under --data
    split: Literal["train", "held-out", "test", "all"] = "held-out"  # never one that an encoder learned from
    home: bool = False  # whether the encoder learned from other parts of this corpus
    licence: str | None = None  # of the folder, where its format is not one corpus's own


class FusionRecipe(BaseModel):
    """Options of fitting the additive fusion where no corpus has several modalities of one utterance."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    judgments: str  # under --data: what people called words, voice, face and all together
    judgments_licence: str
    votes: str | None = None  # CREMA-D's votes: for the comparison of soft slots
    votes_licence: str | None = None
    draws: int = Field(default=3, gt=0)  # of each row
    shrink_weights: tuple[float, ...] = Field(min_length=1)  # tried beside one weight a modality
    shrink_bias: float = Field(gt=0.0)
    prior_of: tuple[str, ...] = Field(min_length=1)  # averaged: "judgments", or a corpus that a modality learned from
    slots: tuple[SlotRecipe, ...]


@dataclass(frozen=True)
class Stage:
    """Modalities that are trained together, and their corpus."""

    corpus: str
    modalities: tuple[Modality, ...]
    corpus_config: CorpusRecipe

    @property
    def name(self) -> str:
        return "-".join(self.modalities)


class _Recipe(BaseModel):
    """A bundle's name and licence, and a section for each corpus; `Recipe` adds one for each modality."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    version: str
    licence: str  # what it allows; the corpora's own licences are added to it: see training.licence
    seed: int
    precision: Literal["auto", "bf16", "no"] = "auto"  # auto: bf16 where the hardware multiplies it itself
    corpora: dict[str, CorpusRecipe]
    fusion: FusionRecipe | None = None

    @classmethod
    def read(cls, path: Path) -> Self:
        """A recipe from TOML, or from the same in JSON. Raises RecipeError."""
        try:
            text = path.read_text(encoding="utf-8")
            return cls.model_validate(json.loads(text) if path.suffix == ".json" else tomllib.loads(text))
        except ValidationError as error:
            raise RecipeError("; ".join(_in_words(e["type"], e["loc"], e["msg"]) for e in error.errors())) from error
        except (OSError, ValueError) as error:
            raise RecipeError(getattr(error, "strerror", None) or str(error)) from error

    @model_validator(mode="after")
    def _every_corpus_is_described(self) -> Self:
        used = {section.corpus for section in self.sections().values()}
        if used != set(self.corpora):
            raise ValueError(f"the modalities learn from {sorted(used)}, the corpora are {sorted(self.corpora)}")
        return self

    @model_validator(mode="after")
    def _stages_can_be_trained(self) -> Self:
        for stage in self.stages():
            sections = {m: self.sections()[m] for m in stage.modalities}
            for check in (
                _options_are_of_its_modalities,
                _folds_cost_no_encoder,
                _kept_parts_are_frozen,
                _mixup_is_alone,
            ):
                check(stage, sections)
        return self

    def sections(self) -> dict[Modality, ModalityRecipe]:
        """The section of each modality that the recipe has, in the contract's order."""
        found = {m: getattr(self, m) for m in MODALITIES}
        return {m: section for m, section in found.items() if section is not None}

    def folders(self) -> list[str]:
        """Everything under --data that following the recipe takes: folders of corpora, and files of judgments."""
        found = [corpus.folder for corpus in self.corpora.values()]
        if self.fusion is not None:
            found += [self.fusion.judgments, *(slot.folder for slot in self.fusion.slots)]
        return list(dict.fromkeys(found))

    def digest(self, stage: Stage) -> str:
        """Return a digest of all options that determine a stage's result. Options at their default change nothing."""
        sections = {m: self.sections()[m].model_dump_json(exclude_defaults=True) for m in stage.modalities}
        corpus = stage.corpus_config.model_dump_json(exclude_defaults=True)
        return hashlib.sha256(f"{self.seed}{self.precision}{corpus}{sections}".encode()).hexdigest()

    def stages(self) -> list[Stage]:
        """Return one stage for each corpus, in the recipe's order."""
        sections = self.sections()
        return [
            Stage(corpus, tuple(m for m in sections if sections[m].corpus == corpus), config)
            for corpus, config in self.corpora.items()
        ]


if TYPE_CHECKING:
    Recipe = _Recipe
else:
    Recipe = create_model(
        "Recipe",
        __base__=_Recipe,
        __module__=__name__,
        **{modality: (section_type(modality) | None, None) for modality in MODALITIES},
    )


def _in_words(kind: str, place: tuple[int | str, ...], message: str) -> str:
    """Return one line on what is wrong with a recipe; for an option that a modality lacks, also those it has."""
    modality, option = (place[0], place[-1]) if place else ("", "")
    if kind == "extra_forbidden" and modality in MODALITIES:
        chosen = next((recipe for recipe in RECIPES if recipe.kind in place[1:-1]), DEFAULT_RECIPES[modality])
        known = ", ".join(chosen.model_fields)
        return f"{modality}.{option}: {modality} has no option {option}; its options are {known}"
    return f"{'.'.join(map(str, place))}: {message}" if place else message.removeprefix("Value error, ")


def _options_are_of_its_modalities(stage: Stage, sections: Mapping[Modality, ModalityRecipe]) -> None:
    for modality, recipe in DEFAULT_RECIPES.items():
        wrong = [option for option in recipe.corpus_options if option in stage.corpus_config.model_fields_set]
        if wrong and modality not in sections:
            raise ValueError(f"{stage.corpus}: {wrong[0]} is for {modality}; it teaches {', '.join(sections)}")


def _folds_cost_no_encoder(stage: Stage, _: Mapping[Modality, ModalityRecipe]) -> None:
    if stage.corpus_config.folds == 1 or (stage.corpus_config.folds and not stage.corpus_config.variants):
        raise ValueError(f"{stage.corpus}: folds are two or more, and for audio of which variants are kept")


def _kept_parts_are_frozen(stage: Stage, sections: Mapping[Modality, ModalityRecipe]) -> None:
    """An encoder that learned would see its own first impression of everything for all of training."""
    if not stage.corpus_config.variants:
        return
    modality, section = next(iter(sections.items()))
    if not section.kept_parts:
        raise ValueError(f"{stage.corpus}: variants are kept of encoders with two stages; that of {modality} has one")
    if len(sections) > 1 or not set(section.kept_parts) <= set(section.frozen):
        kept = ", ".join(section.kept_parts)
        raise ValueError(f"{stage.corpus}: variants are of one modality alone, by an encoder with {kept} frozen")


def _mixup_is_alone(stage: Stage, sections: Mapping[Modality, ModalityRecipe]) -> None:
    """Refuse mixup where it cannot work.

    Self-distillation predicted unmixed inputs, and no two utterances have the same set of several modalities.
    """
    mixed = any(section.mixup_alpha for section in sections.values())
    if stage.corpus_config.remembered_share and (len(sections) > 1 or mixed):
        raise ValueError(f"{stage.corpus}: remembered_share is for one modality, without mixup")
    if mixed and len(sections) > 1:
        raise ValueError(f"{stage.corpus}: mixup is for audio in a stage of its own")
