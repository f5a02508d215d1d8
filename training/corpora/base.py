"""Interface of a corpus: labeled examples, and a name, a licence and a reader for its splits."""

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
"""Basis of a corpus's labels: everything together, one modality alone, or the actor's instructions."""
IGNORED = -100  # torch's cross_entropy leaves such targets out


@dataclass(frozen=True)
class Example:
    """One labeled utterance. `group` (dialogue, actor) is never parted by a split or a fold.

    `content` names the source's bytes (see training.data.content_hash): the same item has the same one in every corpus.
    `words` names those of the words by themselves, where `content` names a recording.
    """

    sample: Sample
    emotion: int  # index into EMOTIONS, or IGNORED
    sentiment: int  # index into SENTIMENTS, or IGNORED
    group: str
    content: str = ""
    words: str = ""
    line: tuple[str, tuple[str, ...]] | None = None  # its words as written, and what was said before them
    votes: tuple[float, ...] | None = None  # the share of people who called it each of EMOTIONS, where that is known

    def name_of(self, modality: Modality) -> str:
        """Return the name of the bytes that this modality learns from."""
        return self.words or self.content if modality == "text" else self.content

    @property
    def length(self) -> int:
        """Tokens of its words, or frames of its sound: examples of a length go well together."""
        if self.sample.text is not None:
            return len(self.sample.text.ids)
        return self.sample.audio.shape[1] if self.sample.audio is not None else 0


@dataclass(frozen=True)
class Corpus:
    """Description of a corpus: its name in reports, its licence, the reader of its splits, the meaning of its
    labels.
    """

    name: str
    modalities: tuple[Modality, ...]
    licence: str
    read: Callable[[Path, Split, Tokenizer | None], Sequence[Example]]
    labels: Labels = "together"
    people: Callable[[str], str] | None = None  # an example's group -> the group of people it belongs to, by a trait
    has_context: bool = False  # whether its words come with what was said before them


def targets(emotion: str, sentiment: str, where: str) -> tuple[int, int]:
    """Indices of labels as a corpus writes them; "" for one it does not give.

    The sentiment that is missing follows from the emotion. Raises ValueError, naming `where`, for a
    label that is not the contract's and where there is neither.
    """
    emotion, sentiment = emotion.strip().lower(), sentiment.strip().lower()
    for label, allowed in ((emotion, EMOTIONS), (sentiment, SENTIMENTS)):
        if label and label not in allowed:
            raise ValueError(f"{where}: {label!r} is not one of {', '.join(allowed)}")
    if not emotion and not sentiment:
        raise ValueError(f"{where}: it has neither an emotion nor a sentiment to learn")
    index = EMOTIONS.index(emotion) if emotion else IGNORED
    implied = sentiment or (SENTIMENT_OF_EMOTION.get(EMOTIONS[index]) if emotion else None)
    return index, IGNORED if implied is None else SENTIMENTS.index(implied)


def shares_of_votes(votes: Sequence[float]) -> tuple[float, ...]:
    """Return what votes for EMOTIONS are worth as targets [10], for emotions and then for sentiments.

    Each person's vote counts as a label of its own. One for an emotion that implies no sentiment is none for any.
    """
    sentiments = [
        sum(share for emotion, share in zip(EMOTIONS, votes, strict=True) if SENTIMENT_OF_EMOTION.get(emotion) == s)
        for s in SENTIMENTS
    ]
    return *votes, *map(float, sentiments)


def class_frequencies(labels: Sequence[int], classes: int, weights: Sequence[float] | None = None) -> tuple[float, ...]:
    """Share of each class among `labels` (IGNORED ones left out), with one added to every count.

    A label counts as often as its weight says, once without `weights`.
    """
    return as_frequencies(class_counts(labels, classes, weights))


def class_counts(
    labels: Sequence[int], classes: int, weights: Sequence[float] | None = None
) -> npt.NDArray[np.float64]:
    """Count each class among `labels` [classes], as `class_frequencies` does; nothing is added."""
    known = [i for i, label in enumerate(labels) if label != IGNORED]
    each = None if weights is None else [weights[i] for i in known]
    return np.bincount([labels[i] for i in known], each, minlength=classes).astype(np.float64)


def as_frequencies(counts: npt.NDArray[np.float64]) -> tuple[float, ...]:
    """Turn counts into shares, with one added to every count."""
    return tuple(float(share) for share in (counts + 1.0) / (counts + 1.0).sum())
