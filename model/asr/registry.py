"""Transcribers by name, found by the names in `model.asr.MODULES`."""

from collections.abc import Sequence
from importlib import import_module

from model.asr import MODULES
from model.asr.base import Engine, Transcriber

DEFAULT_ENGINE = "faster-whisper"
DEFAULT_TRANSCRIBER = "base"  # of the default engine

ENGINES: dict[str, Engine] = {name: import_module(f"model.asr.{module}").ENGINE for name, module in MODULES.items()}


def load_transcriber(name: str = DEFAULT_TRANSCRIBER, device: str = "cpu") -> Transcriber:
    """Load a transcriber by `MODEL` or `ENGINE:MODEL`, its weights fetched if need be.

    Raises SpeechError or weights.WeightsError.
    """
    engine, model = _parse(name)
    return engine.load(model, device)


def needed_weights(name: str) -> Sequence[str]:
    """The entries of the catalog that a transcriber takes."""
    engine, model = _parse(name)
    return engine.needed_weights(model)


def _parse(name: str) -> tuple[Engine, str]:
    engine, colon, model = name.partition(":")
    return (ENGINES[engine], model) if colon and engine in ENGINES else (ENGINES[DEFAULT_ENGINE], name)
