"""A new modality, added to a copy of the code as a contributor would.

It takes two new files, a name in the contract and a section of a recipe. The modality is then trained, bundled and
served by the ordinary commands.
"""

import filecmp
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from model.bundle import BundleError, read_manifest

ROOT = Path(__file__).parents[2]
REGISTERED = 'Modality = Literal["text", "audio", "video", "face"]'
FILES = {
    "model/modalities/motion.py": '''"""Motion: how much the picture changes, and where."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from model.features import Evidence
from model.modalities.base import Encoder, EncoderConfig, ModalitySpec

GRID = 4
MAX_STEPS = 16


class MotionConfig(EncoderConfig):
    kind: Literal["motion-mlp"] = "motion-mlp"
    hidden: int = 8


class MotionEncoder(Encoder):
    def __init__(self, config: MotionConfig) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(GRID * GRID, config.hidden), nn.ReLU())
        self.width = config.hidden

    def forward(self, steps: Tensor, mask: Tensor) -> Tensor:
        return (self.layers(steps) * mask.unsqueeze(2)).sum(dim=1) / mask.sum(dim=1, keepdim=True)


def prepare(evidence: Evidence) -> Tensor | None:
    """float32 [steps, GRID * GRID]: mean change of each cell from one frame to the next, 0 to 1."""
    if len(evidence.frames) < 2:
        return None
    frames = np.stack(evidence.frames[: MAX_STEPS + 1]).astype(np.float32).mean(axis=3) / 255.0
    steps, side = len(frames) - 1, frames.shape[1] // GRID
    change = np.abs(np.diff(frames, axis=0))[:, : side * GRID, : side * GRID]
    return torch.from_numpy(change.reshape(steps, GRID, side, GRID, side).mean(axis=(2, 4)).reshape(steps, -1))


def collate(inputs: Sequence[Tensor]) -> list[Tensor]:
    lengths = torch.tensor([len(steps) for steps in inputs])
    mask = (torch.arange(int(lengths.max())) < lengths.unsqueeze(1)).float()
    return [nn.utils.rnn.pad_sequence(list(inputs), batch_first=True), mask]


SPEC = ModalitySpec(
    modality="motion", config=MotionConfig, encoder=MotionEncoder, preprocess_id=f"motion{GRID}x{MAX_STEPS}/v1",
    reads="frames", prepare=prepare, collate=collate, batch=64, size=len,
)
''',
    "training/modalities/motion.py": '''"""Training options of motion."""

from training.modalities.base import ModalityRecipe


class MotionRecipe(ModalityRecipe):
    modality = "motion"
    kind = "motion-mlp"

    hidden: int = 8
    noise: float = 0.0

    @property
    def encoder_options(self):
        return {"hidden": self.hidden}

    def augment(self, inputs):
        steps, mask = inputs
        return [steps + self.noise * steps.new_empty(steps.shape).normal_(), mask]


RECIPE = MotionRecipe
''',
    "training/motion.toml": """
name = "moving"
version = "0.0.1"
licence = "for tests"
seed = 1
precision = "no"
[corpora.manifest]
folder = "mine"
epochs = 3
batch = 4
[motion]
corpus = "manifest"
learning_rate = 0.01
head_learning_rate = 0.01
noise = 0.01
hidden = 12
""",
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy of the code with the new modality."""
    folder = tmp_path_factory.mktemp("checkout")
    for package in ("common", "model", "training"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "bundles"))
    for name, text in FILES.items():
        (folder / name).write_text(text)
    contract = folder / "model" / "contract.py"
    assert contract.read_text().count(REGISTERED) == 1
    contract.write_text(contract.read_text().replace(REGISTERED, REGISTERED[:-1] + ', "motion"]'))
    return folder


@pytest.fixture(scope="module")
def bundle(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train on a dozen spans of the sample video."""
    data, out = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("bundle") / "moving"
    (data / "mine").mkdir()
    video = ROOT / "tests" / "media" / "face_and_speech.mp4"
    rows = [
        f"{video},{start},{start + 1.5},dialogue {start},{('joy', 'anger')[start % 2]},{split}"
        for split, starts in (("train", range(12)), ("held-out", range(12, 17)))
        for start in starts
    ]
    (data / "mine" / "manifest.csv").write_text("\n".join(["path,start,end,dialogue,emotion,split", *rows]) + "\n")
    options = ["--recipe", "training/motion.toml", "--data", str(data), "--out", str(out), "--device", "cpu"]
    trained = run(checkout, "training.train", *options, "--work", str(data / "work"))
    assert "metric epoch=3" in trained
    return out


def run(checkout: Path, module: str, *arguments: str, status: int = 0) -> str:
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=checkout, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


def differing(compared: "filecmp.dircmp[str]", at: Path) -> Iterator[str]:
    """Yield the files that only the second folder has, or that differ."""
    yield from (str(at / name) for name in [*compared.right_only, *compared.diff_files] if name != "__pycache__")
    for name, below in compared.subdirs.items():
        yield from differing(below, at / name)


def test_a_modality_takes_two_files_a_name_and_a_section(checkout: Path) -> None:
    changed = {
        file for package in ("common", "model", "training")
        for file in differing(filecmp.dircmp(ROOT / package, checkout / package), Path(package))
    }  # fmt: skip
    assert changed == {"model/contract.py", *FILES}


@pytest.mark.slow
def test_it_is_trained_and_bundled(bundle: Path) -> None:
    written = json.loads((bundle / "config.json").read_text())
    assert written["network"]["encoders"] == {"motion": {"kind": "motion-mlp", "hidden": 12}}
    assert written["preprocess_ids"] == {"motion": "motion4x16/v1"}
    evaluated = json.loads((bundle / "evaluation.json").read_text())["evaluations"]
    assert evaluated[0]["modalities"] == {"motion": 5}
    assert "motion" in (bundle / "MODEL_CARD.md").read_text()


@pytest.mark.slow
def test_it_is_served(bundle: Path, checkout: Path, tmp_path: Path, sample: Path) -> None:
    options = ["--bundle", str(bundle), "--whisper-model", "tiny.en", "--html", str(tmp_path / "report.html")]
    analysis: Any = json.loads(
        run(checkout, "model.cli.main", "analyze", str(sample), *options, "--quiet", "--json", "-")
    )
    assert analysis["utterances"]
    for utterance in analysis["utterances"]:
        assert utterance["modalities"]["motion"]["weight"] == 1.0
        assert utterance["modalities"]["motion"]["emotions"] == utterance["emotions"]
    assert "Motion" in (tmp_path / "report.html").read_text()


@pytest.mark.slow
def test_code_without_it_refuses_the_bundle(bundle: Path) -> None:
    with pytest.raises(BundleError, match=r"invalid at 'network\.encoders\.motion"):
        read_manifest(bundle)


def test_its_recipe_is_strict(checkout: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(FILES["training/motion.toml"] + "token_dropout = 0.5\n")
    read = f"from training.recipe import Recipe; from pathlib import Path; Recipe.read(Path({str(recipe)!r}))"
    done = subprocess.run([sys.executable, "-c", read], cwd=checkout, capture_output=True, text=True, check=False)
    assert "motion has no option token_dropout; its options are" in done.stderr and "hidden, noise" in done.stderr


OTHER_TEXT = {
    "model/modalities/text_bag.py": '''"""Text as a bag of words."""

from dataclasses import replace
from typing import Literal

from torch import Tensor, nn

from model.modalities.base import Encoder, EncoderConfig, ModalitySpec
from model.modalities.text import SPEC as BERT


class BagConfig(EncoderConfig):
    kind: Literal["bag"] = "bag"
    hidden: int = 8


class BagEncoder(Encoder):
    def __init__(self, config: BagConfig) -> None:
        super().__init__()
        self.words = nn.EmbeddingBag(40_000, config.hidden, mode="sum")
        self.width = config.hidden

    def forward(self, ids: Tensor, types: Tensor, mask: Tensor) -> Tensor:
        return self.words(ids, per_sample_weights=(types * mask).float())


SPEC = replace(BERT, config=BagConfig, encoder=BagEncoder, configure=lambda _, options, __: BagConfig(**options))
''',
    "training/modalities/text_bag.py": '''"""Training options of a bag of words."""

from training.modalities.text import TextRecipe


class BagRecipe(TextRecipe):
    kind = "bag"

    hidden: int = 8

    @property
    def encoder_options(self):
        return {"hidden": self.hidden}

    @staticmethod
    def vary(value, corpus, marks):
        return type(value)(value.ids[:2], value.types[:2])


RECIPE = BagRecipe
''',
}
TEXT_RECIPE = """
name = "bag"
version = "0"
licence = "for tests"
seed = 1
[corpora.meld-text]
folder = "meld"
epochs = 1
batch = 8
[text]
corpus = "meld-text"
encoder = "bag"
hidden = 4
token_dropout = 0.1
learning_rate = 0.1
head_learning_rate = 0.1
"""
USE = r"""
import sys
from pathlib import Path
import torch
from model.weights import catalog
from model.features import Sample, Tokens
from training.corpora import Example
from training.data.collate import to_batch
from training.engine.stage_store import build_network, tokenizer_entry
from training.recipe import Recipe, RecipeError
recipe = Recipe.read(Path(sys.argv[1]))
network = build_network(recipe, ["text"]).eval()
print(network.config.encoders["text"], tokenizer_entry(recipe))
words = torch.tensor([101, 2000, 102])
sample = Sample(text=Tokens(words, torch.ones_like(words)))
print(network([sample]).emotions.shape)
ids, *_ = to_batch([Example(sample, 0, 0, "g")], network.specs, recipe.corpora["meld-text"]).inputs["text"][1]
print(ids.shape)
started = Path(sys.argv[1]).read_text().replace("[text]", "[text]\npublic_encoder = 'bag-base'")
Path("started.toml").write_text(started)
print(Recipe.read(Path("started.toml")).sections()["text"].public_encoder, "bag-base" in catalog.CATALOG)
for change in ("rotate_degrees = 3", "encoder = 'nonesuch'", "encoder = 'bag'\npublic_encoder = 'minilm-l6'"):
    Path("changed.toml").write_text(Path(sys.argv[1]).read_text().replace("encoder = 'bag'", change))
    try:
        Recipe.read(Path("changed.toml"))
    except RecipeError as error:
        print(error)
"""


def test_another_encoder_of_text_takes_two_files_and_a_line(tmp_path: Path) -> None:
    """The default encoder is unchanged, and each encoder has its own options."""
    for package in ("common", "model", "training"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "bundles"))
    for name, text in OTHER_TEXT.items():
        (tmp_path / name).write_text(text)
    registry = tmp_path / "model" / "modalities" / "__init__.py"
    line = "    *MODALITIES,  # default encoders\n"
    assert registry.read_text().count(line) == 1
    declared = "WEIGHTS: dict[str, tuple[Weights, ...]] = {\n"
    assert registry.read_text().count(declared) == 1
    registry.write_text(
        registry.read_text()
        .replace(line, f'{line}    "text_bag",\n')
        .replace(declared, f'{declared}    "bag": (Weights("bag-base", "a bag of words", "MIT", ()),),\n')
    )
    (tmp_path / "recipe.toml").write_text(TEXT_RECIPE.replace('"bag"\nhidden', "'bag'\nhidden"))
    (tmp_path / "use.py").write_text(USE)
    built, shape, varied, started, extra, unknown, other_weights = run(tmp_path, "use", "recipe.toml").splitlines()
    assert built == "kind='bag' hidden=4 minilm-l6" and shape == "torch.Size([1, 7])"
    assert varied == "torch.Size([1, 2])", "by its own recipe, not by the modality's default"
    assert extra.startswith("text.") and "text has no option" in extra and "nonesuch" in unknown
    assert started == "bag-base True", "its public weights are declared with its name, and in the catalog"
    assert other_weights.endswith("'minilm-l6' is not a public encoder of text; choose one of bag-base")
    starter = "from training.recipe import STARTER, Recipe; print(Recipe.read(STARTER).sections()['text'].kind)"
    done = subprocess.run([sys.executable, "-c", starter], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "bert"
