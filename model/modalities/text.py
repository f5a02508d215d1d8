"""Text modality: the words of an utterance after its dialogue context, encoded by BERT."""

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

# Token layout: [CLS] earlier utterances [SEP] utterance [SEP].
MAX_TOKENS = 128
MAX_UTTERANCE_TOKENS = 96  # the rest of MAX_TOKENS is available to the context
CONTEXT_UTTERANCES = 1  # more did not improve an encoder of this size, and increase the cost
# Typographic punctuation of written transcripts, with the ASCII characters that transcribers write.
PLAIN_MARKS = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2026": "...", "\u2014": "-", "\u2013": "-"}
)
# Punctuation as transcribers write it: they rarely write exclamation marks, dashes or quotation marks.
TRANSCRIBED_MARKS = {".": ".", "?": "?", ",": ",", "!": ".", ";": ",", ":": ","}

VERSION = 2  # increment it with any change that the constants in the id do not reflect
PREPROCESS_ID = f"tokens{MAX_UTTERANCE_TOKENS}-{MAX_TOKENS}-{CONTEXT_UTTERANCES}/v{VERSION}"


class TextConfig(EncoderConfig):
    """Shape of a `TextEncoder`."""

    kind: Literal["bert"] = "bert"
    bert: dict[str, Any] = Field(description="a transformers BertConfig, as a dictionary")


class TextTokenizer:
    """WordPiece tokenizer of an utterance with its dialogue context."""

    def __init__(self, path: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(path))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._cls = self._tokenizer.token_to_id("[CLS]")
        self._sep = self._tokenizer.token_to_id("[SEP]")

    @property
    def marks(self) -> Mapping[int, int | None]:
        """Punctuation tokens, each with the one that a transcriber writes instead; without the apostrophe."""
        vocabulary = self._tokenizer.get_vocab()
        marks = {word: i for word, i in vocabulary.items() if word != "'" and not re.search(r"[\w\[]", word)}
        return {i: vocabulary.get(TRANSCRIBED_MARKS.get(word, "")) for word, i in marks.items()}

    def __call__(self, text: str, context: Sequence[str] = ()) -> Tokens | None:
        """Tokenize `text` after its context; None if it has no tokens.

        `context` holds the earlier utterances, oldest first. The last CONTEXT_UTTERANCES are used, truncated at their
        beginning.
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
    """BERT, averaged over the tokens of the utterance itself, without its context."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        ensure_torchvision()  # transformers imports it
        from transformers import BertConfig, BertModel  # slow to import

        self.bert = BertModel(BertConfig(**config.bert), add_pooling_layer=False)
        self.width = int(self.bert.config.hidden_size)

    def pretrained(self) -> list[nn.Module]:
        """Return BERT."""
        return [self.bert]

    def public_state(self, folder: Path) -> Mapping[str, Tensor]:
        """Read BERT's weights, including checkpoints with the original names of layer norms (gamma, beta)."""
        state = load_file(folder / "model.safetensors")
        names = {key: f"bert.{key.removeprefix('bert.')}" for key in state}
        older = {".gamma": ".weight", ".beta": ".bias"}
        for key, name in names.items():
            for old, new in older.items():
                if name.endswith(old):
                    names[key] = name.removesuffix(old) + new
        return {names[key]: value for key, value in state.items()}

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        """Map ids, types and mask int64 [n, tokens] to [n, width]."""
        hidden = self.bert(input_ids=ids, token_type_ids=types, attention_mask=mask).last_hidden_state
        own = (types * mask).unsqueeze(-1).to(hidden.dtype)
        pooled: Tensor = (hidden * own).sum(dim=1) / own.sum(dim=1).clamp_min(1.0)
        return pooled


def collate(tokens: Sequence[Tokens]) -> list[Tensor]:
    """Return ids, types and mask int64 [n, tokens], padded with zeros to the longest."""
    longest = max(len(t.ids) for t in tokens)
    ids = torch.stack([F.pad(t.ids, (0, longest - len(t.ids))) for t in tokens])
    types = torch.stack([F.pad(t.types, (0, longest - len(t.types))) for t in tokens])
    mask = torch.stack([F.pad(torch.ones_like(t.ids), (0, longest - len(t.ids))) for t in tokens])
    return [ids, types, mask]


def configure(_: object, options: Mapping[str, Any], public: str | None) -> TextConfig:
    """Return the shape of the public encoder, or of a BERT with these options, as differences from the defaults.

    Raises EncoderError for an option of another type, or one that BertConfig does not have (it would ignore it).
    """
    ensure_torchvision()
    from transformers import BertConfig

    if unknown := sorted(options.keys() - BertConfig().to_dict().keys()):
        raise EncoderError(f"BertConfig has no option {', '.join(unknown)}")
    if public is None:
        try:
            return TextConfig(bert=dict(BertConfig(**options).to_diff_dict()))
        except Exception as error:  # huggingface_hub's validation errors have no other common base class
            raise EncoderError(f"invalid options of BertConfig: {' '.join(str(error).split())}") from error
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
