"""Registry of transcribers, built from `model.asr.MODULES`."""

from collections.abc import Sequence
from importlib import import_module

from model.asr import MODULES
from model.asr.base import Engine, Transcriber

DEFAULT_ENGINE = "faster-whisper"
DEFAULT_TRANSCRIBER = "base"  # of the default engine

ENGINES: dict[str, Engine] = {name: import_module(f"model.asr.{module}").ENGINE for name, module in MODULES.items()}


def load_transcriber(name: str = DEFAULT_TRANSCRIBER, device: str = "cpu", concurrency: int = 1) -> Transcriber:
    """Load a transcriber by `MODEL` or `ENGINE:MODEL`, for a number of concurrent analyses. Fetches missing weights.

    Raises SpeechError or WeightsError.
    """
    engine, model = _parse(name)
    return engine.load(model, device, concurrency)


def needed_weights(name: str) -> Sequence[str]:
    """Return the catalog entries that a transcriber loads."""
    engine, model = _parse(name)
    return engine.needed_weights(model)


def _parse(name: str) -> tuple[Engine, str]:
    engine, colon, model = name.partition(":")
    return (ENGINES[engine], model) if colon and engine in ENGINES else (ENGINES[DEFAULT_ENGINE], name)
