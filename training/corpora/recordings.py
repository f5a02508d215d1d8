"""Recordings of one utterance each, cut as utterances are when they are served."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from model.asr.vad import find_speech
from model.features import Evidence, FloatArray, Sample
from model.media import read_audio
from model.modalities.registry import prepare, specs_of


def read_recording(path: Path) -> Sample:
    """Read a recording's audio; the sample has none where it is too quiet or too short. Raises MediaError."""
    return prepare(Evidence(spoken_part(read_audio(path))), specs_of("audio").values())


def spoken_part(sound: FloatArray) -> FloatArray:
    """Return the audio from the first word to the last, as utterances are served; all of it without detected speech."""
    spans = find_speech(sound)
    return sound[spans[0].start : spans[-1].end] if spans else sound


def report_left_out(names: Sequence[str], kept: int, kind: str) -> None:
    """Name the recordings without usable audio on standard error; `kept` of that `kind` (a plural) are left."""
    if names:
        count = f"{len(names)} of {kept + len(names)} {kind} are left out"
        Console(stderr=True).print(f"{count}, too quiet or too short to predict from: {', '.join(names)}")
