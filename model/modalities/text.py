"""Text: BERT on the words of an utterance behind its dialogue context."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import Field
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as F

from model.compat import ensure_torchvision
from model.features import Tokens
from model.modalities.base import Encoder, EncoderConfig, EncoderError, ModalitySpec
from model.weights import catalog

# Words: [CLS] earlier utterances [SEP] utterance [SEP].
MAX_TOKENS = 128
MAX_UTTERANCE_TOKENS = 96  # what is left of MAX_TOKENS goes to the context
CONTEXT_UTTERANCES = 1  # more did not help an encoder of this size, and each doubles the work
# Typographers' marks, as transcripts have them and recognizers do not, to the ones on a keyboard.
PLAIN_MARKS = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2026": "...", "\u2014": "-", "\u2013": "-"}
)
# What transcribers write of marks: hardly ever an exclamation mark, a dash or quotation marks.
TRANSCRIBED_MARKS = {".": ".", "?": "?", ",": ",", "!": ".", ";": ",", ":": ","}

VERSION = 2  # raise it with any change that the constants in the id do not show
PREPROCESS_ID = f"tokens{MAX_UTTERANCE_TOKENS}-{MAX_TOKENS}-{CONTEXT_UTTERANCES}/v{VERSION}"


class TextConfig(EncoderConfig):
    """The shape of a `TextEncoder`."""

    kind: Literal["bert"] = "bert"
    bert: dict[str, Any] = Field(description="a transformers BertConfig, as a dictionary")


class TextTokenizer:
    """WordPiece tokens of an utterance behind its dialogue context."""

    def __init__(self, path: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._cls = self._tokenizer.token_to_id("[CLS]")
        self._sep = self._tokenizer.token_to_id("[SEP]")

    @property
    def marks(self) -> Mapping[int, int | None]:
        """The tokens that are punctuation, each with what a transcriber writes instead; the apostrophe is part of
        words.
        """
        vocabulary = self._tokenizer.get_vocab()
        marks = {word: i for word, i in vocabulary.items() if word != "'" and not re.search(r"[\w\[]", word)}
        return {i: vocabulary.get(TRANSCRIBED_MARKS.get(word, "")) for word, i in marks.items()}

    def __call__(self, text: str, context: Sequence[str] = ()) -> Tokens | None:
        """Tokens of `text`, or None where it has none.

        `context` holds the earlier utterances, oldest first; the last CONTEXT_UTTERANCES are used, and
        what does not fit is cut from their beginning, farthest from the utterance.
        """
        words = self._ids(text)[:MAX_UTTERANCE_TOKENS]
        if not words:
            return None
        earlier = self._ids(" ".join(context[-CONTEXT_UTTERANCES:])) if context else []
        room = MAX_TOKENS - 3 - len(words)
        first = [self._cls, *earlier[max(0, len(earlier) - room) :], self._sep]
        second = [*words, self._sep]
        return Tokens(ids=torch.tensor(first + second), types=torch.tensor([0] * len(first) + [1] * len(second)))

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text.translate(PLAIN_MARKS), add_special_tokens=False).ids
        return ids


class TextEncoder(Encoder):
    """BERT, averaged over the tokens of the utterance itself (not over its context)."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        ensure_torchvision()  # transformers imports it
        from transformers import BertConfig, BertModel  # seconds; only where text is read

        self.bert = BertModel(BertConfig(**config.bert), add_pooling_layer=False)
        self.width = int(self.bert.config.hidden_size)

    def pretrained(self) -> list[nn.Module]:
        """BERT's part."""
        return [self.bert]

    def public_state(self, folder: Path) -> Mapping[str, Tensor]:
        """BERT's weights, also under the names that Google's own checkpoint has for layer norms."""
        state = load_file(folder / "model.safetensors")
        names = {key: f"bert.{key.removeprefix('bert.')}" for key in state}
        older = {".gamma": ".weight", ".beta": ".bias"}
        for key, name in names.items():
            for old, new in older.items():
                if name.endswith(old):
                    names[key] = name.removesuffix(old) + new
        return {names[key]: value for key, value in state.items()}

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """ids, types, mask int64 [n, tokens] -> [n, width]."""
        hidden = self.bert(input_ids=ids, token_type_ids=types, attention_mask=mask).last_hidden_state
        own = (types * mask).unsqueeze(-1).to(hidden.dtype)
        pooled: Tensor = (hidden * own).sum(dim=1) / own.sum(dim=1).clamp_min(1.0)
        return pooled


def collate(tokens: Sequence[Tokens]) -> list[Tensor]:
    """-> ids, types and mask int64 [n, tokens], padded with zeros to the longest."""
    longest = max(len(t.ids) for t in tokens)
    ids = torch.stack([F.pad(t.ids, (0, longest - len(t.ids))) for t in tokens])
    types = torch.stack([F.pad(t.types, (0, longest - len(t.types))) for t in tokens])
    mask = torch.stack([F.pad(torch.ones_like(t.ids), (0, longest - len(t.ids))) for t in tokens])
    return [ids, types, mask]


def configure(_: object, options: Mapping[str, Any], public: str | None) -> TextConfig:
    """The shape of the public encoder, or of a BERT with these options; only what differs from the defaults.

    Raises EncoderError for an option that a BertConfig lacks (it would keep it, and nothing would follow) or that has
    another type there.
    """
    ensure_torchvision()
    from transformers import BertConfig  # it imports torchvision

    if unknown := sorted(options.keys() - BertConfig().to_dict().keys()):
        raise EncoderError(f"a BertConfig has no {', '.join(unknown)}")
    if public is None:
        try:
            return TextConfig(bert=dict(BertConfig(**options).to_diff_dict()))
        except Exception as error:  # huggingface_hub's validation errors have no common class but this
            raise EncoderError(f"no BertConfig can be made of this: {' '.join(str(error).split())}") from error
    return TextConfig(bert=dict(BertConfig.from_json_file(catalog.fetch(public) / "config.json").to_diff_dict()))


SPEC = ModalitySpec(
    modality="text",
    config=TextConfig,
    encoder=TextEncoder,
    preprocess_id=PREPROCESS_ID,
    reads="tokens",
    prepare=lambda evidence: evidence.tokens,
    collate=collate,
    batch=64,
    size=lambda tokens: len(tokens.ids),
    tokenizer=lambda folder: TextTokenizer(folder / "tokenizer.json"),
    default_tokenizer="minilm-l6",  # BERT's vocabulary
    configure=configure,
)
