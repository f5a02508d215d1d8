"""Transcribers by name. A new one takes a module beside this one and an entry in `ENGINES`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from model.asr import faster_whisper, openai_whisper
from model.asr.base import Transcriber

DEFAULT_ENGINE = "faster-whisper"
DEFAULT_TRANSCRIBER = "base"  # of the default engine


@dataclass(frozen=True)
class Engine:
    """Loader of the transcribers of one implementation."""

    load: Callable[[str, str], Transcriber]  # a model by its name or path, on a device
    needed_weights: Callable[[str], Sequence[str]]  # entries of the catalogue that a model takes


ENGINES = {
    "faster-whisper": Engine(faster_whisper.FasterWhisper, faster_whisper.needed_weights),
    "openai-whisper": Engine(openai_whisper.OpenAIWhisper, openai_whisper.needed_weights),
}


def load_transcriber(name: str = DEFAULT_TRANSCRIBER, device: str = "cpu") -> Transcriber:
    """Load a transcriber by `MODEL` or `ENGINE:MODEL`, its weights fetched if need be.

    Raises SpeechError or weights.WeightsError.
    """
    engine, model = _parse(name)
    return engine.load(model, device)


def needed_weights(name: str) -> Sequence[str]:
    """The entries of the catalogue that a transcriber takes."""
    engine, model = _parse(name)
    return engine.needed_weights(model)


def _parse(name: str) -> tuple[Engine, str]:
    engine, colon, model = name.partition(":")
    return (ENGINES[engine], model) if colon and engine in ENGINES else (ENGINES[DEFAULT_ENGINE], name)
