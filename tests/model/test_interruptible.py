"""An abandoned transcription stops between two clips."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from model.asr.base import Clip, Encoded, Transcript
from model.asr.interruptible import CLIPS, Interruptible


class GoneError(Exception):
    """The caller has gone away."""


class Counting:
    """Transcriber that returns no words and counts its clips."""

    name, multilingual, languages, clip_seconds = "counting", True, frozenset({"en"}), 30.0

    def __init__(self) -> None:
        self.encoded = self.detected = self.transcribed = 0

    def encode(self, clip: Clip) -> Encoded:
        self.encoded += 1
        return Encoded(clip, None)

    def detect_language(self, encoded: Encoded, start: float, end: float) -> Mapping[str, float]:  # noqa: ARG002
        self.detected += 1
        return {"en": 1.0}

    def transcribe(self, clips: Sequence[Encoded], language: str, translate: bool) -> list[Transcript]:  # noqa: ARG002
        self.transcribed += len(clips)
        return [Transcript([], -0.5 - self.transcribed) for _ in clips]


def test_every_call_of_a_model_is_asked_for_first() -> None:
    calls = iter([True, False])

    def keep_going() -> None:
        if not next(calls):
            raise GoneError

    clip = Clip((), np.zeros(0, np.float32))
    clips = [Encoded(clip, None)] * 5
    for work in ("encode", "detect", "transcribe"):
        calls, wrapped = iter([True, False]), Counting()
        transcriber = Interruptible(wrapped, keep_going)
        with pytest.raises(GoneError):
            for _ in range(3):
                if work == "encode":
                    transcriber.encode(clip)
                elif work == "detect":
                    transcriber.detect_language(clips[0], 0.0, 1.0)
                else:
                    transcriber.transcribe(clips, "en", False)
        done = wrapped.encoded, wrapped.detected, wrapped.transcribed
        assert sum(done) == (CLIPS if work == "transcribe" else 1)


def test_all_clips_come_out_in_order() -> None:
    wrapped = Counting()
    clips = [Encoded(Clip((), np.zeros(0, np.float32)), None)] * 5
    found = Interruptible(wrapped, lambda: None).transcribe(clips, "en", False)
    assert [transcript.log_probability for transcript in found] == [-2.5, -2.5, -4.5, -4.5, -5.5]
