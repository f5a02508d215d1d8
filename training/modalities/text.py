"""Training options and augmentation of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from training.modalities.base import ModalityRecipe

if TYPE_CHECKING:
    from torch import Tensor

    from model.features import Tokens
    from training.recipe import CorpusRecipe


class TextRecipe(ModalityRecipe):
    """Fine-tuning a BERT, or training one from nothing."""

    modality = "text"
    kind = "bert"
    corpus_options = ("context_dropout", "plain_share", "teacher")
    is_cached = False  # words come with the corpus

    config: dict[str, Any] | None = None  # a transformers BertConfig, for a BERT that starts from nothing
    token_dropout: float = 0.0  # share of the words replaced by [MASK]

    @property
    def encoder_options(self) -> Mapping[str, Any]:
        return self.config or {}

    def augment(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        from training.data.augmentation import drop_tokens

        ids, types, mask = inputs
        return [drop_tokens(ids, types, self.token_dropout), types, mask]

    @staticmethod
    def vary(value: Tokens, corpus: CorpusRecipe, marks: frozenset[int]) -> Tokens:
        """Randomly drop the dialogue context, and randomly the punctuation, as some transcribers do."""
        from training.data.augmentation import with_chance, without_marks

        tokens = with_chance(corpus.context_dropout, value, lambda: value.alone())
        return with_chance(corpus.plain_share, tokens, lambda: without_marks(tokens, marks))


RECIPE = TextRecipe
