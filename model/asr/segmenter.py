"""Segmentation of decoded audio into windows of one or two minutes, cut in pauses, with their utterances.

Only one window is in memory at a time, whatever the length of the video.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from model.asr.base import Span, Transcriber, VoiceFinder
from model.asr.languages import MIN_CERTAIN_PROBABILITY, Run
from model.asr.transcription import Request, transcribe_spans
from model.asr.vad import PAD_SECONDS, Voice, detect_voice
from model.asr.voices import with_voices
from model.features import SAMPLE_RATE, SILENCE_RMS, FloatArray
from model.utterances import MIN_WORDLESS_SECONDS, Segment, fill_gaps, split_utterances

WINDOW_SECONDS = 120.0  # four of Whisper's clips: two full batches
MIN_WINDOW_SECONDS = 60.0  # a window is cut no earlier than this
MIN_CUT_SILENCE = 0.3  # seconds; shorter silences occur within sentences

MIN_VOICED_SECONDS = 0.2  # a segment with less voice has no audio evidence
MIN_VOICED_SHARE = 0.5  # a segment with at least this share of voice keeps its pauses, as in training


@dataclass(frozen=True)
class Window:
    """A part of the video: audio float32 [n] at SAMPLE_RATE, its voice activity, and its segments.

    `segments` are utterances and spans without words, in order. Times are in seconds of the video.
    """

    start: float
    end: float
    audio: FloatArray
    voice: Voice
    segments: list[Segment]

    def audio_between(self, start: float, end: float) -> FloatArray:
        """Return the audio between two times."""
        first, last = self._samples(start, end)
        return self.audio[first:last]

    def voice_between(self, start: float, end: float) -> FloatArray:
        """Return the voice between two times: the audio of `voice_spans`, concatenated."""
        parts = [self.audio_between(*span) for span in self.voice_spans(start, end)]
        return np.concatenate(parts) if parts else self.audio[:0]

    def voice_spans(self, start: float, end: float) -> list[tuple[float, float]]:
        """Return where the voice between two times is, in seconds; empty with less than MIN_VOICED_SECONDS of it.

        If most of the span is voiced, as in a spoken sentence, that is all of it; otherwise the voiced parts, padded.
        """
        first, last = self._samples(start, end)
        voiced = self.voice.voiced_between(first, last)
        seconds = sum(span.seconds for span in voiced)
        if seconds < MIN_VOICED_SECONDS:
            return []
        if seconds >= MIN_VOICED_SHARE * (last - first) / SAMPLE_RATE:
            return [self._seconds(first, last)]
        pad = round(PAD_SECONDS * SAMPLE_RATE)
        spans: list[tuple[int, int]] = []
        for span in voiced:
            begin, until = max(first, span.start - pad), min(last, span.end + pad)
            if spans and begin <= spans[-1][1]:
                begin = spans.pop()[0]
            spans.append((begin, until))
        return [self._seconds(*span) for span in spans]

    def _seconds(self, first: int, last: int) -> tuple[float, float]:
        return self.start + first / SAMPLE_RATE, self.start + last / SAMPLE_RATE

    def _samples(self, start: float, end: float) -> tuple[int, int]:
        first, last = (min(max(0, round((t - self.start) * SAMPLE_RATE)), len(self.audio)) for t in (start, end))
        return first, last


@dataclass
class SpeechSummary:
    """Statistics of a video's speech."""

    seconds: float = 0.0
    untranscribed_seconds: float = 0.0  # of speech without transcribed words
    languages: dict[str, float] = field(default_factory=dict)  # seconds of speech per language
    _weighted: dict[str, float] = field(default_factory=dict)  # the same, times the language's probability

    def add(self, runs: list[Run], spans: list[Span], untranscribed: list[Span]) -> None:
        self.seconds += sum(span.seconds for span in spans)
        self.untranscribed_seconds += sum(span.seconds for span in untranscribed)
        for run in runs:
            self.languages[run.language] = self.languages.get(run.language, 0.0) + run.seconds
            if run.probability is not None:
                self._weighted[run.language] = self._weighted.get(run.language, 0.0) + run.seconds * run.probability

    @property
    def language(self) -> str | None:
        """Language of most of the speech; None without speech."""
        return max(self.languages, key=self.languages.__getitem__) if self.languages else None

    @property
    def probability(self) -> float | None:
        """Mean probability of `language` over the speech in it; None if it was not detected."""
        language = self.language
        return self._weighted[language] / self.languages[language] if language in self._weighted else None

    @property
    def is_certain(self) -> bool:
        return self.probability is None or self.probability >= MIN_CERTAIN_PROBABILITY


class AudioSegmenter:
    """Collector of decoded audio that produces windows as soon as there is enough of it."""

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
        # An English-only transcriber cannot detect other languages and transcribes them as English words.
        self.assumed_english = transcriber is not None and not transcriber.multilingual and language is None

    @property
    def start(self) -> float:
        """Start of the next window, in seconds of the video."""
        return self._start

    @property
    def ready(self) -> bool:
        """True when there is enough audio for a window."""
        return self._pending_seconds >= WINDOW_SECONDS

    @property
    def _pending_seconds(self) -> float:
        return sum(len(part) for part in self._pending) / SAMPLE_RATE

    def add(self, audio: FloatArray) -> None:
        """Append decoded audio."""
        self._pending.append(audio)

    def next_window(self) -> Window:
        """Cut the pending audio in a pause and return the window before it, transcribed."""
        return self._window(is_last=False)

    def silence_up_to(self, end: float) -> Iterator[Window]:
        """Yield full windows up to a time in seconds, for a file without audio; `finish` yields the last one."""
        while end - self._start >= WINDOW_SECONDS:
            yield from self._silence_until(self._start + WINDOW_SECONDS)

    def finish(self, end: float) -> Iterator[Window]:
        """Yield the remaining windows up to `end`, in seconds; the video may be longer than the audio."""
        had_audio = self._pending_seconds > 0 or self._start > 0
        if self._pending_seconds > 0:
            yield self._window(is_last=True)
        if end - self._start >= MIN_WORDLESS_SECONDS or not had_audio:
            yield from self._silence_until(end)

    def _window(self, is_last: bool) -> Window:
        audio = np.concatenate(self._pending)
        voice = detect_voice(audio) if self._transcriber else Voice([], [])
        cut = len(audio) if is_last else cut_point(voice.speech, len(audio))
        self._pending = [] if is_last else [audio[cut:].copy()]
        start, end = self._start, self._start + cut / SAMPLE_RATE
        self._start = end
        self.is_audible = self.is_audible or bool(np.abs(audio[:cut]).max(initial=0.0) >= SILENCE_RMS)
        segments = fill_gaps(self._transcribe(audio, voice, cut, start), 0.0, cut / SAMPLE_RATE)
        return Window(start, end, audio[:cut], voice, [segment.moved(start) for segment in segments])

    def _transcribe(self, audio: FloatArray, voice: Voice, cut: int, start: float) -> list[Segment]:
        """Transcribe the speech before sample `cut` and group it into utterances; the audio begins at `start` s."""
        spans = [Span(span.start, min(span.end, cut)) for span in voice.speech if span.start < cut]
        if self._transcriber is None or not spans:
            return []
        request = Request(self._language, self._translate, self._previous)
        found = transcribe_spans(audio, spans, self._transcriber, request)
        self._previous = found.runs[-1].language if found.runs else self._previous
        self.speech.add(found.runs, spans, found.untranscribed)
        self.found_words = self.found_words or bool(found.words)
        words = found.words
        if self._voices is not None:
            spoken = [part for span in spans for part in voice.voiced_between(span.start, span.end)]
            words = with_voices(words, self._voices.add(audio[:cut], spoken, start), start)
        return split_utterances(words, 0.0, cut / SAMPLE_RATE)

    def _silence_until(self, end: float) -> Iterator[Window]:
        """Yield windows without audio, from the end of the audio to `end`."""
        while self._start < end:
            start, stop = self._start, min(end, self._start + WINDOW_SECONDS)
            self._start = stop
            yield Window(start, stop, np.zeros(0, np.float32), Voice([], []), fill_gaps([], start, stop))


def cut_point(spans: list[Span], length: int) -> int:
    """Return the sample at which to cut audio of `length` samples, given its spans of speech.

    That is the middle of the last silence of at least MIN_CUT_SILENCE after MIN_WINDOW_SECONDS; without one, of the
    longest silence after it; without any silence, the end.
    """
    least = round(MIN_WINDOW_SECONDS * SAMPLE_RATE)
    edges = [(a.end, b.start) for a, b in zip(spans, spans[1:], strict=False)]
    edges.append((spans[-1].end if spans else 0, length))
    silences = [(max(a, least), b) for a, b in edges if b > max(a, least)]
    good = [(a, b) for a, b in silences if b - a >= MIN_CUT_SILENCE * SAMPLE_RATE]
    if not spans:
        return length
    if good:
        a, b = good[-1]
    elif silences:
        a, b = max(silences, key=lambda silence: silence[1] - silence[0])
    else:
        return length
    return (a + b) // 2
