"""Encoding of a corpus once, and predictions from the result for any subset of modalities, prior and constants.

Encoders dominate the cost. Their outputs are small, so they are kept instead of the samples, and only the fusion is
recomputed.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.progress import Progress
from torch import Tensor

from model.contract import Modality
from model.network import N_EMOTIONS, EmotionNetwork, NetworkConfig
from training.corpora import Example
from training.evaluation.confidence import Probabilities, Targets
from training.terminal import COLUMNS

UNIFORM_EMOTIONS = (1.0 / N_EMOTIONS,) * N_EMOTIONS  # uniform prior
CHUNK = 256  # examples in memory at once, as corpora of clips do not fit

Rows = npt.NDArray[np.int64]  # indices of items


@dataclass(frozen=True)
class Encoded:
    """Outputs of a network's encoders for n items, with the items' labels and names."""

    modalities: tuple[Modality, ...]  # of the network; columns of the fields below
    embeddings: tuple[Tensor, ...]  # [n, width] each; zero if the modality is missing
    logits: Tensor  # [n, modalities, N_LOGITS]; zero if missing
    present: Tensor  # bool [n, modalities]
    emotions: Targets  # [n]; IGNORED if unknown
    sentiments: Targets  # [n]; IGNORED if unknown
    groups: tuple[str, ...]
    contents: tuple[str, ...]
    words: tuple[str, ...]  # content hash of the text alone; "" if `contents` is of the text
    votes: Probabilities | None = None  # [n, 7] vote shares; NaN if unknown
    units: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # further units that repeat, besides groups

    def __len__(self) -> int:
        return len(self.groups)

    def rows(self, chosen: Rows) -> "Encoded":
        """Select items."""
        index = torch.from_numpy(chosen)
        return Encoded(
            modalities=self.modalities,
            embeddings=tuple(e[index] for e in self.embeddings),
            logits=self.logits[index],
            present=self.present[index],
            emotions=self.emotions[chosen],
            sentiments=self.sentiments[chosen],
            groups=tuple(self.groups[i] for i in chosen),
            contents=tuple(self.contents[i] for i in chosen),
            words=tuple(self.words[i] for i in chosen),
            votes=None if self.votes is None else self.votes[chosen],
            units={name: tuple(unit[i] for i in chosen) for name, unit in self.units.items()},
        )

    def only(self, subset: Sequence[Modality]) -> "Encoded":
        """Return the items with only the modalities of `subset`, as if encoded from `Sample.only(*subset)`."""
        mask = torch.tensor([m in subset for m in self.modalities])
        return replace(
            self,
            embeddings=tuple(e if m in subset else torch.zeros_like(e) for m, e in self._columns()),
            logits=self.logits * mask[None, :, None],
            present=self.present & mask,
            units={name: unit for name, unit in self.units.items() if name in subset or name not in self.modalities},
        )

    def rows_with(self, subset: Sequence[Modality]) -> Rows:
        """Return the rows that have all modalities of `subset`."""
        columns = [self.modalities.index(m) for m in subset]
        return np.flatnonzero(self.present[:, columns].all(dim=1).numpy())

    def multimodal_rows(self) -> Rows:
        """Return the rows with two or more modalities."""
        return np.flatnonzero((self.present.sum(dim=1) >= 2).numpy())

    def parts(self) -> "Encoded | None":
        """Return the parts that are predicted individually and then pooled; None if the items are."""
        return None

    def pooled(self, predictions: "Predictions") -> "Predictions":
        """Pool predictions for `parts` to predictions for the items."""
        return predictions

    def _columns(self) -> Iterator[tuple[Modality, Tensor]]:
        return zip(self.modalities, self.embeddings, strict=True)


def concatenate(parts: Sequence[Encoded]) -> Encoded:
    """Concatenate sets of items; votes are kept only if all sets have them."""
    votes = [p.votes for p in parts if p.votes is not None]
    return Encoded(
        modalities=parts[0].modalities,
        embeddings=tuple(torch.cat(columns) for columns in zip(*(p.embeddings for p in parts), strict=True)),
        logits=torch.cat([p.logits for p in parts]),
        present=torch.cat([p.present for p in parts]),
        emotions=np.concatenate([p.emotions for p in parts]),
        sentiments=np.concatenate([p.sentiments for p in parts]),
        groups=tuple(group for p in parts for group in p.groups),
        contents=tuple(content for p in parts for content in p.contents),
        words=tuple(words for p in parts for words in p.words),
        votes=np.concatenate(votes) if len(votes) == len(parts) else None,
        units={name: tuple(unit for p in parts for unit in p.units[name]) for name in parts[0].units},
    )


@dataclass(frozen=True)
class Predictions:
    """Probabilities for n items under the network's declared prior: [n, 7], [n, 3], and per modality [n, 7]."""

    emotions: Probabilities
    sentiments: Probabilities
    per_modality: Mapping[Modality, Probabilities]


@dataclass(frozen=True)
class CrossFit:
    """Cross-fitted constants, for items on which the network's own were fitted: each group has those of its fold."""

    fold_of: Mapping[str, int]
    configs: Sequence[NetworkConfig]


@torch.inference_mode()
def encode(network: EmotionNetwork, examples: Sequence[Example], name: str = "") -> Encoded:
    """Encode every example once. With a name, progress is shown on standard error.

    Raises ValueError without examples.
    """
    with closing(_with_bar(_chunks(examples), len(examples), name)) as chunks:  # removes the bar on errors as well
        parts = [_encode(network, chunk) for chunk in chunks]
    if not parts:
        raise ValueError("there are no examples")
    return concatenate(parts)


def predict(network: EmotionNetwork, encoded: Encoded, fit: CrossFit | None = None) -> Predictions:
    """Fuse with the network's constants, or with those of each group's fold."""
    parts = encoded.parts()
    if parts is not None:
        return encoded.pooled(predict(network, parts, fit))
    if fit is None:
        return _fuse(network, encoded)
    folds = np.asarray([fit.fold_of.get(group, 0) for group in encoded.groups])  # groups without a fold use the first
    order = [np.flatnonzero(folds == fold) for fold in range(len(fit.configs))]
    pairs = [(rows, config) for rows, config in zip(order, fit.configs, strict=True) if len(rows)]
    predictions = [predict_with_constants(network, encoded.rows(rows), config) for rows, config in pairs]
    back = np.argsort(np.concatenate([rows for rows, _ in pairs]), kind="stable")
    return Predictions(
        emotions=np.concatenate([j.emotions for j in predictions])[back],
        sentiments=np.concatenate([j.sentiments for j in predictions])[back],
        per_modality={m: np.concatenate([j.per_modality[m] for j in predictions])[back] for m in encoded.modalities},
    )


def predict_with_constants(network: EmotionNetwork, encoded: Encoded, config: NetworkConfig) -> Predictions:
    """Fuse with constants other than the network's own."""
    with temporary_constants(network, config):
        return _fuse(network, encoded)


def change_prior(probabilities: Probabilities, old: Sequence[float], new: Sequence[float]) -> Probabilities:
    """Convert probabilities from one prior to another (Saerens et al. 2002, equation 2.4).

    Rows of zeros, of items without the modality, remain zero.
    """
    shifted = probabilities * np.asarray(new) / np.asarray(old)
    total = shifted.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(shifted, total, out=np.zeros_like(shifted), where=total > 0.0))


def predict_under_prior(network: EmotionNetwork, encoded: Encoded, prior: Sequence[float]) -> Probabilities:
    """Compute emotion probabilities [n, 7] under a prior other than the network's own."""
    return change_prior(predict(network, encoded).emotions, network.config.prior_emotion, prior)


def set_constants(network: EmotionNetwork, config: NetworkConfig) -> None:
    """Set a network's constants, on its current device."""
    device = network.log_prior.device
    network.set_constants(config)
    network.to(device)  # set_constants creates them on the CPU


@torch.inference_mode()  # only here: constants created in inference mode could not be used in training
def _fuse(network: EmotionNetwork, encoded: Encoded) -> Predictions:
    device = network.log_prior.device
    prediction = network.fuse(
        [e.to(device) for e in encoded.embeddings], encoded.logits.to(device), encoded.present.to(device)
    )
    return Predictions(
        emotions=_probabilities(prediction.emotions),
        sentiments=_probabilities(prediction.sentiments),
        per_modality={m: _probabilities(own) for m, own in prediction.per_modality.items()},
    )


@contextmanager
def temporary_constants(network: EmotionNetwork, config: NetworkConfig) -> Iterator[None]:
    """Set a network's constants, and restore its own on exit."""
    own = network.config
    set_constants(network, config)
    try:
        yield
    finally:
        set_constants(network, own)


def _encode(network: EmotionNetwork, examples: Sequence[Example]) -> Encoded:
    embeddings, logits, present = network.encode([example.sample for example in examples])
    return Encoded(
        modalities=network.modalities,
        embeddings=tuple(e.float().cpu() for e in embeddings),
        logits=logits.float().cpu(),
        present=present.cpu(),
        emotions=np.asarray([e.emotion for e in examples], dtype=np.int64),
        sentiments=np.asarray([e.sentiment for e in examples], dtype=np.int64),
        groups=tuple(e.group for e in examples),
        contents=tuple(e.content for e in examples),
        words=tuple(e.words for e in examples),
        votes=np.asarray([e.votes or (np.nan,) * N_EMOTIONS for e in examples], dtype=np.float64),
    )


def _chunks(examples: Sequence[Example]) -> Iterator[list[Example]]:
    """Yield chunks of examples, by index, as lazy corpora create examples on access."""
    for start in range(0, len(examples), CHUNK):
        yield [examples[i] for i in range(start, min(start + CHUNK, len(examples)))]


def _with_bar(chunks: Iterable[list[Example]], total: int, name: str) -> Generator[list[Example]]:
    console = Console(stderr=True)
    if name and not console.is_terminal:
        console.print(f"encoding {name}")
    with Progress(*COLUMNS, console=console, transient=True, disable=not (name and console.is_terminal)) as progress:
        task = progress.add_task(f"encoding {name}", total=total)
        for chunk in chunks:
            yield chunk
            progress.advance(task, len(chunk))


def _probabilities(log_probabilities: Tensor) -> Probabilities:
    return np.asarray(log_probabilities.double().softmax(dim=1).cpu())
