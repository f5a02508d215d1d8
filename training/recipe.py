"""A recipe: everything that decides how a bundle is trained, read from TOML and checked."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from model.contract import MODALITIES, Modality


class ModalityRecipe(BaseModel):
    """How one modality's encoder and head are trained. The augmentations are off unless asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    corpus: str
    folder: str
    public_encoder: str | None = None
    width: int | None = None
    epochs: int
    batch: int
    learning_rate: float
    head_learning_rate: float
    weight_decay: float
    label_smoothing: float
    average_decay: float
    transfer: float = 1.0  # how much of its held-out reliability is expected on ordinary video: declared
    token_dropout: float = 0.0
    mask_frames: int = 0
    mask_mels: int = 0
    pitch_shift_mels: int = 0
    rotate_degrees: float = 0.0
    scale: float = 0.0
    shift: float = 0.0


class Recipe(BaseModel):
    """A bundle's name and licence, and a section for each modality it has."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    version: str
    licence: str
    seed: int
    text: ModalityRecipe | None = None
    audio: ModalityRecipe | None = None
    video: ModalityRecipe | None = None
    face: ModalityRecipe | None = None

    @classmethod
    def read(cls, path: Path) -> "Recipe":
        return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))

    def sections(self) -> dict[Modality, ModalityRecipe]:
        found = {m: getattr(self, m) for m in MODALITIES}
        return {m: section for m, section in found.items() if section is not None}
