"""Interface of corpora: labeled examples, and a corpus's name, licence and reader."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from model.contract import EMOTIONS, SENTIMENT_OF_EMOTION, SENTIMENTS, Modality
from model.features import Sample
from model.modalities.base import Tokenizer

Split = Literal["train", "held-out", "test", "all"]
Labels = Literal["together", "text", "audio", "face", "intended"]
"""Basis of a corpus's labels: all modalities together, one modality alone, or the actors' instructions."""
IGNORED = -100  # torch's cross_entropy ignores these targets


@dataclass(frozen=True)
class Example:
    """One labeled utterance. `group` (dialogue, actor) is never divided by splits or folds.

    `content` is the content hash of the source (training.data.content_hash), equal for the same item in every corpus;
    `words` is that of the text alone, if `content` is of a recording.
    """

    sample: Sample
    emotion: int  # index into EMOTIONS, or IGNORED
    sentiment: int  # index into SENTIMENTS, or IGNORED
    group: str
    content: str = ""
    words: str = ""
    line: tuple[str, tuple[str, ...]] | None = None  # text as written, and the preceding utterances
    votes: tuple[float, ...] | None = None  # vote share of each of EMOTIONS, if known

    def name_of(self, modality: Modality) -> str:
        """Return the content hash of a modality's source."""
        return self.words or self.content if modality == "text" else self.content

    @property
    def length(self) -> int:
        """Number of tokens or audio frames, to batch examples of similar length."""
        if self.sample.text is not None:
            return len(self.sample.text.ids)
        return self.sample.audio.shape[1] if self.sample.audio is not None else 0


@dataclass(frozen=True)
class Corpus:
    """Name, modalities, licence, reader and kind of labels of a corpus."""

    name: str
    modalities: tuple[Modality, ...]
    licence: str
    read: Callable[[Path, Split, Tokenizer | None], Sequence[Example]]
    labels: Labels = "together"
    people: Callable[[str], str] | None = None  # an example's group -> a group of speakers (sex)
    has_context: bool = False  # utterances have dialogue context


def targets(emotion: str, sentiment: str, where: str) -> tuple[int, int]:
    """Return the label indices of an emotion and a sentiment as a corpus writes them; "" if missing.

    A missing sentiment is derived from the emotion. Raises ValueError, naming `where`, for an unknown label, or without
    either.
    """
    emotion, sentiment = emotion.strip().lower(), sentiment.strip().lower()
    for label, allowed in ((emotion, EMOTIONS), (sentiment, SENTIMENTS)):
        if label and label not in allowed:
            raise ValueError(f"{where}: {label!r} is not one of {', '.join(allowed)}")
    if not emotion and not sentiment:
        raise ValueError(f"{where}: it has neither an emotion nor a sentiment")
    index = EMOTIONS.index(emotion) if emotion else IGNORED
    implied = sentiment or (SENTIMENT_OF_EMOTION.get(EMOTIONS[index]) if emotion else None)
    return index, IGNORED if implied is None else SENTIMENTS.index(implied)


def vote_targets(votes: Sequence[float]) -> tuple[float, ...]:
    """Return target shares [10], for emotions and then sentiments, from vote shares of EMOTIONS.

    A vote for an emotion that implies no sentiment does not count for any sentiment.
    """
    sentiments = [
        sum(share for emotion, share in zip(EMOTIONS, votes, strict=True) if SENTIMENT_OF_EMOTION.get(emotion) == s)
        for s in SENTIMENTS
    ]
    return *votes, *map(float, sentiments)


def class_frequencies(labels: Sequence[int], classes: int, weights: Sequence[float] | None = None) -> tuple[float, ...]:
    """Return the share of each class among `labels` without IGNORED ones, weighted, with one added to every count."""
    return as_frequencies(class_counts(labels, classes, weights))


def class_counts(
    labels: Sequence[int], classes: int, weights: Sequence[float] | None = None
) -> npt.NDArray[np.float64]:
    """Return the weighted count of each class among `labels` [classes], without IGNORED ones."""
    known = [i for i, label in enumerate(labels) if label != IGNORED]
    each = None if weights is None else [weights[i] for i in known]
    return np.bincount([labels[i] for i in known], each, minlength=classes).astype(np.float64)


def as_frequencies(counts: npt.NDArray[np.float64]) -> tuple[float, ...]:
    """Convert counts to shares, with one added to every count."""
    return tuple(float(share) for share in (counts + 1.0) / (counts + 1.0).sum())
