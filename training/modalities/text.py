"""Training options and augmentation of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from pydantic import model_validator

from training.corpus_recipe import DataOptions, PartialShare
from training.modalities.base import ModalityRecipe

if TYPE_CHECKING:
    from torch import Tensor

    from model.features import Tokens


class TextRecipe(ModalityRecipe):
    """Fine-tuning a BERT, or training one from scratch."""

    modality = "text"
    kind = "bert"
    corpus_options = ("context_dropout", "plain_share", "transcribed_share", "teacher")
    is_cached = False  # text comes with the corpus

    config: dict[str, Any] | None = None  # a transformers BertConfig, for training from scratch
    token_dropout: PartialShare = 0.0  # share of words replaced by [MASK]

    @model_validator(mode="after")
    def _public_encoders_have_their_shape(self) -> Self:
        if self.config is not None and self.public_encoder is not None:
            raise ValueError(
                f"config: has no effect with public_encoder = {self.public_encoder!r}, which has its own shape; "
                "remove one of them"
            )
        return self

    @property
    def encoder_options(self) -> Mapping[str, Any]:
        return self.config or {}

    def augment(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        from training.data.augmentation import drop_tokens

        ids, types, mask = inputs
        return [drop_tokens(ids, types, self.token_dropout), types, mask]

    @staticmethod
    def vary(value: Tokens, corpus: DataOptions, marks: Mapping[int, int | None]) -> Tokens:
        """Randomly drop the dialogue context, and change or drop the punctuation, as some transcribers do."""
        from training.data.augmentation import as_transcribed, with_chance, without_marks

        tokens = with_chance(corpus.context_dropout, value, lambda: value.without_context())
        transcribed = with_chance(corpus.transcribed_share, tokens, lambda: as_transcribed(tokens, marks))
        return with_chance(corpus.plain_share, transcribed, lambda: without_marks(transcribed, marks))


RECIPE = TextRecipe
