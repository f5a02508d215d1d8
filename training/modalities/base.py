"""Options and methods that every modality's section of a recipe has."""

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
    """Training options of one modality's encoder. Subclasses add options; augmentations are off by default."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    modality: ClassVar[Modality]
    kind: ClassVar[str]  # of the encoder: see model.modalities
    # Options of the modality's corpus that are about this modality: an error where the corpus teaches others.
    corpus_options: ClassVar[tuple[str, ...]] = ()
    # Parts of the encoder that must be frozen for what they make of an input to be kept (CorpusRecipe.variants).
    kept_parts: ClassVar[tuple[str, ...]] = ()
    # Options that `augment` follows, of a modality of which variants are kept: an error where none is augmented.
    input_options: ClassVar[tuple[str, ...]] = ()
    # Options that are part of another, which must be set for them to have an effect.
    needed_options: ClassVar[Mapping[str, str]] = {}
    is_cached: ClassVar[bool] = True  # whether the feature cache holds something of it

    corpus: str
    encoder: str | None = None  # kind of encoder, for a modality that has several; the default's where none is named
    public_encoder: str | None = None  # entry of model.modalities.WEIGHTS that the encoder starts from
    frozen: tuple[str, ...] = ()  # parts of the encoder that stay as they are, batch norms included
    learning_rate: float = Field(ge=0.0)  # of the encoder
    head_learning_rate: float = Field(gt=0.0)
    transfer: float = Field(
        default=1.0, gt=0.0, le=1.0
    )  # how much of its held-out reliability is expected on ordinary video: declared

    @field_validator("encoder")
    @classmethod
    def _encoder_is_this_one(cls, encoder: str | None) -> str | None:
        if encoder not in (None, cls.kind):
            raise ValueError(f"{encoder!r} is not an encoder of {cls.modality}; that is {cls.kind!r}")
        return encoder

    @field_validator("public_encoder")
    @classmethod
    def _public_encoder_is_of_this_kind(cls, name: str | None) -> str | None:
        known = [entry.name for entry in WEIGHTS.get(cls.kind, ())]
        if name is not None and not known:
            raise ValueError(f"there are no public weights of {cls.modality} to start from; leave public_encoder out")
        if name is not None and name not in known:
            raise ValueError(f"{name!r} is no public encoder of {cls.modality}; those are {', '.join(known)}")
        return name

    @model_validator(mode="after")
    def _options_have_what_they_need(self) -> Self:
        asked = self.model_dump(include=set(self.needed_options), exclude_defaults=True)
        for option, needed in self.needed_options.items():
            if option in asked and not getattr(self, needed):
                raise ValueError(f"{option}: has no effect without {needed}; set {needed} too, or leave it out")
        return self

    @property
    def encoder_options(self) -> Mapping[str, Any]:
        """The shape of the encoder, where it differs from the default's or the public encoder's."""
        return {}

    @property
    def mixup_alpha(self) -> float:
        """Parameter of mixup's Beta distribution (Zhang et al. 2018); 0 for none."""
        return 0.0

    def varied_options(self) -> list[str]:
        """Return the `input_options` that this section asks for."""
        asked = self.model_dump(include=set(self.input_options), exclude_defaults=True)
        return [option for option in self.input_options if option in asked]

    def calmed(self) -> Self:
        """The section without the augmentations that make inputs no real utterance looks like."""
        return self

    def augment(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """A collated batch, varied as this section asks; what says whose an input is stays."""
        return list(inputs)

    @staticmethod
    def vary(value: Any, corpus: DataOptions, marks: Mapping[int, int | None]) -> Any:  # noqa: ARG004  (for those that do)
        """Augment one example's input, as its corpus's recipe asks. `marks` are those of the tokenizer."""
        return value

    @staticmethod
    def pack(evidence: Evidence, spec: AnySpec) -> npt.NDArray[np.generic] | None:
        """Return the cached form of an utterance's input: the tensor in float16; None without this modality."""
        tensor = spec.prepare(evidence)
        return None if tensor is None else tensor.half().numpy()

    @staticmethod
    def unpack(kept: npt.NDArray[np.generic], spec: AnySpec) -> Any:  # noqa: ARG004  (for those that prepare it here)
        """The encoder's input from what `pack` kept."""
        import torch

        return torch.tensor(kept, dtype=torch.float32)
