"""Interface of modalities and their encoders."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from model.contract import Modality
from model.features import Evidence, Tokens


class EncoderError(ValueError):
    """Public weights or options do not match an encoder's configuration."""


class EncoderConfig(BaseModel):
    """Shape of an encoder. Each subclass has its own `kind: Literal[...] = ...`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: str


ConfigT = TypeVar("ConfigT", bound=EncoderConfig)
InputT = TypeVar("InputT")


class Encoder(nn.Module):
    """Network that maps a batch of one modality's inputs to embeddings [n, width]."""

    width: int

    def encode(self, inputs: Sequence[Tensor], count: int) -> Tensor:  # noqa: ARG002  (for overrides)
        """Map the collated inputs of `count` utterances to [count, width]."""
        embedding: Tensor = self(*inputs)
        return embedding

    def pretrained(self) -> list[nn.Module]:
        """Return the parts that public weights initialize, and that run in half precision if that is fast."""
        return []

    def public_state(self, folder: Path) -> Mapping[str, Tensor]:
        """Read public weights in `folder` by this encoder's names; additional ones are allowed. Raises EncoderError."""
        raise EncoderError(f"{type(self).__name__} supports no public weights (requested: {folder.name})")


class TwoStageEncoder(Encoder):
    """Encoder with a pretrained first stage, whose output can be cached for training."""

    def forward(self, *inputs: Tensor) -> Tensor:
        """Map the collated inputs of n utterances to [n, width]."""
        return self.embed(self.statistics(*inputs))

    def statistics(self, *inputs: Tensor) -> Tensor:
        """Run the pretrained stage on collated inputs; return float32 [n, ...]."""
        raise NotImplementedError

    def embed(self, statistics: Tensor) -> Tensor:
        """Map `statistics` [n, ...] to embeddings [n, width]."""
        raise NotImplementedError


@dataclass(frozen=True)
class Slice:
    """Part of an input: its row in the batch, and the time steps from `start` to before `end`."""

    row: int
    start: int
    end: int


class TimedEncoder(Encoder):
    """Encoder that pools over time at the end, so that slices of its inputs take hardly any further computation."""

    def encode_slices(self, inputs: Sequence[Tensor], count: int, slices: Sequence[Slice]) -> tuple[Tensor, Tensor]:
        """Map collated inputs to [count, width], as `encode` does, and slices of them to [slices, width].

        A slice of all time steps has the embedding of its input.
        """
        raise NotImplementedError


class Tokenizer(Protocol):
    """Tokenizer of a text encoder."""

    @property
    def marks(self) -> Mapping[int, int | None]:
        """Punctuation tokens, each with the token that a transcriber writes instead; None for nothing."""

    def __call__(self, text: str, context: Sequence[str] = ()) -> Tokens | None:
        """Tokenize `text` after its dialogue context, oldest utterance first; None if it has no tokens."""


def _validated(spec: "ModalitySpec[ConfigT, Any]", options: Mapping[str, Any], _: str | None) -> ConfigT:
    return spec.config.model_validate(options)  # public weights do not affect it


@dataclass(frozen=True, kw_only=True)
class ModalitySpec(Generic[ConfigT, InputT]):
    """Specification of a modality: its encoder, its preprocessing and its batching."""

    modality: Modality
    config: type[ConfigT]
    encoder: Callable[[ConfigT], Encoder]
    preprocess_id: str  # identifies the output of `prepare`; changes with the preprocessing
    reads: str  # field of Evidence that `prepare` uses
    prepare: Callable[[Evidence], InputT | None]  # None if the evidence lacks this modality
    collate: Callable[[Sequence[InputT]], list[Tensor]]  # the encoder's arguments, padded to the longest input
    batch: int  # maximum number of utterances per batch, which bounds memory
    size: Callable[[InputT], int] = lambda _: 0  # length of an input; inputs of similar length are batched
    layout: torch.memory_format | None = None  # fastest memory format of the encoder's convolutions
    cpu_autocast: bool = True  # supports training in half precision on a CPU
    tokenizer: Callable[[Path], Tokenizer] | None = None  # for text, from the folder of a catalog entry
    default_tokenizer: str | None = None  # catalog entry, for an encoder without public weights
    # (spec, a recipe's options, catalog entry that the encoder is initialized from) -> the encoder's configuration
    configure: Callable[["ModalitySpec[ConfigT, InputT]", Mapping[str, Any], str | None], ConfigT] = _validated

    @property
    def kind(self) -> str:
        """Name of this encoder in configurations and recipes."""
        return str(self.config.model_fields["kind"].default)
