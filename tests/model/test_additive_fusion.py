"""Additive fusion: a single modality is unchanged, contributions add up, and older bundles keep their predictions."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.contract import EMOTIONS, MODALITIES, Modality
from model.explanation import summarize_explained
from model.fusion import (
    Fusion,
    PerClass,
    add_up,
    bias_table,
    conflict,
    normalized,
    subset_name,
    subsets,
    weight_table,
)
from model.modalities.face import FaceConfig
from model.modalities.text import TextConfig
from model.network import EmotionNetwork, NetworkConfig
from model.pipeline import explanation_of
from tests.model.test_network import SKEWED, TINY_BERT, TINY_VOICE, make_sample

PARTS: tuple[Modality, ...] = ("text", "audio", "face")


def some_fusion(seed: int, modalities: tuple[Modality, ...] = PARTS) -> Fusion:
    rng = np.random.default_rng(seed)
    rows = {m: (rng.uniform(0.1, 1.2, 7), rng.uniform(0.1, 1.2, 3)) for m in modalities}
    biases = {subset_name(s): (rng.normal(size=7), rng.normal(size=3)) for s in subsets(modalities)}
    return Fusion(
        weights={m: PerClass(emotion=tuple(e), sentiment=tuple(s)) for m, (e, s) in rows.items()},
        bias={name: PerClass(emotion=tuple(e), sentiment=tuple(s)) for name, (e, s) in biases.items()},
        unclear_below=0.4,
        conflict_from=0.5,
    )


@pytest.fixture(scope="module")
def network() -> EmotionNetwork:
    torch.manual_seed(0)
    config = NetworkConfig.of(
        TextConfig(bert=TINY_BERT), TINY_VOICE, FaceConfig(width=8), calibration={"text": SKEWED, "face": SKEWED},
        prior_emotion=SKEWED.prior_emotion, prior_sentiment=SKEWED.prior_sentiment, fusion=some_fusion(0),
    )  # fmt: skip
    made = EmotionNetwork(config).eval()
    for head in made.heads.values():
        torch.nn.init.normal_(head.weight, std=0.5)  # type: ignore[arg-type]
    return made


@torch.inference_mode()
@pytest.mark.parametrize("modality", PARTS)
def test_one_modality_is_unchanged_by_the_fusion(network: EmotionNetwork, modality: Modality) -> None:
    """W = 1 and b = 0 for emotions and sentiments, as without a fitted fusion."""
    without = EmotionNetwork(network.config.model_copy(update={"fusion": None})).eval()
    without.load_state_dict(network.state_dict())
    fused, plain = network([make_sample(2, modality)]), without([make_sample(2, modality)])
    torch.testing.assert_close(fused.emotions, fused.per_modality[modality])
    torch.testing.assert_close(fused.emotions, plain.emotions)
    torch.testing.assert_close(fused.sentiments, plain.sentiments)


@torch.inference_mode()
def test_several_modalities_add_up_by_the_formula(network: EmotionNetwork) -> None:
    fusion = network.config.fusion
    assert fusion is not None
    for subset in subsets(PARTS):
        prediction = network([make_sample(3, *subset)])
        prior = np.log(SKEWED.prior_emotion)
        total = prior + np.asarray(fusion.bias[subset_name(subset)].emotion)
        for m in subset:
            evidence = prediction.per_modality[m][0].double().numpy() - prior
            evidence = evidence - np.log(np.exp(evidence).sum()) + np.log(7.0)
            total = total + np.asarray(fusion.weights[m].emotion) * evidence
        expected = np.exp(total) / np.exp(total).sum()
        np.testing.assert_allclose(prediction.emotions[0].exp().numpy(), expected, atol=1e-5)


@torch.inference_mode()
def test_agreeing_modalities_are_more_certain_than_one() -> None:
    """Averaging could not achieve this."""
    ones = PerClass(emotion=(1.0,) * 7, sentiment=(1.0,) * 3)
    fusion = Fusion(weights={"text": ones, "face": ones})
    joy = torch.zeros(1, 2, 10)
    joy[:, :, EMOTIONS.index("joy")] = 1.5
    present = torch.tensor([[True, True]])
    terms, bias = add_up(joy, present, weight_table(fusion, ("text", "face")), bias_table(fusion, ("text", "face")))
    together = (bias + terms.sum(dim=1))[:, :7].softmax(dim=1)
    single = normalized(joy[:, 0])[:, :7].softmax(dim=1)
    assert together.max() > single.max() + 0.2


@torch.inference_mode()
@given(st.integers(0, 10_000), st.sampled_from(subsets(PARTS, least=1)))
def test_contributions_and_bias_are_the_lead(network: EmotionNetwork, seed: int, present: tuple[Modality, ...]) -> None:
    prediction = network([make_sample(seed, *present)])
    explanation = explanation_of(prediction, 0)
    order = prediction.emotions[0].argsort(descending=True).tolist()
    log_p = prediction.emotions[0].double()
    for first, second in ((order[0], order[1]), (order[3], order[5])):
        lead = explanation.lead(EMOTIONS[first], EMOTIONS[second])
        assert set(lead.contributions) == set(present)
        assert lead.total == pytest.approx(float(log_p[first] - log_p[second]), abs=1e-4)  # logits are single precision
        rounded = lead.rounded()
        assert rounded.total == pytest.approx(lead.total, abs=1e-6)
        weights, decided_by = lead.weights
        assert sum(weights.values()) == pytest.approx(1.0)
        assert (decided_by == "prior") == all(nats <= 0.0 for nats in lead.contributions.values())
        for m, nats in lead.contributions.items():
            positive = sum(max(0.0, n) for n in lead.contributions.values())
            assert weights[m] == pytest.approx(max(0.0, nats) / positive if positive else 1.0 / len(present))


@torch.inference_mode()
def test_bundles_without_a_fitted_fusion_explain_themselves_too() -> None:
    torch.manual_seed(1)
    old = EmotionNetwork(NetworkConfig.of(TINY_VOICE, FaceConfig(width=8), fused_temperature_emotion=1.7)).eval()
    torch.nn.init.normal_(old.joint.weight, std=0.1)
    prediction = old([make_sample(6, "audio", "face")])
    lead = explanation_of(prediction, 0).lead("anger", "joy")
    log_p = prediction.emotions[0].double()
    expected = float(log_p[EMOTIONS.index("anger")] - log_p[EMOTIONS.index("joy")])
    assert lead.total == pytest.approx(expected, abs=1e-4)


def test_the_whole_video_is_the_mean_by_duration_for_its_own_winner(network: EmotionNetwork) -> None:
    from model.pipeline import _utterance
    from model.utterances import Segment

    samples = [make_sample(1, "text", "face"), make_sample(4, "audio"), make_sample(9, *PARTS)]
    with torch.inference_mode():
        prediction = network(samples)
    spoken = [Segment(0.0, 2.0, "a"), Segment(2.0, 3.0, ""), Segment(3.0, 9.0, "b")]
    explanations = [explanation_of(prediction, row) for row in range(3)]
    fusion = network.config.fusion
    assert fusion is not None
    utterances = [_utterance(s, prediction, row, explanations[row], fusion) for row, s in enumerate(spoken)]
    overall = summarize_explained(utterances, explanations)
    first, second = overall.emotions[0].label, overall.emotions[1].label
    leads = [e.lead(first, second) for e in explanations]
    for m in PARTS:
        mean = sum(s * lead.contributions.get(m, 0.0) for s, lead in zip((2 / 9, 1 / 9, 6 / 9), leads, strict=True))
        assert overall.modalities[m].contribution == pytest.approx(mean, abs=1e-5)
    assert sum(c.weight for c in overall.modalities.values()) == pytest.approx(1.0, abs=1e-5)
    for utterance in utterances:
        p = [score.confidence for score in utterance.emotions[:2]]
        parts = [share.contribution for share in utterance.modalities.values()]
        assert utterance.bias is not None and None not in parts
        assert sum(filter(None, parts)) + utterance.bias == pytest.approx(np.log(p[0] / p[1]), abs=1e-3)


def test_another_prior_takes_the_place_of_the_declared_one(network: EmotionNetwork) -> None:
    uniform = EmotionNetwork(network.config.with_uniform_prior()).eval()
    uniform.load_state_dict(network.state_dict())
    with torch.inference_mode():
        declared, flat = (n([make_sample(3, *PARTS), make_sample(3, "face")]).emotions for n in (network, uniform))
    moved = (flat + torch.tensor(SKEWED.prior_emotion).log()).log_softmax(dim=1)
    torch.testing.assert_close(moved, declared)


def test_pleasant_and_unpleasant_contradict_each_other_and_neutral_nothing() -> None:
    sure = {e: tuple(0.94 if e == other else 0.01 for other in EMOTIONS) for e in EMOTIONS}
    assert conflict({"text": sure["joy"], "face": sure["anger"]}) > 0.9
    assert conflict({"text": sure["joy"], "face": sure["joy"]}) < 0.1
    assert conflict({"text": sure["neutral"], "face": sure["anger"], "audio": sure["surprise"]}) < 0.1
    assert conflict({"text": sure["joy"]}) == conflict({}) == 0.0


def test_a_bias_for_modalities_that_have_no_weight_is_refused() -> None:
    row = PerClass(emotion=(0.0,) * 7, sentiment=(0.0,) * 3)
    ones = PerClass(emotion=(1.0,) * 7, sentiment=(1.0,) * 3)
    with pytest.raises(ValueError, match="text\\+face"):
        Fusion(weights={"text": ones, "audio": ones}, bias={"text+face": row})


def test_a_network_of_other_modalities_takes_the_parts_it_has() -> None:
    fusion = some_fusion(1)
    table = bias_table(fusion, ("face", "text"))
    assert table[3].tolist() == pytest.approx([*fusion.bias["text+face"].emotion, *fusion.bias["text+face"].sentiment])
    assert not table[:3].any()
    assert subset_name(("face", "text")) == "text+face" and len(subsets(MODALITIES)) == 11
