"""Recordings of one utterance each, trimmed as utterances are in serving."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from model.asr.vad import find_speech
from model.features import Evidence, FloatArray, Sample
from model.media import read_audio
from model.modalities.registry import prepare, specs_of


def read_recording(path: Path) -> Sample:
    """Read a recording's audio; the sample has none if it is too quiet or too short. Raises MediaError."""
    return prepare(Evidence(trim_to_speech(read_audio(path))), specs_of("audio").values())


def trim_to_speech(sound: FloatArray) -> FloatArray:
    """Trim audio to the detected speech, from first to last word; unchanged without speech."""
    spans = find_speech(sound)
    return sound[spans[0].start : spans[-1].end] if spans else sound


def report_skipped(names: Sequence[str], kept: int, kind: str) -> None:
    """Report recordings without usable audio on standard error; `kept` counts the others, `kind` is a plural."""
    if names:
        count = f"skipped {len(names)} of {kept + len(names)} {kind}"
        Console(stderr=True).print(f"{count}, too quiet or too short to predict from: {', '.join(names)}")
