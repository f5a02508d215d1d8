"""A corpus through a network once, and everything that is then asked of it: subsets, priors, temperatures.

The encoders are what costs time. Their output is small, so it is kept while the samples are forgotten,
and each question is answered by the fusion alone.
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

EVEN = (1.0 / N_EMOTIONS,) * N_EMOTIONS  # the uniform prior
CHUNK = 256  # examples in memory at once: a lazy corpus of clips does not fit as a whole

Rows = npt.NDArray[np.int64]  # indices of items


@dataclass(frozen=True)
class Encoded:
    """n items as the network's encoders left them, and what is true of them."""

    modalities: tuple[Modality, ...]  # the network's: the columns below
    embeddings: tuple[Tensor, ...]  # [n, width] each; zero where the modality is missing
    logits: Tensor  # [n, modalities, N_LOGITS]; likewise
    present: Tensor  # bool [n, modalities]
    emotions: Targets  # [n]; IGNORED where unknown
    sentiments: Targets  # [n]; likewise
    groups: tuple[str, ...]
    contents: tuple[str, ...]
    words: tuple[str, ...]  # likewise, of the words by themselves; "" where `contents` names them
    votes: Probabilities | None = None  # [n, 7] what people voted, rows of NaN where that is not known
    units: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # beside groups, what else repeats

    def __len__(self) -> int:
        return len(self.groups)

    def rows(self, chosen: Rows) -> "Encoded":
        """Some of the items."""
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
        """The same items with every other modality left out, as if encoded from `Sample.only(*subset)`."""
        kept = torch.tensor([m in subset for m in self.modalities])
        return replace(
            self,
            embeddings=tuple(e if m in subset else torch.zeros_like(e) for m, e in self._columns()),
            logits=self.logits * kept[None, :, None],
            present=self.present & kept,
            units={name: unit for name, unit in self.units.items() if name in subset or name not in self.modalities},
        )

    def having(self, subset: Sequence[Modality]) -> Rows:
        """The items that have all of `subset`."""
        columns = [self.modalities.index(m) for m in subset]
        return np.flatnonzero(self.present[:, columns].all(dim=1).numpy())

    def with_several(self) -> Rows:
        """The items that have two modalities or more."""
        return np.flatnonzero((self.present.sum(dim=1) >= 2).numpy())

    def parts(self) -> "Encoded | None":
        """What is judged in the items' place, and pooled afterwards; None where they are judged themselves."""
        return None

    def pooled(self, judged: "Judged") -> "Judged":
        """Of predictions for the `parts` those for the items."""
        return judged

    def _columns(self) -> Iterator[tuple[Modality, Tensor]]:
        return zip(self.modalities, self.embeddings, strict=True)


def joined(parts: Sequence[Encoded]) -> Encoded:
    """Several sets of items as one; votes only where all have them."""
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
class Judged:
    """Probabilities for n items under the prior the network declares: [n, 7], [n, 3], and per modality [n, 7]."""

    emotions: Probabilities
    sentiments: Probabilities
    per_modality: Mapping[Modality, Probabilities]


@dataclass(frozen=True)
class CrossFit:
    """Constants for scoring items that helped to fit the network's own: each group has ones fitted without it."""

    fold_of: Mapping[str, int]
    configs: Sequence[NetworkConfig]


@torch.inference_mode()
def encode(network: EmotionNetwork, examples: Sequence[Example], name: str = "") -> Encoded:
    """Read every example once and run the encoders on it; with a name, standard error says so, and how far that is.

    Raises ValueError where there is no example.
    """
    with closing(_with_bar(_chunks(examples), len(examples), name)) as chunks:  # the bar goes with an error, too
        parts = [_encode(network, chunk) for chunk in chunks]
    if not parts:
        raise ValueError("there is no example")
    return joined(parts)


def judge(network: EmotionNetwork, encoded: Encoded, fit: CrossFit | None = None) -> Judged:
    """Fuse, with the network's own constants or each group with those of its fold."""
    parts = encoded.parts()
    if parts is not None:
        return encoded.pooled(judge(network, parts, fit))
    if fit is None:
        return _fuse(network, encoded)
    folds = np.asarray([fit.fold_of.get(group, 0) for group in encoded.groups])  # one that no fold was fitted on
    order = [np.flatnonzero(folds == fold) for fold in range(len(fit.configs))]
    pairs = [(rows, config) for rows, config in zip(order, fit.configs, strict=True) if len(rows)]
    judged = [judge_by(network, encoded.rows(rows), config) for rows, config in pairs]
    back = np.argsort(np.concatenate([rows for rows, _ in pairs]), kind="stable")
    return Judged(
        emotions=np.concatenate([j.emotions for j in judged])[back],
        sentiments=np.concatenate([j.sentiments for j in judged])[back],
        per_modality={m: np.concatenate([j.per_modality[m] for j in judged])[back] for m in encoded.modalities},
    )


def judge_by(network: EmotionNetwork, encoded: Encoded, config: NetworkConfig) -> Judged:
    """Fuse with other constants than the network's own."""
    with using(network, config):
        return _fuse(network, encoded)


def under_prior(probabilities: Probabilities, old: Sequence[float], new: Sequence[float]) -> Probabilities:
    """The same evidence under another prior (Saerens et al. 2002, equation 2.4).

    Rows of zeros, of items without the modality, stay so.
    """
    shifted = probabilities * np.asarray(new) / np.asarray(old)
    total = shifted.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(shifted, total, out=np.zeros_like(shifted), where=total > 0.0))


def emotions_under(network: EmotionNetwork, encoded: Encoded, prior: Sequence[float]) -> Probabilities:
    """The network's emotion probabilities [n, 7] for items, under another prior than its own."""
    return under_prior(judge(network, encoded).emotions, network.config.prior_emotion, prior)


def set_constants(network: EmotionNetwork, config: NetworkConfig) -> None:
    """Give a network other constants, on the device it is on."""
    device = network.log_prior.device
    network.set_constants(config)
    network.to(device)  # the constants are made anew, on the CPU


@torch.inference_mode()  # of the fusion alone: constants that were made under it could not be trained with again
def _fuse(network: EmotionNetwork, encoded: Encoded) -> Judged:
    device = network.log_prior.device
    prediction = network.fuse(
        [e.to(device) for e in encoded.embeddings], encoded.logits.to(device), encoded.present.to(device)
    )
    return Judged(
        emotions=_probabilities(prediction.emotions),
        sentiments=_probabilities(prediction.sentiments),
        per_modality={m: _probabilities(own) for m, own in prediction.per_modality.items()},
    )


@contextmanager
def using(network: EmotionNetwork, config: NetworkConfig) -> Iterator[None]:
    """A network with other constants for as long as the context lasts."""
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
    """By index, since a lazy corpus makes its examples as they are asked for."""
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
