"""Bundle with all modalities (bert-base, R3D-18, voice and face), as a training on MELD produces.

Its weights are random, because speed and memory do not depend on them. Its predictions are meaningless.
"""

from pathlib import Path

import torch

from bench.clip import BUILD
from model.bundle import BundleError, Manifest, read_manifest, save_bundle
from model.bundle_formats import FORMAT
from model.compat import ensure_torchvision
from model.modalities.audio import VoiceConfig
from model.modalities.face import FaceConfig
from model.modalities.text import TextConfig
from model.modalities.video import VideoConfig
from model.network import EmotionNetwork, NetworkConfig

FACE_WIDTH = 64
SEED = 0


def full_shape(folder: Path = BUILD / "full-shape") -> Path:
    """Return the bundle's folder; it is created if it is missing or has another format version."""
    manifest = Manifest.model_validate_json(_manifest().model_dump_json())  # normalized as when it is read
    if not _is_same(folder, manifest):
        torch.manual_seed(SEED)
        save_bundle(folder, manifest, EmotionNetwork(manifest.network))
    return folder


def _manifest() -> Manifest:
    ensure_torchvision()  # transformers imports it
    from transformers import BertConfig  # slow to import

    return Manifest(
        name="full-shape",
        version=str(FORMAT),
        licence="none: random weights",
        tokenizer="minilm-l6",  # WordPiece with BERT's vocabulary
        network=NetworkConfig.of(
            TextConfig(bert=BertConfig().to_dict()), VoiceConfig(), VideoConfig(), FaceConfig(width=FACE_WIDTH)
        ),
    )


def _is_same(folder: Path, manifest: Manifest) -> bool:
    try:
        return read_manifest(folder) == manifest and (folder / "weights.safetensors").exists()
    except (BundleError, OSError):
        return False
