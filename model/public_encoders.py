"""Public encoders: where their weights come from, under the names that our encoders have for them."""

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from model import weights
from model.ctranslate2_file import Variables, as_float, read_variables
from model.encoders import TextEncoder, VoiceEncoder


class EncoderError(ValueError):
    """A public encoder is not of the shape that a bundle's configuration asks for."""


def load_public_encoder(encoder: nn.Module, public: str) -> set[str]:
    """Load an entry of weights.CATALOGUE into an encoder -> the names of the weights it had.

    What it does not have, as our own pooling over it, stays.
    """
    state = public_state(encoder, public)
    encoder.load_state_dict(state, strict=False)
    return set(state)


def public_state(encoder: nn.Module, public: str) -> dict[str, Tensor]:
    """A public encoder's weights under the names that `encoder` has for them, float32.

    Raises EncoderError where it lacks any that it should have, or weights.WeightsError.
    """
    folder = weights.fetch(public)
    if isinstance(encoder, TextEncoder):
        state = _bert(load_file(folder / "model.safetensors"))
    elif isinstance(encoder, VoiceEncoder):
        state = _whisper(read_variables(folder / "model.bin", "encoder/"), len(encoder.blocks))
    else:
        state = _r3d(torch.load(folder / "r3d_18.pth", weights_only=True))
    own = encoder.state_dict()
    wrong = [key for key, value in state.items() if key in own and own[key].shape != value.shape]
    wrong += [key for key in own if key not in state and key.startswith(("bert.", "conv", "blocks.", "r3d."))]
    if wrong:
        raise EncoderError(f"the public encoder {public!r} does not fit (at {wrong[0]} and {len(wrong) - 1} more)")
    return {key: value.float() if value.is_floating_point() else value for key, value in state.items() if key in own}


def _bert(state: dict[str, Tensor]) -> dict[str, Tensor]:
    names = {key: f"bert.{key.removeprefix('bert.')}" for key in state}
    older = {".gamma": ".weight", ".beta": ".bias"}  # of layer norms, in Google's own checkpoint
    for key, name in names.items():
        for old, new in older.items():
            if name.endswith(old):
                names[key] = name.removesuffix(old) + new
    return {names[key]: value for key, value in state.items()}


def _r3d(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"r3d.{key}": value for key, value in state.items() if not key.startswith("fc.")}


def _whisper(variables: Variables, layers: int) -> dict[str, Tensor]:
    """CTranslate2's names -> ours, which are those of nn.TransformerEncoderLayer."""
    names = {
        f"{layer}.{kind}": f"encoder/{layer}/{kind}" for layer in ("conv1", "conv2") for kind in ("weight", "bias")
    }
    for i in range(layers):
        attention, feed_forward = (f"encoder/layer_{i}/{part}" for part in ("self_attention", "ffn"))
        for kind, stored in (("weight", "gamma"), ("bias", "beta")):
            names[f"blocks.{i}.norm1.{kind}"] = f"{attention}/layer_norm/{stored}"
            names[f"blocks.{i}.norm2.{kind}"] = f"{feed_forward}/layer_norm/{stored}"
        for kind in ("weight", "bias"):
            names[f"blocks.{i}.self_attn.in_proj_{kind}"] = f"{attention}/linear_0/{kind}"
            names[f"blocks.{i}.self_attn.out_proj.{kind}"] = f"{attention}/linear_1/{kind}"
            names[f"blocks.{i}.linear1.{kind}"] = f"{feed_forward}/linear_0/{kind}"
            names[f"blocks.{i}.linear2.{kind}"] = f"{feed_forward}/linear_1/{kind}"
    return {ours: torch.from_numpy(np.ascontiguousarray(as_float(variables, theirs))) for ours, theirs in names.items()}
