"""One set of Whisper weights for both engines: CTranslate2's `model.bin` -> an openai-whisper checkpoint.

So that a comparison of the two engines compares engines, not weights. The file's layout is the one that
`ctranslate2.specs.model_spec.ModelSpec._serialize` writes, little-endian throughout:

    uint32 format version, string name of the spec, uint32 its revision
    uint32 count, then for each variable: string name, uint8 rank, uint32 each side, uint8 type, uint32 bytes, data
    uint32 count, then for each alias: string name, string of the variable it stands for

with strings as uint16 length, bytes, a closing zero (which the length counts).
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from model import weights

FORMAT_VERSION = 6
SPEC, SPEC_REVISION = "WhisperSpec", 3
# The order of the enumeration DataType in CTranslate2's include/ctranslate2/types.h; bfloat16 is absent, as
# numpy has none and no published Whisper uses it.
TYPES = (np.float32, np.int8, np.int16, np.int32, np.float16)
FLOATS = (np.float32, np.float16)

Array = npt.NDArray[np.float32]
Variables = dict[str, npt.NDArray[np.generic]]


class CheckpointError(ValueError):
    """The file is not a CTranslate2 Whisper that this module understands. The message says where."""


@dataclass(frozen=True)
class _Sublayer:
    """An attention's or a feed-forward's names: CTranslate2's, and openai-whisper's behind `blocks.N.`.

    `parts` says which of openai-whisper's layers are fused, one above the other, in each linear layer.
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
    """The openai-whisper checkpoint of a model of `model.weights` ("base", "tiny.en"); converted once, then cached."""
    source = weights.fetch(f"whisper-{model}") / "model.bin"
    target = weights.cache_folder() / "converted" / f"{model}.pt"
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(".part")
        torch.save(convert(source), partial)
        partial.replace(target)
    return target


def convert(path: Path) -> dict[str, dict[str, int] | dict[str, Tensor]]:
    """`model.bin` -> what `whisper.load_model` reads: `dims` and `model_state_dict`, float32.

    Raises CheckpointError.
    """
    variables = read_variables(path)
    return {"dims": _dimensions(variables), "model_state_dict": _state(variables)}


def alignment_heads(model: str) -> list[tuple[int, int]]:
    """The (layer, head) pairs whose attention follows the sound; checkpoints do not hold them."""
    config = json.loads((weights.fetch(f"whisper-{model}") / "config.json").read_bytes())
    return [(int(layer), int(head)) for layer, head in config["alignment_heads"]]


def read_variables(path: Path) -> Variables:
    """All variables of a CTranslate2 Whisper by name, as stored; aliases resolved. Raises CheckpointError."""
    with path.open("rb") as file:
        found = (_number(file, "I"), _string(file), _number(file, "I"))
        if found != (FORMAT_VERSION, SPEC, SPEC_REVISION):
            raise CheckpointError(f"{path} is {found}; only {(FORMAT_VERSION, SPEC, SPEC_REVISION)} is understood")
        variables = dict(_variable(file, path) for _ in range(_number(file, "I")))
        for _ in range(_number(file, "I")):
            alias, name = _string(file), _string(file)
            variables[alias] = variables[name]
    return variables


def _number(file: BinaryIO, kind: str) -> int:
    (value,) = struct.unpack(f"<{kind}", file.read(struct.calcsize(f"<{kind}")))
    return int(value)


def _string(file: BinaryIO) -> str:
    return file.read(_number(file, "H"))[:-1].decode()


def _variable(file: BinaryIO, path: Path) -> tuple[str, npt.NDArray[np.generic]]:
    name = _string(file)
    shape = [_number(file, "I") for _ in range(_number(file, "B"))]
    kind, size = _number(file, "B"), _number(file, "I")
    if kind >= len(TYPES):
        raise CheckpointError(f"{path}: {name} has the type {kind}, which is not understood")
    return name, np.frombuffer(file.read(size), TYPES[kind]).reshape(shape)


def _dimensions(variables: Variables) -> dict[str, int]:
    """openai-whisper's ModelDimensions, read off the weights' shapes."""
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
    """Each linear layer of an attention or feed-forward, split into the layers that are fused in it."""
    for number, names in enumerate(parts):
        weight, bias = (
            np.split(as_float(variables, f"{theirs}/linear_{number}/{k}"), len(names)) for k in ("weight", "bias")
        )
        for name, own_weight, own_bias in zip(names, weight, bias, strict=True):
            yield f"{ours}.{name}.weight", own_weight
            if name != "key":  # Whisper's keys have no bias; the fused layer holds zeros there
                yield f"{ours}.{name}.bias", own_bias
            elif own_bias.any():
                raise CheckpointError(f"{theirs}/linear_{number} has a bias on its keys: it is no Whisper")


def as_float(variables: Variables, name: str) -> Array:
    """A variable as float32. Integers are multiplied out by their scale: stored = true * scale, a row each."""
    try:
        stored = variables[name]
    except KeyError as error:
        raise CheckpointError(f"the model lacks {name}") from error
    if stored.dtype in FLOATS:
        return stored.astype(np.float32)
    scale = np.asarray(variables[f"{name}_scale"], np.float32)
    if scale.ndim:
        scale = scale.reshape(-1, *[1] * (stored.ndim - 1))
    return np.asarray(stored.astype(np.float32) / scale, dtype=np.float32)
