"""Sound as it comes -> passages: a minute or two with its utterances, cut where nobody speaks.

Whatever the length of a video, only one passage of it is in memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from model.asr.base import Span, Transcriber, transcribe_spans
from model.asr.vad import find_speech
from model.features import SAMPLE_RATE, FloatArray
from model.utterances import MIN_STRETCH, Spoken, fill_stretches, split_utterances

PASSAGE_SECONDS = 120.0  # four of Whisper's windows: a full batch
LEAST_SECONDS = 60.0  # a cut is looked for behind this
CUT_SILENCE = 0.3  # seconds: shorter silences are inside sentences


@dataclass(frozen=True)
class Passage:
    """A part of a video: its sound, float32 [n] at SAMPLE_RATE from `start`, and all that happens in it.

    `spoken` covers utterances and stretches without speech, in order; times in seconds of the video.
    """

    start: float
    end: float
    audio: FloatArray
    spoken: list[Spoken]

    def sound_between(self, start: float, end: float) -> FloatArray:
        first, last = (max(0, round((t - self.start) * SAMPLE_RATE)) for t in (start, end))
        return self.audio[first:last]


class Listener:
    """Collects sound, and turns it into passages as soon as there is enough."""

    def __init__(self, transcriber: Transcriber | None, language: str | None, translate: bool) -> None:
        self._transcriber = transcriber
        self._translate = translate
        self._pending: list[FloatArray] = []
        self._start = 0.0
        self.language = language
        self.heard_speech = False
        # A transcriber of English alone cannot tell another language: it makes English words of it.
        self.took_for_english = transcriber is not None and not transcriber.multilingual and language is None

    @property
    def start(self) -> float:
        """Where the next passage starts, in seconds of the video."""
        return self._start

    @property
    def ready(self) -> bool:
        """Whether enough was heard for a passage."""
        return self._waiting >= PASSAGE_SECONDS

    @property
    def _waiting(self) -> float:
        return sum(len(part) for part in self._pending) / SAMPLE_RATE

    def hear(self, audio: FloatArray) -> None:
        """Add the sound that follows."""
        self._pending.append(audio)

    def next_passage(self) -> Passage:
        """Recognise what was heard, up to a good place to cut."""
        return self._passage(whole=False)

    def finish(self, end: float) -> Iterator[Passage]:
        """What is left, up to the video's end in seconds, where its picture may outlast its sound."""
        heard = self._waiting > 0 or self._start > 0
        if self._waiting > 0:
            yield self._passage(whole=True)
        if end - self._start >= MIN_STRETCH or not heard:
            yield from self._silence_until(end)

    def _passage(self, whole: bool) -> Passage:
        audio = np.concatenate(self._pending)
        spans = find_speech(audio) if self._transcriber else []
        cut = len(audio) if whole else cut_point(spans, len(audio))
        spans = [Span(s.start, min(s.end, cut)) for s in spans if s.start < cut]
        self._pending = [] if whole else [audio[cut:].copy()]
        start, end = self._start, self._start + cut / SAMPLE_RATE
        self._start = end
        spoken: list[Spoken] = []
        if self._transcriber is not None and spans:
            words, self.language = transcribe_spans(audio, spans, self._transcriber, self.language, self._translate)
            spoken = split_utterances(words, 0.0, cut / SAMPLE_RATE)
            self.heard_speech = self.heard_speech or bool(spoken)
        everything = fill_stretches(spoken, 0.0, cut / SAMPLE_RATE)
        moved = [Spoken(start + s.start, start + s.end, s.text) for s in everything]
        return Passage(start, end, audio[:cut], moved)

    def _silence_until(self, end: float) -> Iterator[Passage]:
        """Passages without sound, of the usual length, from where the sound ended."""
        while self._start < end:
            start, stop = self._start, min(end, self._start + PASSAGE_SECONDS)
            self._start = stop
            yield Passage(start, stop, np.zeros(0, np.float32), fill_stretches([], start, stop))


def cut_point(spans: list[Span], length: int) -> int:
    """Where to cut sound of `length` samples: in the last good silence behind LEAST_SECONDS.

    Without one, in the longest silence behind it; where somebody speaks without pause, at the end.
    """
    least = round(LEAST_SECONDS * SAMPLE_RATE)
    edges = [(a.end, b.start) for a, b in zip(spans, spans[1:], strict=False)]
    edges.append((spans[-1].end if spans else 0, length))
    silences = [(max(a, least), b) for a, b in edges if b > max(a, least)]
    good = [(a, b) for a, b in silences if b - a >= CUT_SILENCE * SAMPLE_RATE]
    if not spans:
        return length
    if good:
        a, b = good[-1]
    elif silences:
        a, b = max(silences, key=lambda silence: silence[1] - silence[0])
    else:
        return length
    return (a + b) // 2
