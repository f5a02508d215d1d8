"""Bundles: what is saved is what loads, and what does not fit is refused with a reason."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from model.bundle import BUNDLES, BundleError, Manifest, find_bundle, fold_batch_norms, load_bundle, save_bundle
from model.encoders import VideoEncoder, VoiceConfig
from model.features import CLIP_FRAMES, CLIP_SIZE, FACE_SIZE, N_MELS, Sample
from model.network import EmotionNetwork, NetworkConfig
from model.pipeline import Models

STARTER = BUNDLES / "starter"
TINY_VOICE = VoiceConfig(layers=1, width=16, heads=2, hidden=8)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A bundle of our own, saved."""
    torch.manual_seed(0)
    config = NetworkConfig(audio=TINY_VOICE, face_width=8)
    save_bundle(
        tmp_path / "small", Manifest(name="small", version="1", licence="MIT", network=config), EmotionNetwork(config)
    )
    return tmp_path / "small"


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_saved_and_loaded_judge_alike(tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = NetworkConfig(audio=TINY_VOICE, face_width=8)
    network = EmotionNetwork(config).eval()
    save_bundle(tmp_path, Manifest(name="x", version="1", licence="MIT", network=config), network)
    samples = [Sample(audio=torch.randn(N_MELS, 90), face=torch.randn(2, 1, FACE_SIZE, FACE_SIZE))]
    with torch.inference_mode():
        before, after = network(samples), load_bundle(tmp_path).network(samples)
    torch.testing.assert_close(before.emotions, after.emotions, atol=2e-3, rtol=2e-3)  # half precision


def test_folded_batch_norms_change_nothing() -> None:
    """R3D-18 after some training: norms with statistics and scales of their own, worked into the convolutions."""
    torch.manual_seed(0)
    encoder = VideoEncoder()
    for module in encoder.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            assert module.running_var is not None and module.running_mean is not None
            torch.nn.init.uniform_(module.weight, 0.5, 2.0)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
            torch.nn.init.normal_(module.bias)
            torch.nn.init.normal_(module.running_mean)
    clips = torch.randn(1, 3, CLIP_FRAMES, CLIP_SIZE, CLIP_SIZE)
    encoder.eval()
    with torch.inference_mode():
        before = encoder(clips)
        fold_batch_norms(encoder)
        after = encoder(clips)
    assert not any(isinstance(module, torch.nn.BatchNorm3d) for module in encoder.modules())
    torch.testing.assert_close(before, after, atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"emotions": ["joy", "anger", "disgust", "fear", "neutral", "sadness", "surprise"]}, "emotion labels"),
        ({"sentiments": ["positive", "neutral", "negative"]}, "sentiment labels"),
        ({"preprocess_id": "v0/other"}, "preprocessing"),
        ({"format": 99}, "format"),
        ({"network": {"audio": TINY_VOICE.model_dump(), "face_width": 16}}, "does not fit its config.json"),
        ({"network": {"audio": TINY_VOICE.model_dump()}}, "does not fit its config.json"),
        ({"name": None}, "config.json is not valid at 'name'"),
    ],
)
def test_what_does_not_fit_is_refused(small: Path, change: dict[str, Any], complaint: str) -> None:
    load_bundle(small)
    edit(small, **change)
    with pytest.raises(BundleError, match=complaint):
        load_bundle(small)


def test_damaged_weights_are_refused(small: Path) -> None:
    (small / "weights.safetensors").write_bytes(b"not tensors")
    with pytest.raises(BundleError, match="missing or damaged"):
        load_bundle(small)
    (small / "weights.safetensors").unlink()
    with pytest.raises(BundleError, match="missing or damaged"):
        load_bundle(small)


def test_unknown_name_tells_the_known_ones() -> None:
    with pytest.raises(BundleError, match="one of: .*starter"):
        find_bundle("nonesuch")


def test_starter_is_complete_and_small(models: Models) -> None:
    assert set(models.bundle.network.modalities) == {"text", "audio", "face"}
    assert sum(path.stat().st_size for path in STARTER.iterdir()) <= 32e6
    assert not models.bundle.manifest.fusion_trained
    for name in ("MODEL_CARD.md", "LICENSE", "evaluation.json"):
        assert (STARTER / name).is_file()


def test_starter_beats_always_saying_the_commonest() -> None:
    """The committed evaluation, in which the card's figures were measured: clearly better, everywhere."""
    evaluations = json.loads((STARTER / "evaluation.json").read_text())["evaluations"]
    assert {e["corpus"] for e in evaluations} >= {"meld-text", "ravdess", "fer2013"}
    for evaluation in evaluations:
        if evaluation["prior"] == "corpus":
            figures = evaluation["emotion"]
            assert figures["weighted_f1_interval"][0] > figures["majority_weighted_f1"] + 0.1


def test_a_copy_elsewhere_loads(tmp_path: Path) -> None:
    shutil.copytree(STARTER, tmp_path / "mine")
    assert load_bundle(tmp_path / "mine").manifest.name == "starter"
