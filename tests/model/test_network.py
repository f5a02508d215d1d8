"""The network: masking of missing modalities, additive contributions, and independence of the batch."""

import itertools
import math

import pytest
import torch

from model.contract import MODALITIES, Modality
from model.features import Sample, Tokens
from model.modalities.audio import N_MELS, VoiceConfig
from model.modalities.face import FaceConfig, FaceEncoder, zoomed
from model.modalities.text import TextConfig
from model.modalities.video import VideoConfig
from model.network import Calibration, EmotionNetwork, NetworkConfig

TINY_BERT = {
    "vocab_size": 200,
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 48,
}
TINY_VOICE = VoiceConfig(layers=2, width=16, heads=2, hidden=8)
SKEWED = Calibration(
    prior_emotion=(0.1, 0.05, 0.05, 0.2, 0.4, 0.1, 0.1), prior_sentiment=(0.2, 0.5, 0.3),
    temperature_emotion=1.7, temperature_sentiment=0.8, reliability=0.4,
)  # fmt: skip


@pytest.fixture(scope="module")
def network() -> EmotionNetwork:
    """A small random network of all four modalities, with unequal constants."""
    torch.manual_seed(0)
    calibration: dict[Modality, Calibration] = {"text": SKEWED, "face": SKEWED.model_copy(update={"reliability": 1.2})}
    config = NetworkConfig.of(
        TextConfig(bert=TINY_BERT), TINY_VOICE, VideoConfig(), FaceConfig(width=8), calibration=calibration,
        prior_emotion=SKEWED.prior_emotion, prior_sentiment=SKEWED.prior_sentiment,
    )  # fmt: skip
    return EmotionNetwork(config).eval()


def make_sample(seed: int, *modalities: Modality) -> Sample:
    random = torch.Generator().manual_seed(seed)
    n = 3 + seed % 7
    ids = torch.randint(110, 199, (n + 4,), generator=random)
    sample = Sample(
        text=Tokens(ids=ids, types=torch.tensor([0] * 4 + [1] * n)),
        audio=torch.randn(N_MELS, 40 + 13 * n, generator=random),
        video=torch.randn(3, 16, 112, 112, generator=random),
        face=torch.randn(1 + seed % 3, 1, 48, 48, generator=random),
    )
    return sample.only(*modalities)


SUBSETS = [s for n in range(1, 5) for s in itertools.combinations(MODALITIES, n)]


@torch.inference_mode()
@pytest.mark.parametrize("present", SUBSETS, ids="+".join)
def test_any_subset_gives_a_distribution(network: EmotionNetwork, present: tuple[Modality, ...]) -> None:
    prediction = network([make_sample(1, *present)])
    for part in (prediction.emotions, prediction.sentiments):
        assert torch.isfinite(part).all()
        assert part.exp().sum() == pytest.approx(1.0, abs=1e-5)
    weights = dict(zip(prediction.modalities, prediction.weights[0].tolist(), strict=True))
    assert sum(weights.values()) == pytest.approx(1.0, abs=1e-6)
    assert {m for m, w in weights.items() if w > 0} == set(present)


@torch.inference_mode()
@pytest.mark.parametrize("modality", MODALITIES)
def test_fusion_of_one_modality_is_its_own_prediction(network: EmotionNetwork, modality: Modality) -> None:
    prediction = network([make_sample(2, modality)])
    torch.testing.assert_close(prediction.emotions, prediction.per_modality[modality])


@torch.inference_mode()
def test_fusion_is_the_documented_weighted_sum(network: EmotionNetwork) -> None:
    """Prior and weighted evidence reproduce the fused distribution."""
    prediction = network([make_sample(3, "text", "audio", "face")])
    prior = torch.tensor(SKEWED.prior_emotion).log()
    total = prior.clone()
    for column, modality in enumerate(prediction.modalities):
        if prediction.weights[0, column] > 0:
            total += prediction.weights[0, column] * (prediction.per_modality[modality][0] - prior)
    torch.testing.assert_close(prediction.emotions[0], total.log_softmax(0))


@torch.inference_mode()
def test_several_modalities_have_their_own_temperature(network: EmotionNetwork) -> None:
    other = EmotionNetwork(
        network.config.model_copy(update={"fused_temperature_emotion": 2.0, "fused_temperature_sentiment": 0.5})
    ).eval()
    other.load_state_dict(network.state_dict())
    samples = [make_sample(3, "text", "audio", "face"), make_sample(3, "audio")]
    before, after = network(samples), other(samples)
    torch.testing.assert_close(after.emotions[1], before.emotions[1])
    torch.testing.assert_close(after.sentiments[1], before.sentiments[1])
    prior, sentiments = torch.tensor(SKEWED.prior_emotion).log(), torch.tensor(SKEWED.prior_sentiment).log()
    torch.testing.assert_close(after.emotions[0], (prior + (before.emotions[0] - prior) / 2.0).log_softmax(0))
    wanted = (sentiments + (before.sentiments[0] - sentiments) / 0.5).log_softmax(0)
    torch.testing.assert_close(after.sentiments[0], wanted)
    torch.testing.assert_close(after.weights, before.weights)


@torch.inference_mode()
def test_shares_follow_reliability(network: EmotionNetwork) -> None:
    weights = dict(zip(network.modalities, network([make_sample(4, "text", "face")]).weights[0].tolist(), strict=True))
    assert weights["face"] / weights["text"] == pytest.approx(1.2 / 0.4, rel=1e-4)


@torch.inference_mode()
def test_a_batch_does_not_influence_its_members(network: EmotionNetwork) -> None:
    samples = [make_sample(seed, *SUBSETS[seed % len(SUBSETS)]) for seed in range(24)]
    together = network(samples)
    for row, sample in enumerate(samples):
        single = network([sample])
        torch.testing.assert_close(together.emotions[row], single.emotions[0], atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(together.sentiments[row], single.sentiments[0], atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_nothing_present_is_the_prior(network: EmotionNetwork) -> None:
    prediction = network([Sample(), make_sample(5, "text")])
    torch.testing.assert_close(prediction.emotions[0].exp(), torch.tensor(SKEWED.prior_emotion))
    assert prediction.weights[0].sum() == 0.0


@torch.inference_mode()
def test_trained_gates_and_joint_head_take_part() -> None:
    """Gates and joint head, which a multimodal corpus trains, change weights and result."""
    torch.manual_seed(1)
    network = EmotionNetwork(NetworkConfig.of(TINY_VOICE, FaceConfig(width=8))).eval()
    sample = make_sample(6, "audio", "face")
    before = network([sample])
    torch.nn.init.normal_(network.gates["audio"].weight)  # type: ignore[arg-type]
    gated = network([sample])
    assert not torch.allclose(before.weights, gated.weights)
    torch.nn.init.normal_(network.joint.weight)
    assert not torch.allclose(gated.emotions, network([sample]).emotions)


def test_gradients_stay_finite_with_missing_modalities() -> None:
    network = EmotionNetwork(NetworkConfig.of(TextConfig(bert=TINY_BERT), TINY_VOICE, FaceConfig(width=8)))
    network([make_sample(7, "audio"), make_sample(8, "text", "face"), Sample()]).emotions[:, 0].sum().backward()
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    assert gradients and all(math.isfinite(float(g.abs().sum())) for g in gradients)


@torch.inference_mode()
def test_mirrored_and_repeated_faces_have_the_same_embedding() -> None:
    """Four views are averaged, for one crop or for two equal ones, at any position in a batch."""
    encoder = FaceEncoder(FaceConfig(width=8)).eval()
    faces = torch.randn(3, 1, 48, 48)
    once = encoder(faces, torch.arange(3), 3)
    torch.testing.assert_close(encoder(faces.flip(-1), torch.arange(3), 3), once)
    twice = encoder(faces.repeat_interleave(2, dim=0), torch.tensor([0, 0, 1, 1, 2, 2]), 3)
    torch.testing.assert_close(twice, once)
    mixed = encoder(faces[[0, 1, 1, 2]], torch.tensor([0, 1, 1, 2]), 3)
    torch.testing.assert_close(mixed, once)


def test_zooming_enlarges_the_middle() -> None:
    enlarged = zoomed(torch.arange(48.0).expand(1, 1, 48, 48))  # a pixel's value is its column
    assert enlarged.shape == (1, 1, 48, 48)
    assert float(enlarged.min()) == pytest.approx(2.0) and float(enlarged.max()) == pytest.approx(45.0)
