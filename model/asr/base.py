"""The interface of a transcriber (automatic speech recognition), and how speech is packed for it.

Only spans in which the voice detector finds speech reach a transcriber: Whisper invents text for
silence and music. They are packed into clips of the length that the transcriber takes at once.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from model.features import SAMPLE_RATE, FloatArray
from model.utterances import Word


class SpeechError(Exception):
    """The transcriber cannot be loaded. The message says why and what to do."""


@dataclass(frozen=True)
class Span:
    """Where somebody speaks, in samples."""

    start: int
    end: int


class Transcriber(Protocol):
    """Turns clips of speech into words."""

    name: str
    multilingual: bool
    languages: frozenset[str]  # ISO 639-1 codes that it transcribes
    clip_seconds: float  # the longest clip that it takes

    def detect_language(self, clip: FloatArray) -> str:
        """The ISO 639-1 code of the language spoken in a clip."""

    def transcribe(self, clips: Sequence[FloatArray], language: str, translate: bool) -> list[list[Word]]:
        """The words of each clip (float32 [n] at SAMPLE_RATE, `clip_seconds` at most), times from its start."""


def check_language(transcriber: Transcriber, language: str | None, translate: bool) -> None:
    """Refuse what a transcriber cannot do. Raises SpeechError."""
    if translate and not transcriber.multilingual:
        raise SpeechError(f"{transcriber.name} hears English alone: it cannot translate. Take base or small.")
    if language is not None and language not in transcriber.languages:
        known = ", ".join(sorted(transcriber.languages))
        raise SpeechError(f"{transcriber.name} does not know the language {language!r}; it knows: {known}")


def transcribe_spans(
    audio: FloatArray, spans: Sequence[Span], transcriber: Transcriber, language: str | None, translate: bool
) -> tuple[list[Word], str | None]:
    """The words said in `spans` of `audio`, times in seconds of `audio`, and the language.

    The language is detected on the first clip unless given; None without speech.
    """
    packed = pack(spans, transcriber.clip_seconds)
    if not packed:
        return [], language
    clips = [np.concatenate([audio[s.start : s.end] for s in pieces]) for pieces in packed]
    language = language or transcriber.detect_language(clips[0])
    found = transcriber.transcribe(clips, language, translate)
    words = [_placed(word, pieces) for pieces, heard in zip(packed, found, strict=True) for word in heard]
    return words, language


def pack(spans: Sequence[Span], clip_seconds: float) -> list[list[Span]]:
    """Group spans, in order, so that each group's speech fits one clip."""
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
    return groups


def _placed(word: Word, pieces: Sequence[Span]) -> Word:
    """A word of a clip, moved to where the piece that holds its middle lies in the audio."""
    lengths = [piece.end - piece.start for piece in pieces]
    offsets = [0, *itertools.accumulate(lengths)]
    middle = (word.start + word.end) / 2 * SAMPLE_RATE
    index = max(i for i in range(len(pieces)) if i == 0 or offsets[i] <= middle)
    piece, shift = pieces[index], pieces[index].start - offsets[index]
    start, end = (
        min(max(t * SAMPLE_RATE + shift, piece.start), piece.end) / SAMPLE_RATE for t in (word.start, word.end)
    )
    return Word(start, end, word.text)
