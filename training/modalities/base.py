"""Common options and methods of the recipe sections of modalities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from model.contract import Modality
from model.modalities import WEIGHTS
from training.corpus_recipe import DataOptions

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from torch import Tensor

    from model.features import Evidence
    from model.modalities.registry import AnySpec


class ModalityRecipe(BaseModel):
    """Training options of one modality's encoder. Subclasses add options; augmentation is off by default."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    modality: ClassVar[Modality]
    kind: ClassVar[str]  # of encoder, see model.modalities
    # Corpus options that apply only to this modality; an error for corpora of other modalities.
    corpus_options: ClassVar[tuple[str, ...]] = ()
    # Parts of the encoder that must be frozen so that their outputs can be cached (CorpusRecipe.variants).
    kept_parts: ClassVar[tuple[str, ...]] = ()
    # Options of `augment`, for modalities with cached variants; an error if no variant is augmented.
    input_options: ClassVar[tuple[str, ...]] = ()
    # Options that have an effect only if another one is set: option -> the other one.
    needed_options: ClassVar[Mapping[str, str]] = {}
    is_cached: ClassVar[bool] = True  # whether the feature cache stores this modality

    corpus: str
    encoder: str | None = None  # kind of encoder; the modality's default if None
    public_encoder: str | None = None  # entry of model.modalities.WEIGHTS to initialize the encoder from
    frozen: tuple[str, ...] = ()  # frozen parts of the encoder, including batch norms
    learning_rate: float = Field(ge=0.0)  # of the encoder
    head_learning_rate: float = Field(gt=0.0)
    # Declared, not measured: share of the held-out reliability that is expected on ordinary video.
    transfer: float = Field(default=1.0, gt=0.0, le=1.0)

    @field_validator("encoder")
    @classmethod
    def _encoder_is_this_one(cls, encoder: str | None) -> str | None:
        if encoder not in (None, cls.kind):
            raise ValueError(f"{encoder!r} is not an encoder of {cls.modality}; the encoder is {cls.kind!r}")
        return encoder

    @field_validator("public_encoder")
    @classmethod
    def _public_encoder_is_of_this_kind(cls, name: str | None) -> str | None:
        known = [entry.name for entry in WEIGHTS.get(cls.kind, ())]
        if name is not None and not known:
            raise ValueError(f"{cls.modality} has no public weights; remove public_encoder")
        if name is not None and name not in known:
            raise ValueError(f"{name!r} is not a public encoder of {cls.modality}; choose one of {', '.join(known)}")
        return name

    @model_validator(mode="after")
    def _dependencies_are_set(self) -> Self:
        given = self.model_dump(include=set(self.needed_options), exclude_defaults=True)
        for option, needed in self.needed_options.items():
            if option in given and not getattr(self, needed):
                raise ValueError(f"{option}: has no effect without {needed}; set {needed}, or remove it")
        return self

    @property
    def encoder_options(self) -> Mapping[str, Any]:
        """Shape of the encoder, if it differs from the default or the public encoder."""
        return {}

    @property
    def mixup_alpha(self) -> float:
        """Parameter of mixup's Beta distribution (Zhang et al. 2018); 0 for no mixup."""
        return 0.0

    def varied_options(self) -> list[str]:
        """Return the `input_options` that are set."""
        given = self.model_dump(include=set(self.input_options), exclude_defaults=True)
        return [option for option in self.input_options if option in given]

    def without_strong_augmentation(self) -> Self:
        """Return the section without augmentations that make unrealistic inputs."""
        return self

    def augment(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Augment a collated batch; tensors that map inputs to utterances are unchanged."""
        return list(inputs)

    @staticmethod
    def vary(value: Any, corpus: DataOptions, marks: Mapping[int, int | None]) -> Any:  # noqa: ARG004  (used by subclasses)
        """Augment one example's input with its corpus's options. `marks` are those of the tokenizer."""
        return value

    @staticmethod
    def pack(evidence: Evidence, spec: AnySpec) -> npt.NDArray[np.generic] | None:
        """Return the cached form of an utterance's input, the tensor in float16; None without this modality."""
        tensor = spec.prepare(evidence)
        return None if tensor is None else tensor.half().numpy()

    @staticmethod
    def unpack(packed: npt.NDArray[np.generic], spec: AnySpec) -> Any:  # noqa: ARG004  (used by subclasses)
        """Restore the encoder's input from the output of `pack`."""
        import torch

        return torch.tensor(packed, dtype=torch.float32)
