"""Bundling: calibration, evaluation and model card."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from model.bundle import find_bundle, load_bundle, read_manifest
from model.contract import EMOTIONS, SENTIMENT_OF_EMOTION
from model.network import Calibration
from tests.training.commands import run_evaluate
from tests.training.meld_fixture import write_lines
from tests.training.small_bundle import CONVERSATION, PHOTOGRAPHS, save_small_bundle, utterance
from training.bundling import write_bundle
from training.card import Report, render_card, write_card
from training.corpora import CORPORA
from training.data.stage_data import StageContext
from training.data.training_items import load_training_items, write_hashes
from training.engine.stage_store import build_network, save_trained, tokenizer_of
from training.evaluation.protocol import Subject, evaluate
from training.evaluation.scoring import encode
from training.recipe import Recipe
from training.revision import commit

RECIPE = """
name = "tiny"
version = "1.2.3"
licence = "for tests"
seed = 1
[corpora.meld-text]
folder = "meld"
epochs = 1
batch = 8
class_balance = 0.5
[text]
corpus = "meld-text"
learning_rate = 1e-3
head_learning_rate = 1e-3
[text.config]
hidden_size = 32
num_hidden_layers = 1
num_attention_heads = 2
intermediate_size = 64
[corpora.fer2013]
folder = "faces"
epochs = 1
batch = 8
[face]
corpus = "fer2013"
width = 32
learning_rate = 1e-3
head_learning_rate = 1e-3
transfer = 0.5
"""
LINES = ("Hello.", "Go away!", "Really?", "I miss him so much.", "Fine.", "What a day!", "Oh no.")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MELD's and FER2013's formats; one line of dev ("Fine.") is also in train."""
    root = tmp_path_factory.mktemp("data")
    for split, dialogues in (("train", range(5)), ("dev", range(5, 15))):
        lines = [
            (d, u, text if text == "Fine." else f"{split}: {text}", e, SENTIMENT_OF_EMOTION.get(e, "positive"))
            for d in dialogues
            for u, (e, text) in enumerate(zip(EMOTIONS, LINES, strict=True))
        ]
        write_lines(root / "meld" / f"{split}_sent_emo.csv", lines)
    rng = np.random.default_rng(0)
    (root / "faces").mkdir()
    for name in ("train", "validation"):
        images = rng.integers(0, 255, (70, 48, 48), dtype=np.uint8)
        np.savez(root / "faces" / f"{name}.npz", images=images, labels=np.arange(70) % 7, classes=np.array(EMOTIONS))
    return root


@pytest.fixture(scope="module")
def bundle(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bundle of untrained modalities."""
    work, out = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("bundles") / "tiny"
    recipe = work / "tiny.toml"
    recipe.write_text(RECIPE)
    loaded = Recipe.read(recipe)
    torch.manual_seed(0)
    for stage, priors in zip(loaded.stages(), (CONVERSATION, PHOTOGRAPHS), strict=True):
        network = build_network(loaded, list(stage.modalities))
        effective = Calibration(prior_emotion=priors.prior_emotion, prior_sentiment=priors.prior_sentiment)
        save_trained(network, StageContext(loaded, stage, data, work), "of this recipe", effective)
        examples = CORPORA[stage.corpus].read(data / stage.corpus_config.folder, "train", tokenizer_of(loaded))
        write_hashes(work / f"{stage.name}.items.npy", [e.content for e in examples])
    write_bundle(loaded, data, work, out)
    return out


@pytest.fixture(scope="module")
def report(bundle: Path) -> Report:
    return Report.model_validate_json((bundle / "evaluation.json").read_bytes())


def test_the_bundle_loads_with_its_provenance(bundle: Path) -> None:
    manifest = load_bundle(bundle).manifest
    training = manifest.training
    assert training["commit"] == commit()
    recipe, items, fitted_on = (training[name] for name in ("recipe", "data", "calibrated_on"))
    assert isinstance(recipe, dict) and recipe["corpora"]["meld-text"]["class_balance"] == 0.5
    assert isinstance(items, dict) and items["text"]["items"] == 7 and items["face"]["items"] == 70
    assert isinstance(fitted_on, dict) and set(fitted_on) == {"meld-text", "fer2013"}
    seen = load_training_items(bundle)
    assert seen is not None and len(seen) == 77
    assert not manifest.fusion_trained
    frequencies = np.square(CONVERSATION.prior_emotion) / np.square(CONVERSATION.prior_emotion).sum()
    np.testing.assert_allclose(manifest.network.prior_emotion, frequencies, rtol=1e-6)


def test_calibration_is_fitted_and_kept(bundle: Path, report: Report) -> None:
    fitted = read_manifest(bundle).network.calibration
    assert [c.modality for c in report.calibrations] == ["text", "face"]
    for c in report.calibrations:
        assert fitted[c.modality].temperature_emotion == c.temperature_emotion
        assert fitted[c.modality].reliability == pytest.approx(c.transfer * c.reliability)
        assert c.emotion_after is not None and c.emotion_before is not None


def test_evaluations_are_cross_fitted_and_split(report: Report) -> None:
    assert all(e.cross_fitted and e.split == "held-out" for e in report.evaluations)
    assert {(e.corpus, e.scope) for e in report.evaluations} >= {
        ("meld-text", "all"), ("meld-text", "unseen"), ("meld-text-plain", "all"), ("fer2013", "all"),
    }  # fmt: skip
    text = {e.scope: e for e in report.evaluations if e.corpus == "meld-text" and e.prior == "corpus"}
    assert (text["all"].items, text["all"].seen, text["unseen"].items) == (70, 10, 60)
    assert all(e.same_prior for e in report.evaluations if e.corpus == "meld-text")


def test_its_own_held_out_items_are_scored_as_in_the_card(
    bundle: Path, report: Report, data: Path, tmp_path: Path
) -> None:
    """With cross-fitted constants; other items are scored with the bundle's own."""
    arguments = (bundle, "--corpus", "fer2013", "--data", data / "faces", "--json", tmp_path / "out.json", "--split")
    code, output = run_evaluate(*arguments, "held-out")
    assert code == 0 and "calibrated on these very items" in output
    found = json.loads((tmp_path / "out.json").read_text())
    known = [e.model_dump(mode="json") for e in report.evaluations if e.corpus == "fer2013"]
    assert [e["emotion"]["ece"] for e in found] == pytest.approx([e["emotion"]["ece"] for e in known], abs=1e-6)
    code, output = run_evaluate(*arguments, "train")
    assert code == 0 and "very items" not in output


def test_the_card_has_the_required_statements(bundle: Path, report: Report) -> None:
    card = (bundle / "MODEL_CARD.md").read_text()
    for needed in (
        "**Fusion is unmeasured.**",
        "Article 5(1)(f)",
        "at work or in education",
        "**Apparent emotion, not inner state.**",
        "**Biases were not measured**",
        "for tests",
        "GPL-3.0",
        "meld-text-plain",
        "not in training",
        "No speaker's name is an input",
        "The held-out split of meld-text has only 10 of these",
    ):
        assert needed in card, needed
    for e in report.evaluations:
        if e.prior == "corpus":
            assert e.emotion is not None
            assert f"{e.emotion.weighted_f1:.3f} ({e.emotion.weighted_f1_interval[0]:.3f} to" in card
    assert "\n\n\n" not in card and card.endswith("\n")
    assert "object at 0x" not in card
    assert_tables_are_even(card)


def assert_tables_are_even(card: str) -> None:
    """Assert that all rows of a table have as many cells as its header."""
    for block in card.split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({row.count("|") for row in rows}) <= 1, block


def test_the_card_names_the_public_weights_that_took_part() -> None:
    folder = find_bundle("starter")
    card = render_card(read_manifest(folder), Report.model_validate_json((folder / "evaluation.json").read_bytes()))
    assert "- text initialized from minilm-l6: " in card and "- audio initialized from whisper-base-encoder: " in card
    assert "- text trained on soft labels of mpnet-base: " in card and "- face " not in card


def test_the_card_follows_the_evaluation(bundle: Path, report: Report) -> None:
    before = (bundle / "MODEL_CARD.md").read_text()
    write_card(bundle)
    assert (bundle / "MODEL_CARD.md").read_text() == before
    changed = json.loads(report.model_dump_json())
    next(e for e in changed["evaluations"] if e["prior"] == "corpus")["emotion"]["accuracy"] = 0.98765
    card = render_card(read_manifest(bundle), Report.model_validate(changed))
    assert "| 0.988 (" in card and "| 0.988 (" not in before


def test_the_card_has_measured_fusion(tmp_path: Path) -> None:
    subject = Subject.load(save_small_bundle(tmp_path / "small"))
    encoded = encode(subject.bundle.network, [utterance(i) for i in range(30)])
    evaluations = evaluate(subject, "meld", "held-out", encoded)
    whole = Report(created="today", commit="abc", prior_of="text", calibrations=[], evaluations=evaluations)
    card = render_card(subject.bundle.manifest, whole)
    assert "unmeasured" not in card and "30 real items" in " ".join(card.split())
    assert "| text + face | 30 |" in card
    assert "object at 0x" not in card
    assert_tables_are_even(card)


def git(root: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments], cwd=root, check=True, capture_output=True
    )


def test_a_bundle_does_not_make_its_own_commit_dirty(tmp_path: Path) -> None:
    """Only files that determine a bundle count, not bundles or documents."""
    for name in ("model/bundles/x/config.json", "model/network.py", "training/train.py", "README.md"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    clean = commit(tmp_path)
    assert len(clean) == 12
    (tmp_path / "model/bundles/x/config.json").write_text("2")
    (tmp_path / "model/bundles/x/evaluation.json").write_text("new")
    (tmp_path / "README.md").write_text("2")
    assert commit(tmp_path) == clean
    (tmp_path / "training/new.py").write_text("untracked code counts")
    assert commit(tmp_path) == f"{clean}-dirty"
    (tmp_path / "training/new.py").unlink()
    (tmp_path / "model/network.py").write_text("2")
    assert commit(tmp_path) == f"{clean}-dirty"


def test_without_git_the_commit_is_unknown(tmp_path: Path) -> None:
    assert commit(tmp_path) == "unknown"
