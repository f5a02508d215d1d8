"""Interface of transcribers, and the clips of speech that they transcribe.

Transcribers receive only spans with detected speech, because Whisper hallucinates text on silence and music. Spans are
packed into clips of at most the transcriber's input length.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from model.features import SAMPLE_RATE, FloatArray
from model.utterances import Word


class SpeechError(Exception):
    """A transcriber cannot be loaded or does not support an option. The message names the cause and a remedy."""


@dataclass(frozen=True)
class Span:
    """A span of audio, in samples."""

    start: int
    end: int

    @property
    def seconds(self) -> float:
        return (self.end - self.start) / SAMPLE_RATE


@dataclass(frozen=True)
class Clip:
    """Concatenated spans of speech: `audio` is float32 [n] at SAMPLE_RATE."""

    spans: tuple[Span, ...]
    audio: FloatArray

    @property
    def seconds(self) -> float:
        return len(self.audio) / SAMPLE_RATE

    @property
    def offsets(self) -> list[float]:
        """Start of each span within the clip, then the end of the last one, in seconds."""
        return [0.0, *itertools.accumulate(span.seconds for span in self.spans)]

    def index_of(self, word: Word) -> int:
        """Return the index of the span that contains a word's midpoint; the word's times are seconds of the clip."""
        middle = (word.start + word.end) / 2
        return max(i for i, offset in enumerate(self.offsets[:-1]) if i == 0 or offset <= middle)

    def to_audio_time(self, word: Word) -> Word:
        """Convert a word's times from seconds of the clip to seconds of the audio that the spans come from."""
        index = self.index_of(word)
        span, offset = self.spans[index], self.offsets[index]
        first, last = span.start / SAMPLE_RATE, span.end / SAMPLE_RATE
        start, end = (min(max(first + time - offset, first), last) for time in (word.start, word.end))
        return Word(start, end, word.text, word.language)


@dataclass(frozen=True)
class Encoded:
    """A clip and its encoding; the type of `state` depends on the transcriber."""

    clip: Clip
    state: Any


@dataclass(frozen=True)
class Transcript:
    """Words of one clip, with times in seconds of the clip, and the mean log-probability of their tokens."""

    words: list[Word]
    log_probability: float

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words).strip()


class Transcriber(Protocol):
    """Speech recognizer. Encoding is a separate step, so that language detection reuses its result."""

    name: str
    multilingual: bool
    languages: frozenset[str]  # ISO 639-1 codes that it transcribes
    clip_seconds: float  # the longest clip that it takes

    def encode(self, clip: Clip) -> Encoded:
        """Run the encoder over a clip."""

    def detect_language(self, encoded: Encoded, start: float, end: float) -> Mapping[str, float]:
        """Return the probability of each language, by ISO 639-1 code, between two times of a clip in seconds."""

    def transcribe(self, clips: Sequence[Encoded], language: str, translate: bool) -> list[Transcript]:
        """Transcribe clips in one language; `translate` returns English words."""


@dataclass(frozen=True)
class Engine:
    """Factory of one implementation's transcribers."""

    load: Callable[[str, str, int], Transcriber]  # (name or path of a model, device, concurrent callers)
    needed_weights: Callable[[str], Sequence[str]]  # name of a model -> catalog entries that it loads


def check_language(transcriber: Transcriber, language: str | None, translate: bool) -> None:
    """Raise SpeechError when a transcriber does not support the language or translation."""
    if translate and not transcriber.multilingual:
        raise SpeechError(f"{transcriber.name} supports English only and cannot translate; use base or small")
    if language is not None and language not in transcriber.languages:
        supported = ", ".join(sorted(transcriber.languages))
        raise SpeechError(f"{transcriber.name} does not support the language {language!r}; supported: {supported}")


def pack(audio: FloatArray, spans: Sequence[Span], clip_seconds: float) -> list[Clip]:
    """Group spans, in order, into clips of at most `clip_seconds`; longer spans are split."""
    limit = round(clip_seconds * SAMPLE_RATE)
    groups: list[list[Span]] = []
    used = 0
    for span in spans:
        for start in range(span.start, span.end, limit):
            piece = Span(start, min(span.end, start + limit))
            if not groups or used + piece.end - piece.start > limit:
                groups.append([])
                used = 0
            groups[-1].append(piece)
            used += piece.end - piece.start
    return [Clip(tuple(group), np.concatenate([audio[s.start : s.end] for s in group])) for group in groups]
