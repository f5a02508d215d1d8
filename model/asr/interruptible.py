"""Transcriber wrapper that can be aborted between clips."""

from collections.abc import Callable, Mapping, Sequence

from model.asr.base import Clip, Encoded, Transcriber, Transcript

CLIPS = 2  # transcribed between two calls of `keep_going`: one batch of faster-whisper


class Interruptible:
    """Transcriber that calls `keep_going` before each call of the wrapped one; `keep_going` aborts by raising."""

    def __init__(self, wrapped: Transcriber, keep_going: Callable[[], None]) -> None:
        self.name, self.multilingual, self.languages = wrapped.name, wrapped.multilingual, wrapped.languages
        self.clip_seconds = wrapped.clip_seconds
        self._wrapped, self._keep_going = wrapped, keep_going

    def encode(self, clip: Clip) -> Encoded:
        self._keep_going()
        return self._wrapped.encode(clip)

    def detect_language(self, encoded: Encoded, start: float, end: float) -> Mapping[str, float]:
        self._keep_going()
        return self._wrapped.detect_language(encoded, start, end)

    def transcribe(self, clips: Sequence[Encoded], language: str, translate: bool) -> list[Transcript]:
        transcripts: list[Transcript] = []
        for first in range(0, len(clips), CLIPS):
            self._keep_going()
            transcripts += self._wrapped.transcribe(clips[first : first + CLIPS], language, translate)
        return transcripts
