"""The voice encoder equals Whisper's first layers, at the length of the utterance."""

from pathlib import Path

import pytest
import torch
import whisper
from torch.nn import functional as F

from bench.whisper_checkpoint import checkpoint
from model.features import SAMPLE_RATE
from model.media import read_audio
from model.modalities.audio import VoiceConfig, VoiceEncoder, log_mel
from model.modalities.base import EncoderError
from model.modalities.registry import load_public_encoder, public_state

TINY = VoiceConfig(layers=3, width=384, heads=6)


@pytest.fixture(scope="module")
def encoder() -> VoiceEncoder:
    encoder = VoiceEncoder(TINY)
    load_public_encoder(encoder, "whisper-tiny.en")
    return encoder.eval()


@torch.inference_mode()
def test_its_layers_are_those_of_whisper(encoder: VoiceEncoder, sample: Path) -> None:
    """Compared with openai-whisper's implementation with the same weights, on real speech."""
    mels = log_mel(read_audio(sample)[SAMPLE_RATE : 3 * SAMPLE_RATE])
    assert mels is not None
    state = torch.load(checkpoint("tiny.en"), weights_only=True)["model_state_dict"]
    theirs = whisper.model.AudioEncoder(80, 1500, 384, 6, 4).eval()
    theirs.load_state_dict({k.removeprefix("encoder."): v for k, v in state.items() if k.startswith("encoder.")})
    x = F.gelu(theirs.conv2(F.gelu(theirs.conv1(mels[None])))).permute(0, 2, 1)
    layers = [x + theirs.positional_embedding[: x.shape[1]]]
    for block in theirs.blocks[:3]:
        layers.append(block(layers[-1]))
    ours = encoder.statistics(mels[None], torch.tensor([mels.shape[1]]))[0]
    for layer, (found, expected) in enumerate(zip(ours, layers, strict=True)):
        mean, deviation = found.chunk(2)
        torch.testing.assert_close(mean, expected[0].mean(dim=0), atol=2e-2, rtol=2e-2, msg=f"layer {layer}")
        torch.testing.assert_close(deviation, expected[0].std(dim=0, correction=0), atol=2e-2, rtol=2e-2)


def test_a_public_encoder_of_another_shape_is_refused() -> None:
    with pytest.raises(EncoderError, match="whisper-tiny.en"):
        public_state(VoiceEncoder(VoiceConfig(layers=2, width=64, heads=2)), "whisper-tiny.en")


def test_other_weights_are_not_loaded_from_whisper(encoder: VoiceEncoder) -> None:
    loaded = set(public_state(encoder, "whisper-tiny.en"))
    own = {key.split(".")[0] for key in encoder.state_dict() if key not in loaded}
    assert own == {"mixture", "norm", "squeeze"}
