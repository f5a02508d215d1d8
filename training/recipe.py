"""A recipe: everything that decides how a bundle is trained, read from TOML and checked.

`[corpora.NAME]` says how a corpus is learned, `[MODALITY]` which corpus teaches a modality and how. Modalities
of one corpus are trained together, as one stage: their utterances have them all.
"""

import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from model.contract import MODALITIES, Modality

STARTER = Path(__file__).resolve().parent / "starter.toml"
HEARING = ("conv1", "conv2", "blocks")  # VoiceEncoder.pretrained, by name: what variants keep is their work


class RecipeError(ValueError):
    """A recipe is missing or wrong; the message is one line, without the file's name."""


class CorpusRecipe(BaseModel):
    """How one corpus is learned. What varies or weighs the data is off unless asked for."""

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
    join_share: float = 0.0  # of the sounds that come with another of the same speaker and emotion behind them
    variants: int = 0  # of each sound, through a frozen encoder once and kept; 0: new ones every epoch
    folds: int = 0  # of its groups, to calibrate by what is said of each without it; 0: by the held-out split
    context_dropout: float = 0.0  # chance of an utterance to come without what was said before it
    plain_share: float = 0.0  # of the epochs' words that come without case and punctuation
    remembered_share: float = Field(default=0.0, ge=0.0, lt=1.0)  # of the loss at the end: see training.remembered
    teacher: str | None = None  # whose soft labels join the corpus's own: an entry of training.teachers
    teachers: int = Field(default=1, gt=0)  # their judgements are averaged; every second one reads utterances alone
    teacher_share: float = 0.5  # of the loss


class ModalityRecipe(BaseModel):
    """One modality's encoder, and how it learns. The augmentations are off unless asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    corpus: str
    public_encoder: str | None = None  # entry of model.weights.CATALOGUE that the encoder starts from
    config: dict[str, Any] | None = None  # its shape, where it differs from the default or starts from nothing
    width: int | None = None  # of a face encoder
    frozen: tuple[str, ...] = ()  # parts of the encoder that stay as they are, batch norms included
    learning_rate: float
    head_learning_rate: float
    transfer: float = 1.0  # how much of its held-out reliability is expected on ordinary video: declared
    token_dropout: float = 0.0
    varied_share: float = 1.0  # of the sounds; the others are learned as they are
    mask_frames: int = 0
    mask_mels: int = 0
    shift_mels: int = 0
    stretch: float = 0.0
    equalise: float = 0.0
    noise: float = 0.0
    mixup: float = 0.0
    rotate_degrees: float = 0.0
    scale: float = 0.0
    shift: float = 0.0
    erase: float = 0.0
    crop: float = Field(default=1.0, gt=0.0, le=1.0)  # side of the part of a face to learn from; serving sees all
    flip_clips: bool = False


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
    """How the additive fusion is fitted where no corpus has several modalities of one utterance."""

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
    """What is trained together: a corpus and the modalities it teaches."""

    corpus: str
    modalities: tuple[Modality, ...]
    how: CorpusRecipe

    @property
    def name(self) -> str:
        return "-".join(self.modalities)


class Recipe(BaseModel):
    """A bundle's name and licence, a section for each modality it has, and one for each corpus."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    version: str
    licence: str  # what it allows; the corpora's own licences are added to it: see training.licence
    seed: int
    precision: Literal["auto", "bf16", "no"] = "auto"  # auto: bf16 where the hardware multiplies it itself
    corpora: dict[str, CorpusRecipe]
    fusion: FusionRecipe | None = None
    text: ModalityRecipe | None = None
    audio: ModalityRecipe | None = None
    video: ModalityRecipe | None = None
    face: ModalityRecipe | None = None

    @classmethod
    def read(cls, path: Path) -> "Recipe":
        """A recipe from TOML, or from the same in JSON. Raises RecipeError."""
        try:
            text = path.read_text(encoding="utf-8")
            return cls.model_validate(json.loads(text) if path.suffix == ".json" else tomllib.loads(text))
        except ValidationError as error:
            found = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise RecipeError(found) from error
        except (OSError, ValueError) as error:
            raise RecipeError(getattr(error, "strerror", None) or str(error)) from error

    @model_validator(mode="after")
    def _what_is_remembered_was_seen_unmixed(self) -> "Recipe":
        for stage in self.stages():
            several = len(stage.modalities) > 1
            if stage.how.remembered_share and (several or self.sections()[stage.modalities[0]].mixup):
                raise ValueError(f"{stage.corpus}: remembered_share is for one modality, without mixup")
        return self

    @model_validator(mode="after")
    def _folds_cost_no_encoder(self) -> "Recipe":
        for stage in self.stages():
            if stage.how.folds == 1 or (stage.how.folds and not stage.how.variants):
                raise ValueError(f"{stage.corpus}: folds are two or more, and for sounds of which variants are kept")
        return self

    @model_validator(mode="after")
    def _variants_are_of_what_stays_as_it_is(self) -> "Recipe":
        for stage in self.stages():
            if not stage.how.variants:
                continue
            if stage.modalities != ("audio",) or not set(HEARING) <= set(self.sections()["audio"].frozen):
                frozen = ", ".join(HEARING)
                raise ValueError(f"{stage.corpus}: variants are of sounds alone, by an encoder with {frozen} frozen")
        return self

    @model_validator(mode="after")
    def _sounds_are_mixed_and_nothing_else(self) -> "Recipe":
        for stage in self.stages():
            if stage.modalities != ("audio",) and any(self.sections()[m].mixup for m in stage.modalities):
                raise ValueError(f"{stage.corpus}: mixup is for sounds in a stage of their own")
        return self

    @model_validator(mode="after")
    def _every_corpus_is_described(self) -> "Recipe":
        used = {section.corpus for section in self.sections().values()}
        if used != set(self.corpora):
            raise ValueError(f"the modalities learn from {sorted(used)}, the corpora are {sorted(self.corpora)}")
        return self

    def sections(self) -> dict[Modality, ModalityRecipe]:
        found = {m: getattr(self, m) for m in MODALITIES}
        return {m: section for m, section in found.items() if section is not None}

    def folders(self) -> list[str]:
        """Everything under --data that following the recipe takes: folders of corpora, and files of judgments."""
        found = [corpus.folder for corpus in self.corpora.values()]
        if self.fusion is not None:
            found += [self.fusion.judgments, *(slot.folder for slot in self.fusion.slots)]
        return list(dict.fromkeys(found))

    def digest(self, stage: Stage) -> str:
        """Of everything here that decides how a stage comes out; what it leaves alone (a later option) changes none."""
        sections = {m: self.sections()[m].model_dump_json(exclude_defaults=True) for m in stage.modalities}
        how = stage.how.model_dump_json(exclude_defaults=True)
        return hashlib.sha256(f"{self.seed}{self.precision}{how}{sections}".encode()).hexdigest()

    def stages(self) -> list[Stage]:
        """One for each corpus, in the order of the recipe."""
        sections = self.sections()
        return [
            Stage(corpus, tuple(m for m in sections if sections[m].corpus == corpus), how)
            for corpus, how in self.corpora.items()
        ]
