"""People's judgments of utterances by modality: EmotionTalk's labels and CREMA-D's votes. No media.

EmotionTalk (NKU-HLT 2025): utterances of acted dialogues, each labeled by people from the text alone, the voice alone,
the silent video alone, and all together. CREMA-D (Cao et al. 2014): votes of about ten people on each clip.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from model.contract import EMOTIONS, SENTIMENT_OF_EMOTION, SENTIMENTS, Emotion
from training.corpora.base import IGNORED
from training.evaluation.confidence import Floats, Targets

Column = Literal["text", "audio", "face", "together"]

COLUMNS: dict[Column, str] = {"text": "text", "audio": "audio", "face": "video", "together": "together"}  # in the file
DEMONSTRATION_ACTOR = "1001"  # excluded from fitting, as the demonstration shows this actor
MIN_VOTES = 1
CREMA_EMOTIONS: dict[str, Emotion] = {
    "ANG": "anger", "DIS": "disgust", "FEA": "fear", "HAP": "joy", "NEU": "neutral", "SAD": "sadness",
}  # fmt: skip
CREMA_VOTES: dict[str, Emotion] = {code[0]: emotion for code, emotion in CREMA_EMOTIONS.items()}


@dataclass(frozen=True)
class Judgments:
    """People's labels of n utterances: emotion indices [n] by column, valence [n] from -2 to 2."""

    labels: dict[Column, Targets]
    valence: Floats
    dialogues: tuple[str, ...]
    splits: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.dialogues)

    def rows(self, chosen: npt.NDArray[np.int64]) -> "Judgments":
        """Select utterances."""
        return replace(
            self,
            labels={column: labels[chosen] for column, labels in self.labels.items()},
            valence=self.valence[chosen],
            dialogues=tuple(self.dialogues[i] for i in chosen),
            splits=tuple(self.splits[i] for i in chosen),
        )

    def of_split(self, *names: str) -> "Judgments":
        """Return the utterances of the named splits."""
        return self.rows(np.flatnonzero(np.isin(np.asarray(self.splits), names)))

    @property
    def emotions(self) -> Targets:
        """Labels of all modalities together."""
        return self.labels["together"]

    def opposed(self) -> npt.NDArray[np.bool_]:
        """Mark utterances that people labeled pleasant in one modality and unpleasant in another, bool [n]."""
        sentiments = [sentiments_of_emotions(self.labels[c]) for c in ("text", "audio", "face")]
        shows = {
            s: np.any([each == SENTIMENTS.index(s) for each in sentiments], axis=0) for s in ("positive", "negative")
        }
        return np.asarray(shows["positive"] & shows["negative"])


@dataclass(frozen=True)
class ValenceThresholds:
    """Thresholds of valence: negative up to `negative`, positive from `positive`, neutral between them.

    `agreement` is the balanced share of utterances whose sentiment by valence agrees with that of their emotion.
    """

    negative: float
    positive: float
    agreement: float

    def sentiments(self, valence: Floats) -> Targets:
        """Return sentiment indices [n]."""
        names = np.where(
            valence <= self.negative, "negative", np.where(valence >= self.positive, "positive", "neutral")
        )
        return np.asarray([SENTIMENTS.index(name) for name in names], dtype=np.int64)


def read_judgments(path: Path) -> Judgments:
    """Read a CSV in EmotionTalk's format. Raises OSError, or ValueError with the row for invalid values."""
    rows = list(_rows(path, ("utterance", "split", *COLUMNS.values(), "valence")))
    if not rows:
        raise ValueError(f"{path} has no rows")
    labels: dict[Column, Targets] = {
        column: np.asarray([_emotion(row[name], f"{path}, row {i}") for i, row in enumerate(rows, start=2)])
        for column, name in COLUMNS.items()
    }
    try:
        valence = np.asarray([float(row["valence"]) for row in rows])
    except ValueError as error:
        raise ValueError(f"{path}: a valence is not a number ({error})") from error
    dialogues = tuple("_".join(row["utterance"].split("_")[:2]) for row in rows)
    return Judgments(labels, valence, dialogues, tuple(row["split"] for row in rows))


def valence_thresholds(judgments: Judgments) -> ValenceThresholds:
    """Fit the thresholds that agree best with the sentiments implied by emotions, each sentiment weighted equally.

    EmotionTalk's annotators rate most neutral utterances slightly negative, so a threshold of zero does not work.
    Surprise is excluded, as it implies no sentiment.
    """
    implied = sentiments_of_emotions(judgments.emotions)
    known = implied != IGNORED
    values = np.unique(judgments.valence[known])
    shares = [
        np.asarray([(judgments.valence[known & (implied == s)] <= v).mean() for v in values])
        for s in range(len(SENTIMENTS))
    ]
    negative, neutral, positive = shares  # cumulative distribution of each sentiment's valence over `values`
    best = max(
        ((negative[i] + neutral[j] - neutral[i] + 1.0 - positive[j]) / 3.0, i, j)
        for i in range(len(values) - 1)
        for j in range(i, len(values) - 1)
    )
    agreement, low, high = best
    return ValenceThresholds(float(values[low]), float(values[high + 1]), float(agreement))


def sentiments_of_emotions(emotions: Targets) -> Targets:
    """Return the sentiments implied by emotions [n]; IGNORED for surprise."""
    implied = [SENTIMENT_OF_EMOTION.get(EMOTIONS[e]) for e in emotions]
    return np.asarray([IGNORED if s is None else SENTIMENTS.index(s) for s in implied], dtype=np.int64)


def perceived_given_intended(path: Path) -> Floats:
    """Estimate P(perceived | intended emotion) [7, 7] from CREMA-D's votes on the voice alone; clips weigh equally.

    CREMA-D has no surprise, so intended surprise is assumed to be perceived as such. The actor of the demonstration
    (examples/) is excluded. Raises OSError or ValueError.
    """
    table, clips = np.zeros((len(EMOTIONS), len(EMOTIONS))), np.zeros(len(EMOTIONS))
    for i, row in enumerate(_rows(path, ("clip", "condition", *CREMA_VOTES)), start=2):
        if row["condition"] != "voice" or row["clip"].startswith(f"{DEMONSTRATION_ACTOR}_"):
            continue
        code = row["clip"].split("_")[2] if row["clip"].count("_") >= 2 else row["clip"]
        if code not in CREMA_EMOTIONS:
            raise ValueError(f"{path}, row {i}: {row['clip']!r} is not a clip of CREMA-D")
        votes = {emotion: int(row[letter]) for letter, emotion in CREMA_VOTES.items()}
        if sum(votes.values()) < MIN_VOTES:
            continue
        intended = EMOTIONS.index(CREMA_EMOTIONS[code])
        clips[intended] += 1
        for emotion, count in votes.items():
            table[intended, EMOTIONS.index(emotion)] += count / sum(votes.values())
    without = clips == 0
    table[without] = np.eye(len(EMOTIONS))[without]
    return np.asarray(table / np.maximum(clips, 1.0)[:, None])


def _rows(path: Path, needed: Sequence[str]) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in needed if name not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"{path} lacks the columns {', '.join(missing)}")
        yield from reader


def _emotion(label: str, where: str) -> int:
    if label not in EMOTIONS:
        raise ValueError(f"{where}: {label!r} is not one of {', '.join(EMOTIONS)}")
    return EMOTIONS.index(label)
