"""Transcribers by name. A new one takes a module beside this one and an entry in `ENGINES`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from model.asr import faster_whisper, openai_whisper
from model.asr.base import Transcriber

Engine = Literal["faster-whisper", "openai-whisper"]
DEFAULT_MODEL = "base"


@dataclass(frozen=True)
class Entry:
    """How to load a transcriber."""

    load: Callable[[str, str], Transcriber]  # of a model's name or path, and a device
    needed_weights: Callable[[str], list[str]]  # entries of the catalogue that a model takes


ENGINES: dict[Engine, Entry] = {
    "faster-whisper": Entry(faster_whisper.FasterWhisper, faster_whisper.needed_weights),
    "openai-whisper": Entry(openai_whisper.OpenAIWhisper, lambda _: []),
}


def load_transcriber(model: str = DEFAULT_MODEL, engine: Engine = "faster-whisper", device: str = "cpu") -> Transcriber:
    """A transcriber, its weights fetched if need be. Raises SpeechError or weights.WeightsError."""
    return ENGINES[engine].load(model, device)
