"""Speech to words: transcribers, each in a module of its own that defines `ENGINE` (see `base.Engine`).

One is registered here, with the public weights of its models. This file imports no transcriber: the catalog of
weights is listed, and `--help` shown, without torch.
"""

from model.weights.entries import Weights
from model.weights.whisper import WHISPER

# Name of an engine, as in `--transcriber ENGINE:MODEL`, -> its module.
MODULES: dict[str, str] = {
    "faster-whisper": "faster_whisper",
    "openai-whisper": "openai_whisper",
}
# Engine -> entries of the catalog that its models are. OpenAI's implementation downloads its checkpoints itself.
WEIGHTS: dict[str, tuple[Weights, ...]] = {
    "faster-whisper": WHISPER,
}
