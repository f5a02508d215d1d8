"""Transcription of spans of speech, each in its own language; spans without transcribed words are reported."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from model.asr.base import Clip, Encoded, Span, Transcriber, Transcript, pack
from model.asr.languages import Run, find_runs
from model.features import SAMPLE_RATE, FloatArray
from model.utterances import Word

CANDIDATES = 3  # languages that are compared when none is certain
FALLBACK = "en"  # always a candidate: most of Whisper's training data is English
LANGUAGE_WEIGHT = 0.1  # of a language's log-probability, relative to its transcript's mean token log-probability
MIN_LOG_PROBABILITY = -1.0  # mean of a transcript's tokens; lower ones in an uncertain language are discarded
LOOP_LOG_PROBABILITY = -10.0  # assigned to a looping transcript, whose own log-probability is misleadingly high

MAX_COMPRESSION = 2.4  # zlib ratio above which a text is repetitive (Radford et al. 2022, section 4.5)
MIN_WORD_SECONDS, LOOP_SHARE = 0.03, 0.15  # a loop has at least this share of shorter words
RETRY_SECONDS = 8.0  # decoder loops do not occur in clips of this length
MIN_UNTRANSCRIBED_SECONDS = 0.8  # including padding; shorter spans without words are mostly breath and noise
MIN_GAP_SECONDS = 1.0  # between words of one span; word alignment is accurate to half of that


@dataclass(frozen=True)
class Request:
    """Options of a transcription."""

    language: str | None = None  # specified by the caller; None to detect it
    translate: bool = False
    previous: str | None = None  # language of the preceding speech


@dataclass(frozen=True)
class Transcription:
    """Words with times in seconds of the audio, their runs in order, and the spans without transcribed words."""

    words: list[Word]
    runs: list[Run]
    untranscribed: list[Span]


def transcribe_spans(
    audio: FloatArray, spans: Sequence[Span], transcriber: Transcriber, request: Request
) -> Transcription:
    """Transcribe `spans` of `audio`, float32 [n] at SAMPLE_RATE."""
    session = _Session(audio, transcriber, request)
    clips = [transcriber.encode(clip) for clip in pack(audio, spans, transcriber.clip_seconds)]
    runs = session.find_runs(clips) if clips else []
    transcribed = [run for run in runs if session.transcribe_run(run)]
    return Transcription(sorted(session.words, key=lambda word: word.start), transcribed, session.untranscribed)


class _Session:
    """State of one call of `transcribe_spans`."""

    def __init__(self, audio: FloatArray, transcriber: Transcriber, request: Request) -> None:
        self._audio = audio
        self._transcriber = transcriber
        self._request = request
        self.words: list[Word] = []
        self.untranscribed: list[Span] = []

    def find_runs(self, clips: Sequence[Encoded]) -> list[Run]:
        if self._request.language is not None or not self._transcriber.multilingual:
            return [Run(self._request.language or FALLBACK, clips)]
        runs = find_runs(self._audio, clips, self._transcriber, self._request.previous)
        return [run if run.is_certain else self._best_language(run) for run in runs]

    def transcribe_run(self, run: Run) -> bool:
        """Transcribe a run; return True if it has words.

        Spans without text, or with doubtful text, are transcribed again in short clips.
        """
        before, doubtful = len(self.words), list[Span]()
        for encoded, transcript in zip(run.clips, self._transcribe(run.clips, run.language), strict=True):
            if not run.is_certain and transcript.log_probability < MIN_LOG_PROBABILITY:
                self.untranscribed += encoded.clip.spans  # no language matches, so the words would be hallucinated
            elif is_loop(transcript.words):
                doubtful += encoded.clip.spans
            else:
                doubtful += self._add(encoded, transcript.words)
        short = [self._transcriber.encode(clip) for clip in pack(self._audio, doubtful, RETRY_SECONDS)]
        for encoded, transcript in zip(short, self._transcribe(short, run.language), strict=True):
            self.untranscribed += self._add(encoded, without_loop(transcript.words))
        return len(self.words) > before

    def _add(self, encoded: Encoded, words: Sequence[Word]) -> list[Span]:
        """Add words of a clip; return the parts of the clip without words."""
        self.words += [encoded.clip.to_audio_time(word) for word in words]
        return untranscribed_parts(encoded.clip, words)

    def _transcribe(self, clips: Sequence[Encoded], language: str) -> list[Transcript]:
        return self._transcriber.transcribe(clips, language, self._request.translate) if clips else []

    def _best_language(self, run: Run) -> Run:
        """Return the run with the language whose transcript of the first clip is the most probable."""
        names = sorted(run.probabilities, key=lambda name: -run.probabilities[name])[:CANDIDATES]
        names += [name for name in (FALLBACK, self._request.previous) if name is not None]

        def score(language: str) -> float:
            [transcript] = self._transcriber.transcribe(run.clips[:1], language, False)
            prior = max(run.probabilities.get(language, 0.0), 1e-3)
            likelihood = LOOP_LOG_PROBABILITY if is_loop(transcript.words) else transcript.log_probability
            return likelihood + LANGUAGE_WEIGHT * float(np.log(prior))

        return replace(run, language=max(dict.fromkeys(names), key=score))


def is_loop(words: Sequence[Word]) -> bool:
    """Return True when a clip's text is repetitive because of a decoder loop, not because the speaker repeats words.

    Words from a loop cannot be aligned with the audio: in 31 loops of Whisper base, a fifth to four fifths of the words
    had no duration; in genuine repetitions, none to an eighth had none.
    """
    text = "".join(word.text for word in words).encode("utf-8")
    repetitive = len(text) > MAX_COMPRESSION * len(zlib.compress(text))
    return repetitive and len(_timed(words)) < (1.0 - LOOP_SHARE) * len(words)


def without_loop(words: Sequence[Word]) -> list[Word]:
    """Remove the words that a decoder loop added."""
    return _timed(words) if is_loop(words) else list(words)


def _timed(words: Sequence[Word]) -> list[Word]:
    return [word for word in words if word.end - word.start >= MIN_WORD_SECONDS]


def untranscribed_parts(clip: Clip, words: Sequence[Word]) -> list[Span]:
    """Return the parts of a clip's spans without words, except those too short to hold a word."""
    found = []
    for i, span in enumerate(clip.spans):
        placed = [clip.to_audio_time(word) for word in words if clip.index_of(word) == i]
        if not placed:
            found += [span] if span.seconds >= MIN_UNTRANSCRIBED_SECONDS else []
            continue
        edges = [span.start, *(round(t * SAMPLE_RATE) for w in placed for t in (w.start, w.end)), span.end]
        gaps = (Span(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True))
        found += [gap for gap in gaps if gap.seconds >= MIN_GAP_SECONDS]
    return found
