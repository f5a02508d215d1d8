"""Out-of-fold and leave-one-corpus-out predictions, and calibration on them."""

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
from training.calibration.cross_validation import predict_left_out, predict_out_of_fold
from training.calibration.prediction_store import load_left_out, load_out_of_fold, save_left_out, save_out_of_fold
from training.calibration.scaling import folds_of
from training.card import Report
from training.corpora import Example
from training.data.stage_data import StageContext, StageData
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
def recipe(tmp_path: Path) -> Recipe:
    path = tmp_path / "voice.toml"
    path.write_text(RECIPE)
    return Recipe.read(path)


def sounds(count: int = 64) -> tuple[list[int], torch.Tensor]:
    """Create emotions, four in turn, and outputs of a frozen encoder that are distinct for each emotion."""
    torch.manual_seed(0)
    emotions = [i % 4 for i in range(count)]
    return emotions, (torch.randn(4, 2, 32)[emotions] + 0.01 * torch.randn(count, 2, 32)).repeat(2, 1, 1, 1)


def examples_by(emotions: list[int], actors: list[int]) -> list[Example]:
    silence = Sample(audio=torch.zeros(N_MELS, 20))
    pairs = enumerate(zip(emotions, actors, strict=True))
    return [Example(silence, emotion, 0, f"actor {actor}", content=f"{i:016x}") for i, (emotion, actor) in pairs]


def stage_inputs(
    recipe: Recipe, train: list[Example], variants: torch.Tensor, work: Path
) -> tuple[StageContext, StageData]:
    """Return context and data of the recipe's only stage."""
    (stage,) = recipe.stages()
    data = StageData(train, effective_priors(train, 0.0), variants=variants)
    return StageContext(recipe, stage, Path("none"), work, "cpu"), data


@pytest.mark.parametrize("one_emotion_each", [True, False])
def test_predictions_are_out_of_fold(recipe: Recipe, tmp_path: Path, one_emotion_each: bool) -> None:
    """If each speaker has a distinct emotion, a network trained without the speaker cannot predict it."""
    (stage,) = recipe.stages()
    emotions, variants = sounds()
    train = examples_by(emotions, emotions if one_emotion_each else [i // 4 % 4 for i in range(64)])
    predictions = predict_out_of_fold(*stage_inputs(recipe, train, variants, tmp_path))
    correct = predictions.logits[:, 0, : len(EMOTIONS)].argmax(dim=1).numpy() == predictions.emotions
    assert correct.mean() == 0.0 if one_emotion_each else correct.mean() > 0.9
    assert predictions.groups == tuple(e.group for e in train) and predictions.emotions.tolist() == emotions


def test_folds_are_of_the_first_corpus(recipe: Recipe, tmp_path: Path) -> None:
    """All networks are trained on the other corpora, whose speakers are different people with equal numbers."""
    path = tmp_path / "several.toml"
    path.write_text(RECIPE.replace("[audio]", f"{MORE}[audio]"))
    several = Recipe.read(path)
    emotions, variants = sounds()
    train = examples_by(emotions, emotions)
    context, data = stage_inputs(several, [*train, *train], variants.repeat(1, 2, 1, 1), tmp_path)
    predictions = predict_out_of_fold(context, replace(data, sizes=(64, 64)))
    correct = predictions.logits[:, 0, : len(EMOTIONS)].argmax(dim=1).numpy() == predictions.emotions
    assert len(correct) == 64 and correct.mean() > 0.9 and predictions.emotions.tolist() == emotions
    alone = predict_out_of_fold(*stage_inputs(recipe, train, variants, tmp_path / "alone"))
    assert not (alone.logits[:, 0, : len(EMOTIONS)].argmax(dim=1).numpy() == alone.emotions).any()


def several(folder: Path, more: str = MORE) -> Recipe:
    path = folder / "several.toml"
    path.write_text(RECIPE.replace("[audio]", f"{more}[audio]").replace("folds = 4", "folds = 4\nleave_out = true"))
    return Recipe.read(path)


def test_a_left_out_corpus_is_predicted_by_a_network_of_the_others(tmp_path: Path) -> None:
    """The second corpus has shifted labels, so each corpus is predicted with the other's labels."""
    emotions, variants = sounds()
    others = [(emotion + 1) % 4 for emotion in emotions]
    train = [*examples_by(emotions, emotions), *examples_by(others, emotions)]
    both_variants = variants.repeat(1, 2, 1, 1)
    both_variants[-1] += 0.01 * torch.randn_like(both_variants[-1])  # augmented
    context, data = stage_inputs(several(tmp_path), train, both_variants, tmp_path)
    found = predict_left_out(context, replace(data, sizes=(64, 64)))
    assert list(found) == ["ravdess", "more"]
    for name, wanted in (("ravdess", others), ("more", emotions)):
        for augmented, predicted in ((False, found[name].clean), (True, found[name].augmented)):
            labels = predicted.logits[:, 0, : len(EMOTIONS)].argmax(dim=1)
            assert (labels == torch.tensor(wanted)).float().mean() > 0.9, name
            save_left_out(tmp_path, name, predicted, augmented)
            loaded = load_left_out(tmp_path, "audio", name, augmented)
            assert torch.equal(loaded.logits, predicted.logits) and loaded.contents == predicted.contents
        assert not torch.equal(found[name].clean.logits, found[name].augmented.logits)
    with pytest.raises(FileNotFoundError, match="give the work folder of that training in --trained"):
        load_left_out(tmp_path / "elsewhere", "audio", "more")


def test_left_out_logits_are_adjusted_to_the_priors_of_the_stage(tmp_path: Path) -> None:
    """The class frequencies of the other corpora are not evidence."""
    emotions, variants = sounds()
    angry = [0 if i % 8 else i % 4 for i in range(64)]
    train = [*examples_by(angry, emotions), *examples_by(emotions, emotions)]
    context, data = stage_inputs(several(tmp_path), train, variants.repeat(1, 2, 1, 1), tmp_path)
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


def test_removing_a_corpus_preserves_the_proportions_of_others(tmp_path: Path) -> None:
    third = '[corpora.ravdess.joined.third]\ncorpus = "voices"\nfolder = "third"\nshare = 0.2\njoin_share = 0.3\n'
    (stage,) = several(tmp_path, MORE + third).stages()
    assert [s.name for s in stage.without("more").sources] == ["ravdess", "third"]
    assert [s.share for s in stage.without("more").sources] == [0.0, 0.2]
    later = stage.without("ravdess")
    assert [(s.name, s.options.folder) for s in later.sources] == [("more", "more"), ("third", "third")]
    assert [s.share for s in later.sources] == pytest.approx([0.0, 0.2 / 0.7])
    assert later.corpus_config.epochs == 8 and later.corpus_config.join_share == 0.0
    assert stage.without("more").without("ravdess").corpus_config.join_share == 0.3


def test_out_of_fold_predictions_are_stored(recipe: Recipe, tmp_path: Path) -> None:
    (stage,) = recipe.stages()
    emotions, variants = sounds(16)
    train = examples_by(emotions, emotions)
    predictions = predict_out_of_fold(*stage_inputs(recipe, train, variants, tmp_path))
    save_out_of_fold(tmp_path, predictions)
    loaded = load_out_of_fold(tmp_path, "audio")
    assert torch.equal(loaded.logits, predictions.logits) and loaded.emotions.tolist() == emotions
    assert (loaded.groups, loaded.contents) == (predictions.groups, tuple(e.content for e in train))
    assert loaded.rows_with(["audio"]).tolist() == list(range(16))


def test_batch_norm_statistics_are_of_cached_variants(recipe: Recipe, tmp_path: Path) -> None:
    """The audio itself, silence here, is not encoded again."""
    (stage,) = recipe.stages()
    emotions, variants = sounds()
    train = examples_by(emotions, emotions)
    network = build_network(recipe, ["audio"])
    StageTrainer(network, *stage_inputs(recipe, train, variants, tmp_path), quiet=True).run()
    expected = variants.flatten(0, 1).flatten(1).mean(dim=0)
    found = network.encoders["audio"].get_buffer("norm.running_mean")
    assert float((found - expected).norm()) < 0.3 * float(expected.norm())
    assert not network.training


def test_a_group_is_in_one_fold() -> None:
    groups = [f"actor {i % 16}" for i in range(200)]
    folds = folds_of(groups, 4)
    pairs = set(zip(groups, folds.tolist(), strict=True))
    assert len(pairs) == 16 and [sum(fold == each for _, fold in pairs) for each in range(4)] == [4] * 4


@pytest.mark.slow
def test_shipped_constants_are_fitted_without_held_out_items(recipe: Recipe, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    (tmp_path / "voices").mkdir()
    for actor in ("01", "02", "03", "04", "17", "18"):
        for code in CODES:
            tone = np.sin(2 * np.pi * 100 * (int(code) + 1) * np.arange(SAMPLE_RATE) / SAMPLE_RATE)
            sound = (0.3 * tone + 0.02 * rng.standard_normal(SAMPLE_RATE)).astype(np.float32)
            write(tmp_path / "voices" / f"03-01-{code}-01-01-01-{actor}.wav", [], [Sound(sound)])
    (stage,) = recipe.stages()
    train_stage(StageContext(recipe, stage, tmp_path, tmp_path / "work", "cpu"))
    out = tmp_path / "voice"
    write_bundle(recipe, tmp_path, tmp_path / "work", out)
    report = Report.model_validate_json((out / "evaluation.json").read_bytes())
    (calibration,) = report.calibrations
    assert calibration.in_folds and calibration.items == 4 * len(CODES)
    assert {(e.corpus, e.items, e.cross_fitted) for e in report.evaluations} == {("ravdess", 2 * len(CODES), False)}
    assert read_manifest(out).training["calibrated_on"] == {}
    assert (
        "Audio was calibrated on out-of-fold predictions for its 32 training items"
        in (out / "MODEL_CARD.md").read_text()
    )
    arguments = (out, "--corpus", "ravdess", "--data", tmp_path / "voices", "--split", "held-out")
    exit_code, output = run_evaluate(*arguments, "--json", tmp_path / "again.json")
    assert exit_code == 0 and "very items" not in output
    again = json.loads((tmp_path / "again.json").read_text())
    assert [e["emotion"]["ece"] for e in again] == [e.emotion.ece for e in report.evaluations if e.emotion]
