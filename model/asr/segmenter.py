"""Audio as it is decoded -> windows: a minute or two with its segments, cut where nobody speaks.

Whatever the length of a video, only one window of it is in memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from model.asr.base import Span, Transcriber, VoiceFinder
from model.asr.languages import SURE, Run
from model.asr.transcription import Request, transcribe_spans
from model.asr.vad import PAD_SECONDS, Voice, detect_voice
from model.asr.voices import with_voices
from model.features import SAMPLE_RATE, SILENCE_RMS, FloatArray
from model.utterances import MIN_STRETCH, Segment, fill_stretches, split_utterances

WINDOW_SECONDS = 120.0  # four of Whisper's clips: two full batches
LEAST_SECONDS = 60.0  # a cut is looked for behind this
CUT_SILENCE = 0.3  # seconds: shorter silences are inside sentences

MIN_VOICED_SECONDS = 0.2  # less voice than this in a segment is no evidence of an emotion
MOSTLY_VOICED = 0.5  # a segment with at least this share of voice keeps its short pauses, as in training


@dataclass(frozen=True)
class Window:
    """A part of a video: its audio, float32 [n] at SAMPLE_RATE from `start`, the voice in it, and its segments.

    `segments` covers utterances and the stretches without words, in order; times in seconds of the video.
    """

    start: float
    end: float
    audio: FloatArray
    voice: Voice
    segments: list[Segment]

    def audio_between(self, start: float, end: float) -> FloatArray:
        """The audio between two times."""
        first, last = self._samples(start, end)
        return self.audio[first:last]

    def voice_between(self, start: float, end: float) -> FloatArray:
        """The audio between two times as far as it is evidence of the voice; empty where there is hardly any.

        All of it where most is voiced, as it is in a spoken sentence; else the voiced parts, padded and joined.
        """
        first, last = self._samples(start, end)
        voiced = self.voice.voiced_between(first, last)
        seconds = sum(span.seconds for span in voiced)
        if seconds < MIN_VOICED_SECONDS:
            return self.audio[:0]
        if seconds >= MOSTLY_VOICED * (last - first) / SAMPLE_RATE:
            return self.audio[first:last]
        kept = np.zeros(last - first, bool)
        pad = round(PAD_SECONDS * SAMPLE_RATE)
        for span in voiced:
            kept[max(0, span.start - pad - first) : span.end + pad - first] = True
        return self.audio[first:last][kept]

    def _samples(self, start: float, end: float) -> tuple[int, int]:
        first, last = (min(max(0, round((t - self.start) * SAMPLE_RATE)), len(self.audio)) for t in (start, end))
        return first, last


@dataclass
class SpeechSummary:
    """Summary of all the speech of a video."""

    seconds: float = 0.0
    unread_seconds: float = 0.0  # of speech that got no words
    languages: dict[str, float] = field(default_factory=dict)  # seconds of speech in each
    _certain: dict[str, float] = field(default_factory=dict)  # the same, times the probability of the language

    def add(self, runs: list[Run], spans: list[Span], unread: list[Span]) -> None:
        self.seconds += sum(span.seconds for span in spans)
        self.unread_seconds += sum(span.seconds for span in unread)
        for run in runs:
            self.languages[run.language] = self.languages.get(run.language, 0.0) + run.seconds
            if run.probability is not None:
                self._certain[run.language] = self._certain.get(run.language, 0.0) + run.seconds * run.probability

    @property
    def language(self) -> str | None:
        """The language of most of the speech; None without speech."""
        return max(self.languages, key=self.languages.__getitem__) if self.languages else None

    @property
    def probability(self) -> float | None:
        """The probability of `language` where it was detected, averaged over the speech in it; else None."""
        language = self.language
        return self._certain[language] / self.languages[language] if language in self._certain else None

    @property
    def is_sure(self) -> bool:
        return self.probability is None or self.probability >= SURE


class AudioSegmenter:
    """Collects decoded audio and turns it into windows as soon as there is enough."""

    def __init__(
        self,
        transcriber: Transcriber | None,
        language: str | None,
        translate: bool,
        voices: VoiceFinder | None = None,
    ) -> None:
        self._transcriber = transcriber
        self._voices = voices
        self._language = language
        self._translate = translate
        self._previous: str | None = None
        self._pending: list[FloatArray] = []
        self._start = 0.0
        self.speech = SpeechSummary()
        self.found_words = False
        self.is_audible = False
        # A transcriber of English only cannot detect another language: it writes English words for it.
        self.assumed_english = transcriber is not None and not transcriber.multilingual and language is None

    @property
    def start(self) -> float:
        """Start of the next window, in seconds of the video."""
        return self._start

    @property
    def ready(self) -> bool:
        """Return True when there is enough audio for a window."""
        return self._waiting >= WINDOW_SECONDS

    @property
    def _waiting(self) -> float:
        return sum(len(part) for part in self._pending) / SAMPLE_RATE

    def add(self, audio: FloatArray) -> None:
        """Add the audio that follows."""
        self._pending.append(audio)

    def next_window(self) -> Window:
        """Transcribe the audio so far, up to a good place to cut."""
        return self._window(whole=False)

    def silence_up_to(self, end: float) -> Iterator[Window]:
        """Whole windows up to a time in seconds, for a file without audio: for `finish` the last one remains."""
        while end - self._start >= WINDOW_SECONDS:
            yield from self._silence_until(self._start + WINDOW_SECONDS)

    def finish(self, end: float) -> Iterator[Window]:
        """Return the remaining windows, up to the video's end in seconds: its picture may outlast its audio."""
        had_audio = self._waiting > 0 or self._start > 0
        if self._waiting > 0:
            yield self._window(whole=True)
        if end - self._start >= MIN_STRETCH or not had_audio:
            yield from self._silence_until(end)

    def _window(self, whole: bool) -> Window:
        audio = np.concatenate(self._pending)
        voice = detect_voice(audio) if self._transcriber else Voice([], [])
        cut = len(audio) if whole else cut_point(voice.speech, len(audio))
        self._pending = [] if whole else [audio[cut:].copy()]
        start, end = self._start, self._start + cut / SAMPLE_RATE
        self._start = end
        self.is_audible = self.is_audible or bool(np.abs(audio[:cut]).max(initial=0.0) >= SILENCE_RMS)
        segments = fill_stretches(self._transcribe(audio, voice, cut, start), 0.0, cut / SAMPLE_RATE)
        return Window(start, end, audio[:cut], voice, [segment.moved(start) for segment in segments])

    def _transcribe(self, audio: FloatArray, voice: Voice, cut: int, start: float) -> list[Segment]:
        """The utterances before sample `cut` of audio that begins at `start`, their times in seconds of the audio."""
        spans = [Span(span.start, min(span.end, cut)) for span in voice.speech if span.start < cut]
        if self._transcriber is None or not spans:
            return []
        request = Request(self._language, self._translate, self._previous)
        found = transcribe_spans(audio, spans, self._transcriber, request)
        self._previous = found.runs[-1].language if found.runs else self._previous
        self.speech.add(found.runs, spans, found.unread)
        self.found_words = self.found_words or bool(found.words)
        words = found.words
        if self._voices is not None:
            spoken = [part for span in spans for part in voice.voiced_between(span.start, span.end)]
            words = with_voices(words, self._voices.add(audio[:cut], spoken, start), start)
        return split_utterances(words, 0.0, cut / SAMPLE_RATE)

    def _silence_until(self, end: float) -> Iterator[Window]:
        """Windows without audio, of the usual length, from where the audio ended."""
        while self._start < end:
            start, stop = self._start, min(end, self._start + WINDOW_SECONDS)
            self._start = stop
            yield Window(start, stop, np.zeros(0, np.float32), Voice([], []), fill_stretches([], start, stop))


def cut_point(spans: list[Span], length: int) -> int:
    """Return where to cut audio of `length` samples: in the last good silence behind LEAST_SECONDS.

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
