"""Schema of an analysis, and the emotion, sentiment and modality labels. Imports only pydantic.

Training, the network's heads, the exports and the Lambdas all import the labels from here. A bundle stores the labels
that it was trained with; loading one with other labels fails.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

# 1.1: language of each utterance and the language's probability.
# 2.0: weights are shares of the contributions to the utterance, no longer constants of the bundle; `decided_by`,
#      `unclear` and `contradictory`.
# 2.1: `explanation`.
# 2.2: `people`, and the `speaker` of each utterance; `curves`.
SCHEMA_VERSION = "2.2"

Emotion = Literal["anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"]
Sentiment = Literal["negative", "neutral", "positive"]
Modality = Literal["text", "audio", "video", "face"]

EMOTIONS: tuple[Emotion, ...] = get_args(Emotion)
SENTIMENTS: tuple[Sentiment, ...] = get_args(Sentiment)
MODALITIES: tuple[Modality, ...] = get_args(Modality)

# Content types of a request's body that the model server accepts.
VIDEO_TYPES = ("video/mp4", "video/quicktime", "video/x-msvideo", "video/webm", "video/x-matroska")
AUDIO_TYPES = ("audio/mpeg", "audio/mp4", "audio/wav", "audio/flac", "audio/ogg")
MEDIA_TYPES = (*VIDEO_TYPES, *AUDIO_TYPES)
JSON_TYPE = "application/json"  # the body refers to an object in S3

# Sentiment of an example whose corpus labels the emotion only. Surprise is missing: in MELD it is positive and negative
# about equally often.
SENTIMENT_OF_EMOTION: dict[Emotion, Sentiment] = {
    "anger": "negative",
    "disgust": "negative",
    "fear": "negative",
    "sadness": "negative",
    "neutral": "neutral",
    "joy": "positive",
}

Probability = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Nats = Annotated[float, Field(allow_inf_nan=False)]
DecidedBy = Literal["modalities", "prior"]
Prior = Literal["declared", "uniform"]  # class frequencies assumed: those a bundle declares, or equal ones
Seconds = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]

MAX_CURVE_STEPS = 2400  # 20 minutes in steps of half a second; longer videos get longer steps
StepProbabilities = Annotated[list[Probability], Field(min_length=len(EMOTIONS), max_length=len(EMOTIONS))]


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class EmotionScore(_Record):
    """Probability of one emotion."""

    label: Emotion
    confidence: Probability


class SentimentScore(_Record):
    """Probability of one sentiment."""

    label: Sentiment
    confidence: Probability


class Contribution(_Record):
    """Contribution of one modality to a result.

    `contribution` is its signed part, in nats, of log p(winner) - log p(runner-up); a negative one favors the
    runner-up. It is null in results of schema 1, whose weights were constants. `weight` is its share of the
    contributions that favor the winner.
    """

    weight: Probability
    contribution: Nats | None = None


class ModalityShare(Contribution):
    """Contribution of one modality, and its own prediction of the emotions."""

    emotions: list[EmotionScore] = Field(min_length=len(EMOTIONS), max_length=len(EMOTIONS))


class Utterance(_Record):
    """One sentence, or one segment without speech (`text` is then empty).

    The modalities' contributions and `bias`, the part of prior and fusion, add up to
    log p(winner) - log p(runner-up) of the emotions. If no modality favors the winner, `decided_by` is
    `prior` and the weights are equal. `contradictory`: one modality is pleasant and another unpleasant.
    `unclear`: the confidence is too low to show the first emotion as the result.
    """

    start_time: Seconds
    end_time: Seconds
    text: str
    language: str | None = Field(
        default=None, description="ISO 639-1 code of the spoken language; null without words, and before version 1.1"
    )
    emotions: list[EmotionScore] = Field(min_length=len(EMOTIONS), max_length=len(EMOTIONS))
    sentiments: list[SentimentScore] = Field(min_length=len(SENTIMENTS), max_length=len(SENTIMENTS))
    modalities: dict[Modality, ModalityShare]
    bias: Nats | None = None
    decided_by: DecidedBy = "modalities"
    contradictory: bool = False
    unclear: bool = False
    speaker: str | None = Field(
        default=None,
        description="`id` of the person who speaks; null without words, or where people are not told apart",
    )
    explanation: str = Field(
        default="", description="Explanation of the result in one English sentence; empty before version 2.1"
    )

    @field_validator("emotions", "sentiments")
    @classmethod
    def _names_each_label_once(cls, scores: list[Any]) -> list[Any]:
        if len({score.label for score in scores}) != len(scores):
            raise ValueError("duplicate label")
        return scores

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> "Utterance":
        if self.end_time < self.start_time:
            raise ValueError(f"end_time {self.end_time} is before start_time {self.start_time}")
        return self

    @property
    def duration(self) -> float:
        """Duration in seconds."""
        return self.end_time - self.start_time


class Overall(_Record):
    """Result for the whole video: the utterances' distributions, weighted by duration. Empty without utterances.

    Contributions and `bias` are the utterances' parts, weighted by duration, of log p(winner) - log p(runner-up) for
    the winner and runner-up of the whole video.
    """

    emotions: list[EmotionScore]
    sentiments: list[SentimentScore]
    modalities: dict[Modality, Contribution] = {}
    bias: Nats | None = None
    decided_by: DecidedBy = "modalities"
    unclear: bool = False


class Person(_Record):
    """One who speaks in the video, told from others by the voice; known to this result alone.

    `seconds` is the duration of the person's utterances, `summary` their average as in `Overall`.
    """

    id: str
    label: str = Field(description='"Speaker 1", in the order in which people first speak, or the name that was given')
    seconds: Seconds
    summary: Overall
    thumbnail_time: Seconds | None = Field(
        default=None, description="when the picture shows a face while the person speaks, in seconds; null if never"
    )
    thumbnail_box: list[Share] | None = Field(
        default=None,
        min_length=4,
        max_length=4,
        description="that face's left, top, right and bottom, as shares of the picture's width and height",
    )


class Curves(_Record):
    """Predictions of voice and face by themselves over time.

    Step i extends from i * `step_s` to (i + 1) * `step_s`. The modalities' lists have an entry for each step, the last
    of which may end after the video: the probabilities in the order of `emotions`, rounded to thousandths, or null
    without evidence. They are calibrated as `ModalityShare.emotions` are. `window_s` is the duration of the evidence
    around the middle of a step from which it is predicted, where the utterance has as much.
    """

    step_s: float = Field(gt=0.0, description="0.5, or a multiple of it for videos of more than 20 minutes")
    emotions: list[Emotion] = Field(min_length=len(EMOTIONS), max_length=len(EMOTIONS))
    window_s: dict[Modality, Seconds]
    modalities: dict[Modality, Annotated[list[StepProbabilities | None], Field(max_length=MAX_CURVE_STEPS)]]

    @model_validator(mode="after")
    def _has_the_same_steps_for_each_modality(self) -> "Curves":
        if len({len(steps) for steps in self.modalities.values()}) > 1:
            raise ValueError("the modalities differ in their number of steps")
        return self


class VideoInfo(_Record):
    """Properties of the video as displayed, after rotation. Zero for missing tracks."""

    duration_s: Seconds
    width: int = Field(ge=0)
    height: int = Field(ge=0)
    fps: float = Field(ge=0.0)
    has_audio: bool


class ModelInfo(_Record):
    """Models and assumptions behind a result.

    `bundle` and `version` identify the bundle that predicted, `speech` the transcriber ("" when none ran). `prior` is
    the class frequencies that were assumed: the bundle's declared ones or uniform ones.
    """

    bundle: str
    version: str
    speech: str
    prior: Prior = "declared"


class Analysis(_Record):
    """Result of analyzing one video."""

    schema_version: str = SCHEMA_VERSION
    video: VideoInfo
    language: str | None = Field(description="ISO 639-1 code of the language of most of the speech; null without words")
    language_probability: Probability | None = Field(
        default=None,
        description="Probability of the detected language; null when it was not detected, and before version 1.1",
    )
    model: ModelInfo
    utterances: list[Utterance]
    overall: Overall
    people: list[Person] = Field(default=[], description="who speaks; empty where people are not told apart")
    curves: Curves | None = Field(default=None, description="null without a voice or a face, and before version 2.2")
    warnings: list[str] = []

    @property
    def labels(self) -> dict[str, str]:
        """Label of each person by id."""
        return {person.id: person.label for person in self.people}

    @property
    def speaker_labels(self) -> dict[str, str]:
        """Label of each person by id; empty unless several people speak."""
        return self.labels if len(set(self.labels.values())) > 1 else {}


def rank_emotions(probabilities: Sequence[float]) -> list[EmotionScore]:
    """Return scores, highest first, for probabilities [7] in the order of EMOTIONS."""
    scores = [EmotionScore(label=e, confidence=p) for e, p in zip(EMOTIONS, probabilities, strict=True)]
    return sorted(scores, key=lambda score: -score.confidence)


def rank_sentiments(probabilities: Sequence[float]) -> list[SentimentScore]:
    """Return scores, highest first, for probabilities [3] in the order of SENTIMENTS."""
    scores = [SentimentScore(label=s, confidence=p) for s, p in zip(SENTIMENTS, probabilities, strict=True)]
    return sorted(scores, key=lambda score: -score.confidence)


def weights_of(contributions: Mapping[Modality, float]) -> tuple[dict[Modality, float], DecidedBy]:
    """Return each modality's share of the contributions that favor the winner, and what decided.

    When no modality favors the winner, the shares are equal and the prior decided.
    """
    positive = {modality: max(0.0, nats) for modality, nats in contributions.items()}
    total = sum(positive.values())
    if total > 0.0:
        return {modality: nats / total for modality, nats in positive.items()}, "modalities"
    return dict.fromkeys(contributions, 1.0 / max(1, len(contributions))), "prior"


def summarize(utterances: Sequence[Utterance]) -> Overall:
    """Average the utterances' full distributions, weighted by duration."""
    total = sum(utterance.duration for utterance in utterances)
    if total <= 0.0:
        return Overall(emotions=[], sentiments=[])
    emotions = dict.fromkeys(EMOTIONS, 0.0)
    sentiments = dict.fromkeys(SENTIMENTS, 0.0)
    for utterance in utterances:
        share = utterance.duration / total
        for emotion in utterance.emotions:
            emotions[emotion.label] += share * emotion.confidence
        for sentiment in utterance.sentiments:
            sentiments[sentiment.label] += share * sentiment.confidence
    # Rounding errors of the terms may lift a sum slightly above 1.
    return Overall(
        emotions=rank_emotions([min(1.0, p) for p in emotions.values()]),
        sentiments=rank_sentiments([min(1.0, p) for p in sentiments.values()]),
    )
