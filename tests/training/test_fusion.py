"""Fusion: people's judgments, composed items without leaks, recovered parameters, and the command on raw data."""

import csv
import json
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from scipy.special import log_softmax, softmax

from model.bundle import Bundle, Manifest, load_bundle, read_manifest, save_bundle
from model.contract import EMOTIONS, SENTIMENTS, Modality
from model.fusion import Fusion, subset_name
from model.modalities.audio import VoiceConfig
from model.modalities.text import TextConfig
from model.network import N_LOGITS, EmotionNetwork, NetworkConfig
from tests.training.commands import run_evaluate, run_fuse, run_train
from tests.training.meld_fixture import write_lines
from tests.training.small_bundle import BERT, CONVERSATION, small_network, utterance
from training.corpora import CORPORA, IGNORED, read_ferplus
from training.corpora.base import Labels
from training.data.training_items import save_training_items
from training.evaluation.metrics import bootstrap, log_loss
from training.evaluation.protocol import Evaluation
from training.evaluation.provenance import TrainingPriors
from training.evaluation.scoring import Encoded, concatenate, encode, predict, predict_with_constants, set_constants
from training.fusion.composed_items import MISSING, Pool, SoftSlots, compose, draw, rows_without_sample
from training.fusion.fit_pipeline import study_of
from training.fusion.fitting import Items, Shrinkage, fit_fusion, predict_emotions, restrict
from training.fusion.judgments import (
    Judgments,
    perceived_given_intended,
    read_judgments,
    sentiments_of_emotions,
    valence_thresholds,
)
from training.fusion.modality_calibration import fit_constants
from training.fusion.real_items import fit_real
from training.fusion.selection import Study, half, score_of
from training.licence import corpus_licences, licence_line
from training.recipe import STARTER, FusionRecipe, Recipe

FREE = Shrinkage(weights=1e-6, bias=1e-6)
NEUTRAL, ANGER, JOY = (EMOTIONS.index(e) for e in ("neutral", "anger", "joy"))


def judgments_of(n: int, seed: int = 0) -> Judgments:
    """Create random labels that agree on half of the utterances, in dialogues of eight."""
    rng = np.random.default_rng(seed)
    together = rng.integers(0, 7, n)
    text, audio, face = (np.where(rng.random(n) < 0.5, together, rng.integers(0, 7, n)) for _ in range(3))
    return Judgments(
        {"text": text, "audio": audio, "face": face, "together": together},
        valence=np.round(rng.uniform(-2, 2, n), 1),
        dialogues=tuple(f"G{i // 8:05d}" for i in range(n)),
        splits=tuple("val" if i % 5 == 4 else "train" for i in range(n)),
    )


@cache
def pool_of(modality: Modality, labels: Labels, n: int, corpus: str = "some", lacking: tuple[int, ...] = ()) -> Pool:
    """Create samples of every class except those in `lacking`, encoded by a random network."""
    network = small_network()
    examples = [utterance(i, text=modality == "text", face=modality == "face") for i in range(n)]
    encoded = encode(network, examples)
    rows = np.asarray([i for i, e in enumerate(encoded.emotions) if e not in lacking])
    return Pool(corpus, modality, labels, encoded.rows(rows))


def real_items(n: int, weights: dict[Modality, float], bias: float, seed: int = 0) -> Items:
    """Create items whose evidence has known weights, and a bias against neutral with two modalities."""
    rng = np.random.default_rng(seed)
    evidence = np.zeros((n, 2, N_LOGITS))
    for head in (slice(0, 7), slice(7, None)):
        raw = rng.normal(scale=1.5, size=(n, 2, evidence[:, :, head].shape[2]))
        evidence[:, :, head] = log_softmax(raw, axis=2) + np.log(raw.shape[2])
    total = (np.asarray([weights["text"], weights["face"]])[:, None] * evidence).sum(axis=1)
    total[:, NEUTRAL] -= bias
    targets = [
        (softmax(total[:, head], axis=1).cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
        for head in (slice(0, 7), slice(7, None))
    ]
    return Items(("text", "face"), evidence, np.ones((n, 2), dtype=bool), targets[0], targets[1])


def test_known_weights_are_recovered() -> None:
    items = real_items(8_000, {"text": 0.5, "face": 0.9}, bias=0.0)
    fitted = fit_fusion(items, Shrinkage(weights=None, bias=1e-4))
    assert np.ptp(fitted.weights["text"].emotion) < 1e-9, "one weight per modality"
    for modality, weight in (("text", 0.5), ("face", 0.9)):
        assert fitted.weights[modality].emotion[0] == pytest.approx(weight, abs=0.05)  # type: ignore[index]
        assert fitted.weights[modality].sentiment[0] == pytest.approx(weight, abs=0.08)  # type: ignore[index]


def test_shrinkage_reduces_the_spread_over_classes() -> None:
    items = real_items(3_000, {"text": 0.5, "face": 0.9}, bias=0.0)
    spread = [
        np.ptp(fit_fusion(items, Shrinkage(weights=w, bias=1e-4)).weights["text"].emotion) for w in (1e-5, 0.01, 10.0)
    ]
    assert spread[0] > spread[1] > spread[2] and spread[2] < 0.01


def test_a_fitted_fusion_predicts_like_the_network() -> None:
    """Fitting and serving compute the same, for every subset of modalities."""
    network = small_network()
    encoded = encode(network, [utterance(i, text=i % 3 != 0, face=i % 3 != 1) for i in range(60)])
    fitted = fit_fusion(Items.of(network, encoded), FREE)
    items = Items.of(network, encoded)
    set_constants(network, network.config.model_copy(update={"fusion": fitted}))
    np.testing.assert_allclose(
        predict_emotions(items, fitted, CONVERSATION.prior_emotion), predict(network, encoded).emotions, atol=1e-5
    )
    alone = predict_emotions(restrict(items, ["face"]), fitted, CONVERSATION.prior_emotion)
    np.testing.assert_allclose(alone, predict(network, encoded.only(["face"])).emotions, atol=1e-5)


def test_real_items_of_a_corpus_are_fitted_by_the_same_code() -> None:
    network = small_network()
    encoded = encode(network, [utterance(i) for i in range(200)])
    fitted = fit_fusion(Items.of(network, encoded), Shrinkage(weights=0.01, bias=1e-4))
    assert set(fitted.weights) == {"text", "face"} and set(fitted.bias) == {"text+face"}
    with pytest.raises(ValueError, match="two modalities"):
        fit_fusion(Items.of(network, encoded.only(["text"])), FREE)
    unlabeled = fit_fusion(Items.of(network, replace(encoded, sentiments=np.full(200, IGNORED))), FREE)
    assert unlabeled.weights["text"].sentiment == (1.0,) * 3 and unlabeled.bias["text+face"].sentiment == (0.0,) * 3


def test_a_fusion_of_real_items_replaces_gates_that_predict_worse() -> None:
    """With independent modalities an average understates the evidence, and a sum does not."""
    network = small_network()
    rng, n = np.random.default_rng(0), 600
    encoded = encode(network, [utterance(0)]).rows(np.zeros(n, np.int64))
    emotions = rng.choice(7, n, p=CONVERSATION.prior_emotion)
    place = rng.normal(size=(n, 2, 7)) + np.eye(7)[emotions][:, None]
    logits = torch.zeros(n, 2, N_LOGITS)
    logits[:, :, :7] = torch.from_numpy(place).float()
    items = replace(
        encoded,
        logits=logits * network.temperature + network.log_train_prior,
        emotions=emotions,
        sentiments=np.full(n, IGNORED),
        groups=tuple(f"dialogue {i // 6}" for i in range(n)),
    )
    fitted = fit_real(network, network.config, items)
    assert fitted.fusion is not None and 0.7 < np.mean(fitted.fusion.weights["text"].emotion) < 1.3
    before, after = (predict_with_constants(network, items, c).emotions for c in (network.config, fitted))
    assert log_loss(after, emotions) < log_loss(before, emotions) - 0.05
    assert fit_real(network, fitted, items.only(["face"])).fusion is None, "nothing to fit it on"


@given(st.integers(0, 1000))
def test_every_slot_gets_a_sample_of_the_matching_label(seed: int) -> None:
    judgments = judgments_of(40)
    pools = [
        pool_of("text", "together", 70, "meld"),
        pool_of("text", "text", 70, "comments"),
        pool_of("face", "face", 70),
    ]
    drawn = draw(judgments, pools, seed)
    assert drawn.modalities == ("text", "face")
    for row in range(len(judgments)):
        for slot in range(2):
            pool = pools[drawn.pool[row, slot]]
            label = judgments.labels[pool.column][row]
            assert pool.samples.emotions[drawn.sample[row, slot]] == label
    assert abs((drawn.pool[:, 0] == 0).sum() - 20) <= 1, "both text corpora fill half of the rows"
    again = draw(judgments, pools, seed)
    assert (again.sample == drawn.sample).all() and (again.pool == drawn.pool).all()


def test_missing_classes_are_drawn_from_other_corpora_or_counted() -> None:
    judgments = judgments_of(70)
    pools = [pool_of("text", "text", 70, "a", lacking=(ANGER,)), pool_of("text", "text", 70, "b", lacking=(JOY,))]
    assert (draw(judgments, pools, 0).sample != MISSING).all() and rows_without_sample(judgments, pools) == {"text": {}}
    single = [pools[0], pool_of("face", "face", 70)]
    found = draw(judgments, single, 0)
    without = found.sample[:, 0] == MISSING
    assert (judgments.labels["text"][without] == ANGER).all() and without.sum() == rows_without_sample(
        judgments, single
    )["text"]["anger"]
    items = compose(judgments, sentiments_of_emotions(judgments.emotions), single, found)
    assert (~items.present[:, 0].numpy() == without).all() and items.present[:, 1].all()
    assert (items.emotions == judgments.emotions).all() and set(items.units) == {"text", "face"}


def test_soft_slots_draw_perceived_emotions() -> None:
    """If half of intended anger is perceived as neutral, a third of perceived neutral was intended as anger."""
    perceived = np.eye(7)
    perceived[ANGER] = 0.0
    perceived[ANGER, [ANGER, NEUTRAL]] = 0.5
    judgments = judgments_of(4000)
    pool = pool_of("face", "intended", 70)
    drawn = draw(judgments, [pool], 0, SoftSlots(perceived))
    intended = pool.samples.emotions[drawn.sample[:, 0]]
    of_neutral = judgments.labels["face"] == NEUTRAL
    assert (intended[of_neutral] == ANGER).mean() == pytest.approx(1 / 3, abs=0.06)
    assert (intended[judgments.labels["face"] == ANGER] == ANGER).all()
    labeled_by_people = Pool("x", "face", "face", pool.samples)
    hard = draw(judgments, [labeled_by_people], 0, SoftSlots(perceived))
    assert (pool.samples.emotions[hard.sample[:, 0]] == judgments.labels["face"]).all()


@given(st.lists(st.sampled_from([f"speaker {i}" for i in range(9)]), min_size=2, max_size=60))
def test_halves_are_disjoint_by_group_and_complete(groups: list[str]) -> None:
    first, second = half(groups, True), half(groups, False)
    assert sorted([*first, *second]) == list(range(len(groups)))
    assert not {groups[i] for i in first} & {groups[i] for i in second}


def test_a_left_out_voice_corpus_is_not_in_the_fit() -> None:
    network = small_network()
    voices = [pool_of("face", "face", 70, name) for name in ("a", "b")]
    pools = (pool_of("text", "text", 70, "words"), *(Pool(p.corpus, "audio", "intended", p.samples) for p in voices))
    judgments = judgments_of(160)
    own = network.config
    without = {name: own.model_copy(update={"fused_temperature_emotion": 2.0 + i}) for i, name in enumerate("ab")}
    study = Study(network, without, pools, judgments, judgments, judgments, valence_thresholds(judgments), draws=1)
    for name, fit, choose in study.leave_one_out():
        assert network.config == without[name]
        assert name not in {p.corpus for p in fit} and {p.corpus for p in choose if p.modality == "audio"} == {name}
        words = [next(p for p in part if p.modality == "text").samples for part in (fit, choose)]
        assert not set(words[0].groups) & set(words[1].groups)
    assert network.config == own
    assert [name for name, _, _ in study.leave_one_out()] == ["a", "b"]


def voices_of(corpus: str, sharpness: float) -> Pool:
    """Create a voice corpus whose logits are scaled by `sharpness`, without changing their accuracy."""
    rng, n = np.random.default_rng(0), 140
    emotions = np.arange(n) % 7
    logits = rng.normal(size=(n, 1, N_LOGITS))
    logits[np.arange(n), 0, emotions] += 1.5
    samples = Encoded(
        modalities=("audio",),
        embeddings=(torch.zeros(n, 16),),
        logits=torch.from_numpy(logits * sharpness).float(),
        present=torch.ones(n, 1, dtype=torch.bool),
        emotions=emotions,
        sentiments=np.full(n, IGNORED),
        groups=tuple(f"speaker {i // 20}" for i in range(n)),
        contents=("",) * n,
        words=("",) * n,
    )
    return Pool(corpus, "audio", "intended", samples)


def test_temperatures_are_fitted_without_the_left_out_voices() -> None:
    """With two voice corpora that need different temperatures, each fold has the other corpus's."""
    network = EmotionNetwork(NetworkConfig.of(VoiceConfig(layers=1, width=32, heads=2, hidden=16)))
    bundle = Bundle(Manifest(name="voices", version="0", licence="none", network=network.config), network, None)
    recipe = FusionRecipe(
        judgments="", judgments_licence="", shrink_weights=(0.1,), shrink_bias=0.1, prior_of=("judgments",), slots=()
    )
    calm, sure = voices_of("calm", 1.0), voices_of("sure", 4.0)
    study = study_of(bundle, recipe, (calm, sure), judgments_of(160))
    fitted = {name: config.calibration["audio"].temperature_emotion for name, config in study.without.items()}
    alone = {pool.corpus: fit_constants(network, "audio", [pool], [])[0].temperature for pool in (calm, sure)}
    assert fitted == {"calm": alone["sure"], "sure": alone["calm"]}
    assert alone["sure"] == pytest.approx(4 * alone["calm"], rel=0.05)


def test_valence_thresholds_are_recovered() -> None:
    rng = np.random.default_rng(0)
    emotions = rng.choice([ANGER, NEUTRAL, JOY], 3000)
    center = {ANGER: -1.2, NEUTRAL: -0.2, JOY: 0.8}
    valence = np.round([center[e] + rng.normal(scale=0.1) for e in emotions], 1)
    labels = dict.fromkeys(("text", "audio", "face", "together"), emotions)
    found = valence_thresholds(Judgments(labels, valence, ("d",) * 3000, ("train",) * 3000))  # type: ignore[arg-type]
    assert -1.0 <= found.negative <= -0.5 and 0.1 <= found.positive <= 0.6 and found.agreement > 0.99
    assert [SENTIMENTS[s] for s in found.sentiments(np.asarray([-2.0, -0.2, 2.0]))] == [
        "negative",
        "neutral",
        "positive",
    ]


def test_invalid_judgments_are_rejected(tmp_path: Path) -> None:
    good = "utterance,split,text,audio,video,together,valence\nG1_01_001,train,joy,joy,joy,joy,0.4\n"
    (tmp_path / "good.csv").write_text(good)
    assert read_judgments(tmp_path / "good.csv").dialogues == ("G1_01",)
    for bad, message in (
        (good.replace("valence", "v"), "valence"),
        (good.replace("joy,0.4", "glee,0.4"), "row 2: 'glee'"),
        (good.splitlines()[0], "no rows"),
        (good.replace("0.4", "much"), "not a number"),
    ):
        (tmp_path / "bad.csv").write_text(bad)
        with pytest.raises(ValueError, match=message):
            read_judgments(tmp_path / "bad.csv")


def test_votes_give_perceived_given_intended_emotions(tmp_path: Path) -> None:
    path = tmp_path / "votes.csv"
    path.write_text(
        "clip,actor,condition,A,D,F,H,N,S\n1002_IEO_ANG_XX,1002,voice,6,0,0,0,2,0\n1002_IEO_ANG_HI,1002,voice,8,0,0,0,0,0\n"
        "1002_IEO_ANG_HI,1002,face,0,0,0,0,8,0\n"
    )
    table = perceived_given_intended(path)
    with path.open("a") as file:
        file.write("1001_DFA_ANG_XX,1001,voice,0,9,0,0,0,0\n")
    assert (perceived_given_intended(path) == table).all(), "the actor of the demonstration is excluded"
    assert table[ANGER, ANGER] == pytest.approx(0.875) and table[ANGER, NEUTRAL] == pytest.approx(0.125)
    np.testing.assert_allclose(table.sum(axis=1), 1.0)
    assert table[JOY, JOY] == 1.0, "an emotion without votes is perceived as intended"


def test_corpora_are_weighted_equally_for_a_temperature() -> None:
    """An overconfident corpus of few samples has the same weight as a calibrated one of many."""
    network = small_network()

    def corpus(name: str, n: int, scale: float) -> Pool:
        rng = np.random.default_rng(n)
        likely = rng.normal(scale=2.0, size=(n, 7))
        emotions = (softmax(likely, axis=1).cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
        rows = pool_of("text", "text", 70).samples.rows(np.arange(n) % 70)
        rows.logits[:, 0, :7] = torch.from_numpy(scale * likely).float() + network.log_train_prior[0, :7]
        return Pool(name, "text", "text", replace(rows, emotions=emotions, sentiments=np.full(n, IGNORED)))

    overconfident, calibrated = corpus("few", 400, 3.0), corpus("many", 4000, 1.0)
    of_emotions, of_sentiments, report = fit_constants(network, "text", [overconfident, calibrated], home=["many"])
    emotion, own_calibration = of_emotions.temperature, network.config.calibration["text"]
    own = {t.corpus: t.own_temperature for t in report}
    assert own == pytest.approx({"few": 3.0, "many": 1.0}, rel=0.15)
    assert own["many"] * 1.2 < emotion < own["few"] / 1.2
    assert of_sentiments.temperature == own_calibration.temperature_sentiment, "no corpus labels it"
    assert of_sentiments.prior == own_calibration.prior_sentiment
    assert [t.home for t in report] == [False, True]
    assert [t.others_temperature for t in report] == pytest.approx([own["many"], own["few"]])
    assert report[0].others_ece_signed is not None and report[0].others_ece_signed > 0.05, (
        "overconfident with the other corpus's temperature"
    )
    repeated = Pool("few", "text", "text", concatenate([overconfident.samples] * 3))
    assert fit_constants(network, "text", [repeated, calibrated], [])[0].temperature == pytest.approx(emotion, rel=0.02)


def test_repeated_units_widen_an_interval() -> None:
    """Repeated draws of ten samples do not add information."""
    rng = np.random.default_rng(0)
    sample = rng.integers(0, 10, 2000)
    right = rng.random(10) < 0.5
    targets = np.zeros(2000, dtype=np.int64)
    probabilities = np.where(right[sample][:, None], [[0.8, 0.2]], [[0.2, 0.8]])
    groups = [str(i) for i in range(2000)]
    narrow = bootstrap(probabilities, targets, groups)["accuracy"]
    wide = bootstrap(probabilities, targets, groups, {"text": [str(s) for s in sample]})["accuracy"]
    assert wide[1] - wide[0] > 4 * (narrow[1] - narrow[0])


def test_figures_of_neutral_include_its_true_share() -> None:
    probabilities = np.full((4, 7), 0.1)
    probabilities[:3, NEUTRAL], probabilities[3, JOY] = 0.4, 0.4
    score = score_of(probabilities, np.asarray([NEUTRAL, JOY, ANGER, JOY]))
    assert (score.neutral.predicted, score.neutral.true) == (0.75, 0.25)
    assert score.neutral.probability == pytest.approx(0.325) and score.ece_signed == pytest.approx(0.4 - 0.5)


def test_the_licence_names_every_corpus() -> None:
    starter = Recipe.read(STARTER)
    line = licence_line(starter)
    assert line.startswith("Research and evaluation only: ")
    assert starter.fusion is not None
    for corpus in [*starter.corpora, *(slot.corpus for slot in starter.fusion.slots if slot.licence is None)]:
        assert CORPORA[corpus].licence in line
    assert all(slot.licence in line for slot in starter.fusion.slots if slot.licence is not None)
    assert all(slot.licence for slot in starter.fusion.slots if slot.corpus == "voices"), (
        "licences of voice corpora are per folder"
    )
    assert "EmotionTalk: free for academic use" in line and "CREMA-D: ODbL" in line
    assert len(set(corpus_licences(starter))) == len(corpus_licences(starter))
    assert read_manifest(Path("model/bundles/starter")).licence == line


@pytest.fixture(scope="module")
def untrained_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bundle for text and face with random weights and a real tokenizer."""
    torch.manual_seed(0)
    small = small_network().config
    text = TextConfig(bert={**BERT, "vocab_size": 30_522, "max_position_embeddings": 128})
    network = EmotionNetwork(small.model_copy(update={"encoders": {**small.encoders, "text": text}})).eval()
    for head in network.heads.values():
        torch.nn.init.normal_(head.weight, std=0.5)  # type: ignore[arg-type]
    training_priors = {
        m: TrainingPriors.from_effective(c, 0.0).model_dump(mode="json") for m, c in small.calibration.items()
    }
    manifest = Manifest(
        name="reads", version="0.0.1", licence="none", network=network.config, tokenizer="minilm-l6",
        training={"taught": training_priors},
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("reading") / "reads"
    save_bundle(folder, manifest, network)
    return folder


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Judgments, MELD's text and FER+'s faces in their formats."""
    root = tmp_path_factory.mktemp("corpora")
    rng = np.random.default_rng(0)
    judgments = judgments_of(240)
    with (root / "judgments.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["utterance", "split", "text", "audio", "video", "together", "valence"])
        for i in range(len(judgments)):
            labels = [EMOTIONS[judgments.labels[c][i]] for c in ("text", "audio", "face", "together")]
            writer.writerow([f"{judgments.dialogues[i]}_01_{i}", judgments.splits[i], *labels, judgments.valence[i]])
    for name in ("dev", "train"):
        lines = [
            (d, u, f"{emotion} {name} {d}", emotion, "neutral") for d in range(20) for u, emotion in enumerate(EMOTIONS)
        ]
        write_lines(root / "meld" / f"{name}_sent_emo.csv", lines)
    names = ["neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF"]
    votes = np.zeros((80, 10), np.uint8)
    votes[np.arange(80), np.arange(80) % 8] = 7  # every eighth is contempt, which is not one of our emotions
    votes[:, 8] = 3
    (root / "ferplus").mkdir()
    images = rng.integers(0, 255, (80, 48, 48), dtype=np.uint8)
    np.savez(root / "ferplus" / "validation.npz", images=images, votes=votes, vote_names=np.array(names))
    (root / "faces").mkdir()
    for name in ("train", "validation"):
        images = rng.integers(0, 255, (14, 48, 48), dtype=np.uint8)
        split = root / "faces" / f"{name}.npz"
        np.savez(split, images=images, labels=np.arange(14) % 7, classes=np.array(EMOTIONS))
    return root


RECIPE = """
name = "small"
version = "9.9.9"
licence = "For tests"
seed = 1
precision = "no"
[corpora.meld-text]
folder = "meld"
epochs = 1
batch = 8
[corpora.fer2013]
folder = "faces"
epochs = 1
batch = 8
[text]
corpus = "meld-text"
learning_rate = 1e-3
head_learning_rate = 1e-3
[face]
corpus = "fer2013"
width = 32
learning_rate = 1e-3
head_learning_rate = 1e-3
[fusion]
judgments = "judgments.csv"
judgments_licence = "judgments: for tests"
draws = 1
shrink_weights = [0.1]
shrink_bias = 1e-3
prior_of = ["judgments", "meld-text"]
[[fusion.slots]]
name = "words"
corpus = "meld-text"
folder = "meld"
home = true
[[fusion.slots]]
name = "people"
corpus = "ferplus"
folder = "ferplus"
"""


def test_composed_items_of_a_folder_are_scored(untrained_bundle: Path, corpora: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    code, output = run_evaluate(
        untrained_bundle, "--corpus", "composed", "--data", corpora, "--prior", "uniform", "--json", out
    )
    assert code == 0, output
    found = [Evaluation.model_validate(e) for e in json.loads(out.read_text())]
    assert [e.prior for e in found] == ["uniform", "declared", "corpus"]
    first = found[0]
    assert first.corpus == "composed" and first.items == 5 * 240 and first.draws is not None
    assert first.draws.rows == 240 and first.draws.seeds == [0, 1, 2, 3, 4]
    assert first.draws.samples == {"text: meld": 280, "face: ferplus": 70}
    assert first.emotion is not None and first.draws.figures["accuracy"].mean == pytest.approx(first.emotion.accuracy)
    assert {s.modalities for s in first.subsets} == {("text",), ("face",), ("text", "face")}
    assert first.draws.figures["log_loss"].deviation > 0.0
    again = [
        run_evaluate(untrained_bundle, "--corpus", "composed", "--data", corpora, "--json", out)[0],
        out.read_text(),
    ]
    code, _ = run_evaluate(untrained_bundle, "--corpus", "composed", "--data", corpora, "--json", out)
    assert [code, out.read_text()] == again, "draws are deterministic"


def test_faces_are_scored_against_votes(untrained_bundle: Path, corpora: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    code, output = run_evaluate(untrained_bundle, "--corpus", "ferplus", "--data", corpora / "ferplus", "--json", out)
    assert code == 0 and "skipped 10 of 80 faces" in output
    first = Evaluation.model_validate(json.loads(out.read_text())[0])
    assert first.items == 70 and first.ties == 0 and first.emotion is not None
    assert first.votes_log_loss == pytest.approx(first.emotion.log_loss), "all votes for an emotion agree"


def test_a_fusion_is_fitted_from_raw_data_and_then_from_the_cache(
    untrained_bundle: Path, corpora: Path, tmp_path: Path
) -> None:
    """The command writes a bundle that loads; a second run encodes nothing."""
    recipe = tmp_path / "small.toml"
    recipe.write_text(RECIPE)
    arguments = (untrained_bundle, "--data", corpora, "--recipe", recipe, "--work", tmp_path / "work")
    code, output = run_fuse(*arguments, "--out", tmp_path / "a")
    assert code == 0 and "encoding words" in output, output
    code, output = run_fuse(*arguments, "--out", tmp_path / "b")
    assert code == 0 and "encoding" not in output
    fitted = read_manifest(tmp_path / "a")
    assert fitted.network == read_manifest(tmp_path / "b").network, "deterministic"
    fusion = fitted.network.fusion
    assert isinstance(fusion, Fusion) and set(fusion.bias) == {subset_name(("text", "face"))}
    assert fitted.version == "9.9.9" and "judgments: for tests" in fitted.licence
    judgments = read_judgments(corpora / "judgments.csv").of_split("train")
    shares = (np.bincount(judgments.emotions, minlength=7) + 1) / (len(judgments) + 7)
    expected = (shares + np.asarray(CONVERSATION.prior_emotion)) / 2
    np.testing.assert_allclose(fitted.network.prior_emotion, expected, rtol=1e-6)
    loaded = load_bundle(tmp_path / "a")
    assert loaded.network.config.fusion == fusion
    card = (tmp_path / "a" / "MODEL_CARD.md").read_text()
    for needed in ("**Fusion is additive**", "*composed*", "not the same as", "Not measured", "declared prior"):
        assert needed in card, needed


def save_overfitted_faces(bundle: Path, faces: Path, folder: Path) -> list[str]:
    """Copy the bundle with a face head that has memorized these faces; return their content hashes."""
    loaded = load_bundle(bundle)
    items = encode(loaded.network, read_ferplus(faces, "held-out", None))
    features = items.embeddings[items.modalities.index("face")]
    inputs = torch.cat([features, torch.ones(len(features), 1)], dim=1)
    wanted = 8.0 * torch.nn.functional.one_hot(torch.from_numpy(items.emotions), N_LOGITS).float()
    solved = torch.linalg.lstsq(inputs, wanted).solution.contiguous()
    shutil.copytree(bundle, folder)
    state = load_file(folder / "weights.safetensors")
    dtype = state["heads.face.weight"].dtype
    state |= {"heads.face.weight": solved[:-1].T.contiguous().to(dtype), "heads.face.bias": solved[-1].to(dtype)}
    save_file(state, folder / "weights.safetensors")
    return list(items.contents)


def test_a_bundle_that_does_worse_out_of_corpus_replaces_none(
    untrained_bundle: Path, corpora: Path, tmp_path: Path
) -> None:
    """Unless forced; items from the old bundle's training do not count."""
    recipe, out, better = tmp_path / "small.toml", tmp_path / "out", tmp_path / "better"
    recipe.write_text(RECIPE)
    contents = save_overfitted_faces(untrained_bundle, corpora / "ferplus", better)

    def fuse(source: Path, *options: str) -> tuple[int, str]:
        arguments = ("--data", corpora, "--recipe", recipe, "--work", tmp_path / "work", "--out", out)
        code, output = run_fuse(source, *arguments, *options)
        return code, " ".join(output.replace("│", " ").split())

    code, output = fuse(better)
    assert code == 0, output
    first = (out / "config.json").read_bytes()
    code, output = fuse(untrained_bundle)
    assert code != 0 and "people:" in output and "nothing was replaced" in output and "--even-if-worse" in output
    assert (out / "config.json").read_bytes() == first
    assert fuse(better)[0] == 0, "an equal bundle is not worse"
    assert fuse(untrained_bundle, "--even-if-worse")[0] == 0
    assert (out / "config.json").read_bytes() != first
    code, output = fuse(better)
    assert code == 0, output
    save_training_items(out, contents)
    assert fuse(untrained_bundle)[0] == 0


def test_training_ends_with_the_fusion_of_the_recipe(corpora: Path, tmp_path: Path) -> None:
    """One command leads from raw corpora to a bundle with a fitted fusion."""
    recipe = tmp_path / "small.toml"
    recipe.write_text(RECIPE.replace("[text]", '[text]\npublic_encoder = "minilm-l6"\nfrozen = ["bert"]'))
    code, output = run_train(
        "--data",
        corpora,
        "--recipe",
        recipe,
        "--work",
        tmp_path / "work",
        "--out",
        tmp_path / "made",
        "--device",
        "cpu",
    )
    assert code == 0, output
    made, unfused = read_manifest(tmp_path / "made"), read_manifest(tmp_path / "work" / "unfused")
    assert made.network.fusion is not None and set(made.network.fusion.weights) == {"text", "face"}
    assert unfused.network.fusion is None and made.network.prior_emotion != unfused.network.prior_emotion
    assert load_bundle(tmp_path / "made").manifest.training["fusion"]
    assert "**Fusion is additive**" in (tmp_path / "made" / "MODEL_CARD.md").read_text()


def test_disagreement_of_votes_lowers_the_confidence() -> None:
    """The temperature is fitted to vote shares if known, not to majority labels."""
    network = small_network()
    pool = pool_of("face", "face", 700)
    rng = np.random.default_rng(0)
    likely = rng.normal(scale=1.5, size=(len(pool.samples), 7))
    votes = softmax(likely, axis=1)
    column = pool.samples.modalities.index("face")
    logits = pool.samples.logits.clone()
    logits[:, column, :7] = torch.from_numpy(likely).float() + network.log_train_prior[column, :7]
    labeled = replace(
        pool.samples, logits=logits, emotions=votes.argmax(axis=1), sentiments=np.full(len(votes), IGNORED)
    )
    by_label, by_votes = (
        fit_constants(network, "face", [replace(pool, samples=samples)], [])[0].temperature
        for samples in (labeled, replace(labeled, votes=votes))
    )
    assert by_votes == pytest.approx(1.0, abs=0.15) and by_label < 0.5


def biased_samples(pool: Pool, network: EmotionNetwork, neutral: float, seed: int) -> Encoded:
    """Create samples whose evidence is correct except for a bias of `neutral` nats towards neutral."""
    rng = np.random.default_rng(seed)
    likely = rng.normal(scale=1.5, size=(len(pool.samples), 7))
    emotions = (softmax(likely, axis=1).cumsum(axis=1) < rng.random((len(likely), 1))).sum(axis=1)
    likely[:, NEUTRAL] += neutral
    column = pool.samples.modalities.index(pool.modality)
    logits = pool.samples.logits.clone()
    logits[:, column, :7] = torch.from_numpy(likely).float() + network.log_train_prior[column, :7]
    return replace(pool.samples, logits=logits, emotions=emotions, sentiments=np.full(len(likely), IGNORED))


def test_offsets_correct_the_bias_of_degraded_samples() -> None:
    """Degraded samples, half of all, that are biased to neutral move the offset of neutral."""
    network = small_network()
    pool = pool_of("face", "face", 1400)
    clean = replace(pool, samples=biased_samples(pool, network, 0.0, 0))
    both = replace(clean, degraded=biased_samples(pool, network, 2.0, 1))
    before = np.log(network.config.calibration["face"].prior_emotion)
    offsets = []
    for each in (clean, both):
        fitted, _, (report,) = fit_constants(network, "face", [each], [])
        moved = (before - np.log(fitted.prior)) / fitted.temperature
        offsets.append((moved - np.delete(moved, NEUTRAL).mean())[NEUTRAL])
        assert report.items == len(clean.samples), "the report is for clean samples"
    assert offsets[0] == pytest.approx(0.0, abs=0.25) and -1.6 < offsets[1] < -0.6


def test_a_pool_selects_its_degraded_samples_alike() -> None:
    pool = pool_of("face", "face", 70)
    both = replace(pool, degraded=pool.samples.rows(np.arange(len(pool.samples))))
    some = both.rows(np.asarray([3, 5]))
    assert some.degraded is not None and some.degraded.groups == some.samples.groups
    assert (
        some.clean_and_degraded().samples.groups == some.samples.groups * 2
        and some.clean_and_degraded().degraded is None
    )
    assert len(some.degraded_only().samples) == 2 and pool.clean_and_degraded() is pool
