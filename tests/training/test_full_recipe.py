"""The full recipe, from a folder in MELD's layout to a result of the pipeline, with small encoders of the same classes.

prepare -> cache -> train (text, audio, R3D-18 and face together) -> calibrate -> evaluate -> serve.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from model.bundle import load_bundle
from model.pipeline import analyze, load_models
from tests.training.meld_fixture import make_meld

ROOT = Path(__file__).parents[2]
BERT = {
    "vocab_size": 30522, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 48,
}  # fmt: skip
VOICE = {"layers": 1, "width": 32, "heads": 2, "hidden": 16}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    make_meld(folder / "meld", clips=24)
    return folder


@pytest.fixture(scope="module")
def small_recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The committed full recipe with smaller encoders and fewer epochs."""
    recipe = tomllib.loads((ROOT / "training" / "full.toml").read_text(encoding="utf-8"))
    recipe["corpora"]["meld"] |= {"epochs": 2, "batch": 4, "selection": 0.3}
    recipe["text"] |= {"config": BERT, "public_encoder": None}
    recipe["audio"] |= {"config": VOICE, "public_encoder": None}
    recipe["video"] |= {"public_encoder": None}
    recipe["face"] |= {"width": 32}
    path = tmp_path_factory.mktemp("recipe") / "full.json"
    path.write_text(json.dumps(recipe))
    return path


@pytest.fixture(scope="module")
def bundle(data: Path, small_recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    work, out = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("bundle") / "full"
    prepared = run("training.prepare", "--meld", str(data / "meld"), "--cache")
    assert "dia125_utt3" in prepared and "dia110_utt7" in prepared, "known faults are reported"
    options = ["--recipe", str(small_recipe), "--data", str(data), "--work", str(work), "--out", str(out)]
    trained = run("training.train", *options, "--device", "cpu")
    assert "metric epoch=2" in trained and "dev_weighted_f1=" in trained
    return out


def run(module: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
def test_the_bundle_has_a_trained_fusion(bundle: Path) -> None:
    loaded = load_bundle(bundle)
    assert loaded.network.modalities == ("text", "audio", "video", "face")
    assert loaded.manifest.fusion_trained
    assert float(loaded.network.joint.weight.abs().sum()) > 0.0


@pytest.mark.slow
def test_its_evaluation_covers_every_subset_of_modalities(bundle: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    run("training.evaluate", str(bundle), "--corpus", "meld", "--data", str(data / "meld"), "--json", str(out))
    evaluations = json.loads(out.read_text(encoding="utf-8"))
    subsets = {tuple(s["modalities"]) for e in evaluations for s in e["subsets"] if s["emotion"]}
    assert len(subsets) == 2**4 - 1, "of four modalities, each alone and with every other"
    card = (bundle / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert "| text + audio + video + face | " in card
    assert "**Fusion** was trained" in card and "Fusion is unmeasured" not in card
    assert "| fused | " in card, "the fusion is calibrated"


@pytest.mark.slow
def test_it_is_served(bundle: Path, sample: Path) -> None:
    models = load_models(bundle, "tiny.en", device="cpu")
    analysis: Any = analyze(sample, models)
    assert analysis.model.bundle == "full"
    assert {m for u in analysis.utterances for m in u.modalities} == {"text", "audio", "video", "face"}
