"""Definition of a modality: everything the rest of the engine uses of one."""

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
    """Public weights do not have the shape that an encoder's configuration asks for."""


class EncoderConfig(BaseModel):
    """The shape of an encoder. Each subclass has a `kind: Literal[...] = ...` that no other has."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    kind: str


ConfigT = TypeVar("ConfigT", bound=EncoderConfig)
InputT = TypeVar("InputT")


class Encoder(nn.Module):
    """A network that turns a batch of one modality's inputs into an embedding [n, width] per utterance."""

    width: int

    def encode(self, inputs: Sequence[Tensor], count: int) -> Tensor:  # noqa: ARG002  (for encoders that need it)
        """Collated inputs of `count` utterances -> [count, width]."""
        embedding: Tensor = self(*inputs)
        return embedding

    def pretrained(self) -> list[nn.Module]:
        """The parts that public weights fill, and that run in half precision where that is fast."""
        return []

    def public_state(self, folder: Path) -> Mapping[str, Tensor]:
        """Public weights in `folder` under this encoder's names; more than it has is allowed. Raises EncoderError."""
        raise EncoderError(f"{type(self).__name__} has no public weights (asked for those in {folder.name})")


class TwoStageEncoder(Encoder):
    """An encoder whose pretrained part comes first: what that makes of an input can be kept, and learned from."""

    def forward(self, *inputs: Tensor) -> Tensor:
        """Collated inputs of n utterances -> [n, width]."""
        return self.embed(self.statistics(*inputs))

    def statistics(self, *inputs: Tensor) -> Tensor:
        """Return the pretrained part's output for collated inputs, [n, ...] float32."""
        raise NotImplementedError

    def embed(self, statistics: Tensor) -> Tensor:
        """`statistics` [n, ...] -> [n, width]."""
        raise NotImplementedError


class Tokenizer(Protocol):
    """Text to tokens, as one text encoder needs them."""

    @property
    def marks(self) -> Mapping[int, int | None]:
        """The tokens that are punctuation, each with what a transcriber writes instead; None for nothing."""

    def __call__(self, text: str, context: Sequence[str] = ()) -> Tokens | None:
        """Tokens of `text` behind its dialogue context, oldest utterance first; None where it has none."""


def _validated(spec: "ModalitySpec[ConfigT, Any]", options: Mapping[str, Any], _: str | None) -> ConfigT:
    return spec.config.model_validate(options)  # public weights add nothing


@dataclass(frozen=True, kw_only=True)
class ModalitySpec(Generic[ConfigT, InputT]):
    """Specification of a modality: its encoder, how its input is made, and how both are run."""

    modality: Modality
    config: type[ConfigT]
    encoder: Callable[[ConfigT], Encoder]
    preprocess_id: str  # changes with everything that changes what `prepare` returns
    reads: str  # the field of Evidence that `prepare` needs
    prepare: Callable[[Evidence], InputT | None]  # None where the evidence holds nothing of this modality
    collate: Callable[[Sequence[InputT]], list[Tensor]]  # the encoder's arguments, padded to the longest input
    batch: int  # utterances at a time: it bounds memory
    size: Callable[[InputT], int] = lambda _: 0  # length of an input: neighbors in length share a batch
    layout: torch.memory_format | None = None  # that the encoder's convolutions are fastest in
    cpu_autocast: bool = True  # whether it may be trained in half precision on a CPU
    tokenizer: Callable[[Path], Tokenizer] | None = None  # from the folder of a catalog entry, for text
    default_tokenizer: str | None = None  # entry of weights.CATALOG, for an encoder that starts from nothing
    configure: Callable[["ModalitySpec[ConfigT, InputT]", Mapping[str, Any], str | None], ConfigT] = _validated
    # (spec, a recipe's options, entry of weights.CATALOG that the encoder starts from) -> its configuration

    @property
    def kind(self) -> str:
        """The name that configurations and recipes call this encoder by."""
        return str(self.config.model_fields["kind"].default)
