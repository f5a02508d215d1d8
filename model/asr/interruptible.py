"""A transcriber whose work can be ended between two clips, as no call of a model can."""

from collections.abc import Callable, Mapping, Sequence

from model.asr.base import Clip, Encoded, Transcriber, Transcript

CLIPS = 2  # that are transcribed between two calls of `keep_going`: a batch of faster-whisper's


class Interruptible:
    """A transcriber that calls `keep_going` before each call of a model; that ends the work by raising."""

    def __init__(self, behind: Transcriber, keep_going: Callable[[], None]) -> None:
        self.name, self.multilingual, self.languages = behind.name, behind.multilingual, behind.languages
        self.clip_seconds = behind.clip_seconds
        self._behind, self._keep_going = behind, keep_going

    def encode(self, clip: Clip) -> Encoded:
        self._keep_going()
        return self._behind.encode(clip)

    def detect_language(self, encoded: Encoded, start: float, end: float) -> Mapping[str, float]:
        self._keep_going()
        return self._behind.detect_language(encoded, start, end)

    def transcribe(self, clips: Sequence[Encoded], language: str, translate: bool) -> list[Transcript]:
        transcripts: list[Transcript] = []
        for first in range(0, len(clips), CLIPS):
            self._keep_going()
            transcripts += self._behind.transcribe(clips[first : first + CLIPS], language, translate)
        return transcripts
