"""Voices are calibrated on their own training items: by networks that never met the speaker, from end to end."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from model.bundle import read_manifest
from model.contract import EMOTIONS
from model.features import SAMPLE_RATE, Sample
from model.modalities.audio import N_MELS
from tests.model.media_files import Sound, write
from tests.training.commands import run_evaluate
from training.bundling import write_bundle
from training.calibration.folds import predict_left_out, predict_out_of_fold
from training.calibration.out_of_fold import load_left_out, load_out_of_fold, save_left_out, save_out_of_fold
from training.calibration.scaling import folds_of
from training.card import Report
from training.corpora import Example
from training.data.stage import StageContext, StageData
from training.engine.loss import effective_priors
from training.engine.stage_store import build_network
from training.engine.stage_trainer import StageTrainer
from training.recipe import Recipe
from training.train import train_stage

RECIPE = """
name = "voice"
version = "0"
licence = "for tests"
seed = 1
precision = "no"
[corpora.ravdess]
folder = "voices"
epochs = 8
batch = 16
variants = 2
folds = 4
[audio]
corpus = "ravdess"
config = { layers = 1, width = 16, heads = 2, hidden = 16 }
frozen = ["conv1", "conv2", "blocks"]
learning_rate = 0.05
head_learning_rate = 0.05
"""
MORE = '[corpora.ravdess.joined.more]\ncorpus = "voices"\nfolder = "more"\nshare = 0.5\n'
CODES = ("01", "02", "03", "04", "05", "06", "07", "08")


@pytest.fixture
def plan(tmp_path: Path) -> Recipe:
    path = tmp_path / "voice.toml"
    path.write_text(RECIPE)
    return Recipe.read(path)


def sounds(count: int = 64) -> tuple[list[int], torch.Tensor]:
    """Emotions, four of them in turn, and what a frozen encoder made of them: each emotion has a sound of its own."""
    torch.manual_seed(0)
    emotions = [i % 4 for i in range(count)]
    return emotions, (torch.randn(4, 2, 32)[emotions] + 0.01 * torch.randn(count, 2, 32)).repeat(2, 1, 1, 1)


def spoken_by(emotions: list[int], actors: list[int]) -> list[Example]:
    silence = Sample(audio=torch.zeros(N_MELS, 20))
    pairs = enumerate(zip(emotions, actors, strict=True))
    return [Example(silence, emotion, 0, f"actor {actor}", content=f"{i:016x}") for i, (emotion, actor) in pairs]


def of_stage(plan: Recipe, train: list[Example], variants: torch.Tensor, work: Path) -> tuple[StageContext, StageData]:
    """The recipe's only stage, and what it learns from."""
    (stage,) = plan.stages()
    data = StageData(train, effective_priors(train, 0.0), variants=variants)
    return StageContext(plan, stage, Path("none"), work, "cpu"), data


@pytest.mark.parametrize("one_emotion_each", [True, False])
def test_nobody_is_judged_by_a_network_that_has_met_them(plan: Recipe, tmp_path: Path, one_emotion_each: bool) -> None:
    """Where each speaker has an emotion of their own, who has not met them has never heard of it."""
    (stage,) = plan.stages()
    emotions, variants = sounds()
    train = spoken_by(emotions, emotions if one_emotion_each else [i // 4 % 4 for i in range(64)])
    predictions = predict_out_of_fold(*of_stage(plan, train, variants, tmp_path))
    right = predictions.logits[:, 0, : len(EMOTIONS)].argmax(dim=1).numpy() == predictions.emotions
    assert right.mean() == 0.0 if one_emotion_each else right.mean() > 0.9
    assert predictions.groups == tuple(e.group for e in train) and predictions.emotions.tolist() == emotions


def test_folds_are_of_the_first_corpus_and_all_learn_from_the_others(plan: Recipe, tmp_path: Path) -> None:
    """Speakers of the other corpora are other people, although numbered alike; they have every emotion here."""
    path = tmp_path / "several.toml"
    path.write_text(RECIPE.replace("[audio]", f"{MORE}[audio]"))
    several = Recipe.read(path)
    emotions, variants = sounds()
    train = spoken_by(emotions, emotions)
    context, data = of_stage(several, [*train, *train], variants.repeat(1, 2, 1, 1), tmp_path)
    predictions = predict_out_of_fold(context, replace(data, sizes=(64, 64)))
    right = predictions.logits[:, 0, : len(EMOTIONS)].argmax(dim=1).numpy() == predictions.emotions
    assert len(right) == 64 and right.mean() > 0.9 and predictions.emotions.tolist() == emotions
    alone = predict_out_of_fold(*of_stage(plan, train, variants, tmp_path / "alone"))
    assert not (alone.logits[:, 0, : len(EMOTIONS)].argmax(dim=1).numpy() == alone.emotions).any()


def several(folder: Path, more: str = MORE) -> Recipe:
    path = folder / "several.toml"
    path.write_text(RECIPE.replace("[audio]", f"{more}[audio]").replace("folds = 4", "folds = 4\nleave_out = true"))
    return Recipe.read(path)


def test_a_corpus_that_is_left_out_is_predicted_by_what_the_others_teach(tmp_path: Path) -> None:
    """The second corpus calls every sound by the next emotion's name: each is predicted as the other one says."""
    emotions, variants = sounds()
    others = [(emotion + 1) % 4 for emotion in emotions]
    train = [*spoken_by(emotions, emotions), *spoken_by(others, emotions)]
    heard = variants.repeat(1, 2, 1, 1)
    heard[-1] += 0.01 * torch.randn_like(heard[-1])  # augmented
    context, data = of_stage(several(tmp_path), train, heard, tmp_path)
    found = predict_left_out(context, replace(data, sizes=(64, 64)))
    assert list(found) == ["ravdess", "more"]
    for name, wanted in (("ravdess", others), ("more", emotions)):
        for augmented, predicted in ((False, found[name].clean), (True, found[name].augmented)):
            said = predicted.logits[:, 0, : len(EMOTIONS)].argmax(dim=1)
            assert (said == torch.tensor(wanted)).float().mean() > 0.9, name
            save_left_out(tmp_path, name, predicted, augmented)
            kept = load_left_out(tmp_path, "audio", name, augmented)
            assert torch.equal(kept.logits, predicted.logits) and kept.contents == predicted.contents
        assert not torch.equal(found[name].clean.logits, found[name].augmented.logits)
    with pytest.raises(FileNotFoundError, match="name the folder of that training in --trained"):
        load_left_out(tmp_path / "elsewhere", "audio", "more")


def test_left_out_logits_are_under_the_frequencies_of_the_whole_stage(tmp_path: Path) -> None:
    """That the others teach many angry voices is no evidence: their network's own frequencies are taken off."""
    emotions, variants = sounds()
    angry = [0 if i % 8 else i % 4 for i in range(64)]
    train = [*spoken_by(angry, emotions), *spoken_by(emotions, emotions)]
    context, data = of_stage(several(tmp_path), train, variants.repeat(1, 2, 1, 1), tmp_path)
    logits = []
    for priors in (effective_priors(train, 0.0), effective_priors(train[:64], 0.0)):
        found = predict_left_out(context, replace(data, sizes=(64, 64), priors=priors))["more"].clean
        logits.append(found.logits[:, 0, :7] - torch.tensor(priors.prior_emotion).log())
    assert torch.allclose(logits[0], logits[1], atol=1e-4), "evidence is the same whatever the stage's frequencies"
    torch.manual_seed(1)  # the recipe's
    network = build_network(context.recipe, ["audio"])
    alone = StageData(train[:64], effective_priors(train[:64], 0.0), variants=data.variants[:, :64])  # type: ignore[index]
    StageTrainer(network, context.without("more"), alone, quiet=True).run()
    with torch.inference_mode():
        raw = network.heads["audio"](network.embed("audio", [variants[0]], 64, encoded=True))
    own = torch.tensor(effective_priors(train[:64], 0.0).prior_emotion).log()
    assert torch.allclose(logits[0], raw[:, :7] - own, atol=1e-3)


def test_a_stage_without_one_of_its_corpora_keeps_the_proportions_of_the_others(tmp_path: Path) -> None:
    third = '[corpora.ravdess.joined.third]\ncorpus = "voices"\nfolder = "third"\nshare = 0.2\njoin_share = 0.3\n'
    (stage,) = several(tmp_path, MORE + third).stages()
    assert [s.name for s in stage.without("more").sources] == ["ravdess", "third"]
    assert [s.share for s in stage.without("more").sources] == [0.0, 0.2]
    later = stage.without("ravdess")
    assert [(s.name, s.options.folder) for s in later.sources] == [("more", "more"), ("third", "third")]
    assert [s.share for s in later.sources] == pytest.approx([0.0, 0.2 / 0.7])
    assert later.corpus_config.epochs == 8 and later.corpus_config.join_share == 0.0
    assert stage.without("more").without("ravdess").corpus_config.join_share == 0.3


def test_what_was_judged_is_kept(plan: Recipe, tmp_path: Path) -> None:
    (stage,) = plan.stages()
    emotions, variants = sounds(16)
    train = spoken_by(emotions, emotions)
    predictions = predict_out_of_fold(*of_stage(plan, train, variants, tmp_path))
    save_out_of_fold(tmp_path, predictions)
    kept = load_out_of_fold(tmp_path, "audio")
    assert torch.equal(kept.logits, predictions.logits) and kept.emotions.tolist() == emotions
    assert (kept.groups, kept.contents) == (predictions.groups, tuple(e.content for e in train))
    assert kept.rows_with(["audio"]).tolist() == list(range(16))


def test_a_voice_is_normalized_by_what_was_kept_of_it(plan: Recipe, tmp_path: Path) -> None:
    """Its sounds, silence here, are not run through the encoder again for that."""
    (stage,) = plan.stages()
    emotions, variants = sounds()
    train = spoken_by(emotions, emotions)
    network = build_network(plan, ["audio"])
    StageTrainer(network, *of_stage(plan, train, variants, tmp_path), quiet=True).run()
    kept = variants.flatten(0, 1).flatten(1).mean(dim=0)
    found = network.encoders["audio"].get_buffer("norm.running_mean")
    assert float((found - kept).norm()) < 0.3 * float(kept.norm())
    assert not network.training


def test_a_group_is_in_one_fold() -> None:
    groups = [f"actor {i % 16}" for i in range(200)]
    folds = folds_of(groups, 4)
    pairs = set(zip(groups, folds.tolist(), strict=True))
    assert len(pairs) == 16 and [sum(fold == each for _, fold in pairs) for each in range(4)] == [4] * 4


@pytest.mark.slow
def test_what_ships_was_fitted_without_the_items_that_score_it(plan: Recipe, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    (tmp_path / "voices").mkdir()
    for actor in ("01", "02", "03", "04", "17", "18"):
        for code in CODES:
            tone = np.sin(2 * np.pi * 100 * (int(code) + 1) * np.arange(SAMPLE_RATE) / SAMPLE_RATE)
            sound = (0.3 * tone + 0.02 * rng.standard_normal(SAMPLE_RATE)).astype(np.float32)
            write(tmp_path / "voices" / f"03-01-{code}-01-01-01-{actor}.wav", [], [Sound(sound)])
    (stage,) = plan.stages()
    train_stage(StageContext(plan, stage, tmp_path, tmp_path / "work", "cpu"))
    out = tmp_path / "voice"
    write_bundle(plan, tmp_path, tmp_path / "work", out)
    report = Report.model_validate_json((out / "evaluation.json").read_bytes())
    (calibration,) = report.calibrations
    assert calibration.in_folds and calibration.items == 4 * len(CODES)
    assert {(e.corpus, e.items, e.cross_fitted) for e in report.evaluations} == {("ravdess", 2 * len(CODES), False)}
    assert read_manifest(out).training["calibrated_on"] == {}
    assert "Audio was calibrated on predictions for its 32 training items" in (out / "MODEL_CARD.md").read_text()
    asked = (out, "--corpus", "ravdess", "--data", tmp_path / "voices", "--split", "held-out")
    exit_code, output = run_evaluate(*asked, "--json", tmp_path / "again.json")
    assert exit_code == 0 and "very items" not in output
    again = json.loads((tmp_path / "again.json").read_text())
    assert [e["emotion"]["ece"] for e in again] == [e.emotion.ece for e in report.evaluations if e.emotion]
