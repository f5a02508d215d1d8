"""Automatic speech recognition: voice activity detection, language identification and transcription.

Each transcriber is a module that defines `ENGINE` (see `base.Engine`), registered below together with the public
weights of its models. This file imports no transcriber, so that `--help` and the catalog of weights need no torch.
"""

from model.weights.entries import Weights
from model.weights.whisper import WHISPER

# Module of each engine, by its name in `--transcriber ENGINE:MODEL`.
MODULES: dict[str, str] = {
    "faster-whisper": "faster_whisper",
    "openai-whisper": "openai_whisper",
}
# Catalog entries of each engine's models. OpenAI's implementation downloads its own checkpoints.
WEIGHTS: dict[str, tuple[Weights, ...]] = {
    "faster-whisper": WHISPER,
}
