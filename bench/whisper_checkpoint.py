"""Conversion of CTranslate2's `model.bin` to a checkpoint of openai-whisper.

A comparison of the two engines then uses the same weights.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from model.weights import catalog
from model.weights.ctranslate2_file import Array, CheckpointError, Variables, as_float, read_variables


@dataclass(frozen=True)
class _Sublayer:
    """Names of an attention or feed-forward layer in CTranslate2, and in openai-whisper after `blocks.N.`.

    `parts` are openai-whisper's layers that are stacked in each of CTranslate2's linear layers.
    """

    theirs: str
    ours: str
    norm: str
    parts: tuple[tuple[str, ...], ...]


SELF_ATTENTION = _Sublayer("self_attention", "attn", "attn_ln", (("query", "key", "value"), ("out",)))
CROSS_ATTENTION = _Sublayer("attention", "cross_attn", "cross_attn_ln", (("query",), ("key", "value"), ("out",)))
FEED_FORWARD = _Sublayer("ffn", "mlp", "mlp_ln", (("0",), ("2",)))
SUBLAYERS = {
    "encoder": (SELF_ATTENTION, FEED_FORWARD),
    "decoder": (SELF_ATTENTION, CROSS_ATTENTION, FEED_FORWARD),
}


def checkpoint(model: str) -> Path:
    """Return the openai-whisper checkpoint of a public model ("base", "tiny.en"), converted once and cached."""
    source = catalog.fetch(f"whisper-{model}") / "model.bin"
    target = catalog.cache_folder() / "converted" / f"{model}.pt"
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(".part")
        torch.save(convert(source), partial)
        partial.replace(target)
    return target


def convert(path: Path) -> dict[str, dict[str, int] | dict[str, Tensor]]:
    """Convert `model.bin` to the input of `whisper.load_model`: `dims` and `model_state_dict`, float32.

    Raises CheckpointError.
    """
    variables = read_variables(path)
    return {"dims": _dimensions(variables), "model_state_dict": _state(variables)}


def alignment_heads(model: str) -> list[tuple[int, int]]:
    """Return the (layer, head) pairs for word alignment, which checkpoints do not contain."""
    config = json.loads((catalog.fetch(f"whisper-{model}") / "config.json").read_bytes())
    return [(int(layer), int(head)) for layer, head in config["alignment_heads"]]


def _dimensions(variables: Variables) -> dict[str, int]:
    """Derive openai-whisper's ModelDimensions from the weights' shapes."""
    width, mels, _ = variables["encoder/conv1/weight"].shape
    audio_context, _ = variables["encoder/position_encodings/encodings"].shape
    words, text_width = variables["decoder/embeddings/weight"].shape
    text_context, _ = variables["decoder/position_encodings/encodings"].shape
    return {
        "n_mels": mels,
        "n_audio_ctx": audio_context,
        "n_audio_state": width,
        "n_audio_head": int(variables["encoder/num_heads"].item()),
        "n_audio_layer": _layers(variables, "encoder"),
        "n_vocab": words,
        "n_text_ctx": text_context,
        "n_text_state": text_width,
        "n_text_head": int(variables["decoder/num_heads"].item()),
        "n_text_layer": _layers(variables, "decoder"),
    }


def _layers(variables: Variables, side: str) -> int:
    prefix = f"{side}/layer_"
    numbers = {name.removeprefix(prefix).split("/")[0] for name in variables if name.startswith(prefix)}
    return len({number for number in numbers if number.isdigit()})


def _state(variables: Variables) -> dict[str, Tensor]:
    arrays: dict[str, Array] = {
        "encoder.positional_embedding": as_float(variables, "encoder/position_encodings/encodings"),
        "decoder.positional_embedding": as_float(variables, "decoder/position_encodings/encodings"),
        "decoder.token_embedding.weight": as_float(variables, "decoder/embeddings/weight"),
        **dict(_norm(variables, "encoder/layer_norm", "encoder.ln_post")),
        **dict(_norm(variables, "decoder/layer_norm", "decoder.ln")),
    }
    for layer in ("conv1", "conv2"):
        for kind in ("weight", "bias"):
            arrays[f"encoder.{layer}.{kind}"] = as_float(variables, f"encoder/{layer}/{kind}")
    for side, sublayers in SUBLAYERS.items():
        for number in range(_layers(variables, side)):
            for sublayer in sublayers:
                theirs, block = f"{side}/layer_{number}/{sublayer.theirs}", f"{side}.blocks.{number}"
                arrays.update(_norm(variables, f"{theirs}/layer_norm", f"{block}.{sublayer.norm}"))
                arrays.update(_linears(variables, theirs, f"{block}.{sublayer.ours}", sublayer.parts))
    return {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}


def _norm(variables: Variables, theirs: str, ours: str) -> Iterator[tuple[str, Array]]:
    yield f"{ours}.weight", as_float(variables, f"{theirs}/gamma")
    yield f"{ours}.bias", as_float(variables, f"{theirs}/beta")


def _linears(
    variables: Variables, theirs: str, ours: str, parts: tuple[tuple[str, ...], ...]
) -> Iterator[tuple[str, Array]]:
    """Yield the linear layers of an attention or feed-forward layer, split into their parts."""
    for number, names in enumerate(parts):
        weight, bias = (
            np.split(as_float(variables, f"{theirs}/linear_{number}/{k}"), len(names)) for k in ("weight", "bias")
        )
        for name, own_weight, own_bias in zip(names, weight, bias, strict=True):
            yield f"{ours}.{name}.weight", own_weight
            if name != "key":  # Whisper's keys have no bias; the stacked layer has zeros there
                yield f"{ours}.{name}.bias", own_bias
            elif own_bias.any():
                raise CheckpointError(f"{theirs}/linear_{number} has a bias for its keys, unlike Whisper")
