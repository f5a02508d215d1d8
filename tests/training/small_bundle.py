"""Small bundle for text and face with random weights, and utterances for it."""

from collections.abc import Sequence
from pathlib import Path
from typing import overload

import numpy as np
import torch

from model.bundle import Manifest, save_bundle
from model.contract import EMOTIONS, SENTIMENTS
from model.features import Sample, Tokens
from model.modalities.face import FACE_SIZE, FaceConfig
from model.modalities.text import TextConfig
from model.network import Calibration, EmotionNetwork, NetworkConfig
from training.corpora import IGNORED, Example
from training.data.content_hash import hash_bytes
from training.evaluation.provenance import TrainingPriors

BERT = {
    "vocab_size": 60, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
    "intermediate_size": 64, "max_position_embeddings": 32,
}  # fmt: skip
CONVERSATION = Calibration(
    prior_emotion=(0.1, 0.05, 0.05, 0.2, 0.4, 0.1, 0.1), prior_sentiment=(0.3, 0.5, 0.2), temperature_emotion=1.5
)
PHOTOGRAPHS = Calibration(
    prior_emotion=(0.15, 0.02, 0.13, 0.25, 0.2, 0.15, 0.1), prior_sentiment=(0.5, 0.2, 0.3), reliability=0.4
)


def small_network(seed: int = 0) -> EmotionNetwork:
    """Build a network for text and face, with heads that are confident enough to give different predictions."""
    torch.manual_seed(seed)
    config = NetworkConfig.of(
        TextConfig(bert=BERT),
        FaceConfig(width=32),
        calibration={"text": CONVERSATION, "face": PHOTOGRAPHS},
        prior_emotion=CONVERSATION.prior_emotion,
        prior_sentiment=CONVERSATION.prior_sentiment,
    )
    network = EmotionNetwork(config).eval()
    for head in network.heads.values():
        torch.nn.init.normal_(head.weight, std=0.5)  # type: ignore[arg-type]
    return network


def save_small_bundle(folder: Path) -> Path:
    network = small_network()
    training_priors = {
        m: TrainingPriors.from_effective(c.model_copy(update={"temperature_emotion": 1.0, "reliability": 1.0}), 0.0)
        for m, c in network.config.calibration.items()
    }
    manifest = Manifest(
        name="small", version="0.0.1", licence="none", network=network.config,
        training={"taught": {m: t.model_dump(mode="json", exclude_defaults=True) for m, t in training_priors.items()}},
    )  # fmt: skip
    save_bundle(folder, manifest, network)
    return folder


def utterance(i: int, text: bool = True, face: bool = True) -> Example:
    """Create an utterance in dialogues of four; every tenth has no sentiment."""
    rng = np.random.default_rng(i)
    ids = torch.from_numpy(rng.integers(5, 60, int(rng.integers(3, 12))))
    crops = torch.from_numpy(rng.normal(size=(2, 1, FACE_SIZE, FACE_SIZE)).astype(np.float32))
    return Example(
        Sample(text=Tokens(ids, torch.ones_like(ids)) if text else None, face=crops if face else None),
        emotion=i % len(EMOTIONS),
        sentiment=IGNORED if i % 10 == 9 else i % len(SENTIMENTS),
        group=f"dialogue {i // 4}",
        content=hash_bytes(f"utterance {i}".encode()),
    )


class Lazy(Sequence[Example]):
    """Examples that are created on access; records the accesses."""

    def __init__(self, count: int) -> None:
        self._count = count
        self.accessed: list[int] = []

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Example]: ...
    def __getitem__(self, index: int | slice) -> Example | Sequence[Example]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(self._count))]
        if index >= self._count:
            raise IndexError(index)
        self.accessed.append(index)
        return utterance(index)
