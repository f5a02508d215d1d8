"""Checks of recipes where a job is launched, in an environment without torch.

Options that cannot be followed or have no effect are errors that name the section and the option.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from training.recipe import Recipe, RecipeError

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys
from pathlib import Path
for absent in ("torch", "numpy", "transformers", "cv2", "av", "httpx", "filelock"):
    sys.modules[absent] = None
import training.launch
from training.recipe import Recipe
for name in ("starter", "full"):
    print(*Recipe.read(Path("training") / f"{name}.toml").sections())
"""
HEAD = """
name = "x"
version = "0"
licence = "for tests"
seed = 1
"""
RATES = "learning_rate = 1e-3\nhead_learning_rate = 1e-3"
CORPUS = 'folder = "there"\nepochs = 4\nbatch = 8'
TEXT = f"""
[corpora.meld-text]
{CORPUS}
[text]
corpus = "meld-text"
{RATES}
"""
AUDIO = f"""
[corpora.ravdess]
{CORPUS}
[audio]
corpus = "ravdess"
{RATES}
"""
KEPT = AUDIO.replace("[audio]", '[audio]\nfrozen = ["conv1", "conv2", "blocks"]')
FACE = f"""
[corpora.fer2013]
{CORPUS}
[face]
corpus = "fer2013"
width = 32
{RATES}
"""
SEVERAL = f"""
[corpora.meld]
{CORPUS}
[text]
corpus = "meld"
{RATES}
[face]
corpus = "meld"
width = 32
{RATES}
"""
FUSION = f"""{TEXT}
[fusion]
judgments = "judgments.csv"
judgments_licence = "for tests"
shrink_weights = [0.1]
shrink_bias = 1e-3
prior_of = ["judgments", "meld-text"]
[[fusion.slots]]
name = "words"
corpus = "meld-text"
folder = "meld"
"""
SLOT = '[[fusion.slots]]\nname = "words"\ncorpus = "goemotions"\nfolder = "goemotions"\n'


def test_the_committed_recipes_are_read_without_torch() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["text audio face", "text audio video face"]


def read(folder: Path, recipe: str) -> Recipe:
    path = folder / "recipe.toml"
    path.write_text(HEAD + recipe)
    return Recipe.read(path)


@pytest.mark.parametrize("recipe", [TEXT, AUDIO, KEPT, FACE, SEVERAL, FUSION])
def test_what_the_cases_below_start_from_is_read(tmp_path: Path, recipe: str) -> None:
    assert read(tmp_path, recipe).stages()


@pytest.mark.parametrize(
    ("recipe", "section", "options", "said"),
    [
        (TEXT, "text", 'public_encoder = "minilm-l6"\nconfig = { hidden_size = 32 }',
         ["text: config: has no effect with public_encoder", "remove one of them"]),
        (FACE, "face", 'public_encoder = "whisper-base-encoder"',
         ["face.public_encoder: face has no public weights", "remove public_encoder"]),
        (TEXT, "text", 'public_encoder = "r3d-18"',
         ["text.public_encoder: 'r3d-18' is not a public encoder of text; choose one of minilm-l6, bert-base"]),
        (TEXT, "corpora.meld-text", "patience = 3",
         ["[corpora.meld-text] patience: has no effect without selection", "set selection, or remove it"]),
        (TEXT, "corpora.meld-text", "score_every = 2\nselection = 0.1",
         ["[corpora.meld-text] score_every: has no effect with selection"]),
        (TEXT, "corpora.meld-text", "teachers = 2",
         ["[corpora.meld-text] teachers: has no effect without teacher"]),
        (TEXT, "corpora.meld-text", "teacher_share = 0.5",
         ["[corpora.meld-text] teacher_share: has no effect without teacher"]),
        (TEXT, "corpora.meld-text", "modality_dropout = 0.2",
         ["[corpora.meld-text] modality_dropout: has no effect in a stage of text only", "remove it"]),
        (TEXT, "corpora.meld-text", "calm_share = 0.2",
         ["[corpora.meld-text] calm_share: text has no augmentation", "mixup, erase or crop"]),
        (FACE, "corpora.fer2013", "calm_share = 0.2", ["[corpora.fer2013] calm_share: face has no augmentation"]),
        (KEPT, "corpora.ravdess", "variants = 2\nfolds = 2\nselection = 0.2",
         ["[corpora.ravdess] selection: fold networks have no groups", "remove selection or folds"]),
        (KEPT + "noise = 1.0\n", "corpora.ravdess", "variants = 1",
         ["[audio] noise: has no effect with variants = 1 in [corpora.ravdess]", "set variants to 2 or more"]),
        (KEPT, "corpora.ravdess", "variants = 1\njoin_share = 0.5",
         ["[corpora.ravdess] join_share: has no effect with variants = 1"]),
        (AUDIO, "audio", "room_seconds = 0.5", ["audio: room_seconds: has no effect without room", "remove it"]),
        (FACE, "face", "grain = 0.5", ["face: grain: has no effect without blur; set blur, or"]),
        (FACE, "corpora.fer2013", "votes = true\nlabel_smoothing = 0.1",
         ["[corpora.fer2013] label_smoothing: has no effect on votes"]),
        (FACE, "corpora.fer2013", "votes = true\nfocal = 1.0", ["[corpora.fer2013] focal: has no effect on votes"]),
        (FACE, "corpora.fer2013", "votes = true\nclass_balance = 0.5",
         ["[corpora.fer2013] class_balance: weighs single labels, not votes"]),
        (AUDIO + "mixup = 0.2", "corpora.ravdess", "votes = true",
         ["ravdess: mixup applies to single labels, not to votes"]),
        (KEPT, "corpora.ravdess", "variants = 2\nleave_out = true",
         ["[corpora.ravdess] leave_out: needs several audio corpora with variants"]),
        (FUSION + SLOT.replace('"words"', '"out"') + 'left_out = "goemotions"\n', "fusion", "",
         ["[fusion] slots: out has left_out = 'goemotions'", "stage with leave_out = true: none"]),
        (AUDIO, "audio", "varied_share = 0.5", ["audio: varied_share: has no effect without augmentation", "noise"]),
        (SEVERAL, "face", "transfer = 0.5",
         ["[face] transfer: has no effect where [corpora.meld] trains several modalities", "remove it"]),
        (FUSION, "fusion", 'votes_licence = "ODbL"', ["fusion: votes_licence: has no effect without votes"]),
        (FUSION, "fusion", 'votes = "votes.csv"', ["fusion: votes: requires votes_licence"]),
        (FUSION + SLOT, "fusion", "", ["fusion: slots: two are named 'words'", "rename one"]),
        (FUSION.replace(', "meld-text"]', ', "meld"]'), "fusion", "",
         ["[fusion] prior_of: 'meld' is not one of judgments, meld-text"]),
    ],
)  # fmt: skip
def test_an_option_without_effect_is_refused(
    tmp_path: Path, recipe: str, section: str, options: str, said: list[str]
) -> None:
    with pytest.raises(RecipeError) as refused:
        read(tmp_path, recipe.replace(f"[{section}]", f"[{section}]\n{options}"))
    assert all(part in str(refused.value) for part in said), str(refused.value)


@pytest.mark.parametrize(
    ("recipe", "section", "options"),
    [
        (AUDIO, "audio", 'public_encoder = "whisper-base-encoder"\nconfig = { hidden = 512 }'),
        (TEXT, "text", "config = { hidden_size = 32 }"),
        (TEXT, "corpora.meld-text", "selection = 0.1\npatience = 3"),
        (TEXT, "corpora.meld-text", 'teacher = "mpnet-base"\nteachers = 2\nteacher_share = 0.85'),
        (TEXT, "corpora.meld-text", "modality_dropout = 0.0\ncalm_share = 0.0"),
        (FACE + "erase = 0.2", "corpora.fer2013", "calm_share = 0.2"),
        (AUDIO + "mixup = 0.2", "corpora.ravdess", "calm_share = 0.2"),
        (AUDIO + "noise = 1.0", "audio", "varied_share = 0.5"),
        (KEPT + "mixup = 0.2", "corpora.ravdess", "variants = 1"),
        (SEVERAL, "corpora.meld", "modality_dropout = 0.2"),
        (FACE, "face", "transfer = 0.5"),
        (FACE, "face", "blur = 0.3\nblur_least = 0.5\ngrain = 0.2"),
        (FACE, "corpora.fer2013", "votes = true"),
        (AUDIO, "audio", "room = 0.3\nroom_seconds = 0.5"),
        (FUSION, "fusion", 'votes = "votes.csv"\nvotes_licence = "ODbL"'),
    ],
)
def test_an_option_with_an_effect_is_taken(tmp_path: Path, recipe: str, section: str, options: str) -> None:
    assert read(tmp_path, recipe.replace(f"[{section}]", f"[{section}]\n{options}"))


def with_option(recipe: str, section: str, option: str, value: float) -> dict[str, Any]:
    parsed = tomllib.loads(HEAD + recipe)
    place = parsed
    for name in section.split("."):
        place = place[name]
    place[option] = value
    return parsed


@pytest.mark.parametrize(
    ("recipe", "section", "option", "wrong"),
    [
        *((SEVERAL, "corpora.meld", option, wrong)
          for option in ("warm_up", "label_smoothing", "average_decay", "class_balance", "selection", "calm_share",
                         "remembered_share")
          for wrong in (-0.1, 1.0)),
        *((SEVERAL, "corpora.meld", option, wrong)
          for option in ("modality_dropout", "context_dropout", "plain_share") for wrong in (-0.1, 1.1)),
        *((AUDIO, "corpora.ravdess", "join_share", wrong) for wrong in (-0.1, 1.1)),
        *((SEVERAL, "corpora.meld", "teacher_share", wrong) for wrong in (-0.1, 0.0, 1.0)),
        *((SEVERAL, "corpora.meld", option, -1)
          for option in ("weight_decay", "focal", "variants", "folds", "clip_gradient", "patience")),
        *((SEVERAL, "corpora.meld", option, 0) for option in ("clip_gradient", "patience")),
        *((TEXT, "text", "token_dropout", wrong) for wrong in (-0.1, 1.0)),
        *((FACE, "face", option, wrong)
          for option in ("shift", "erase", "transfer") for wrong in (-0.1, 1.1)),
        *((FACE, "face", option, wrong)
          for option, wrong in (("transfer", 0.0), ("head_learning_rate", 0.0), ("learning_rate", -1e-3))),
        *((FACE, "face", "scale", wrong) for wrong in (-0.1, 1.0)),
        *((FACE, "face", "rotate_degrees", wrong) for wrong in (-1, 181)),
        *((AUDIO, "audio", "varied_share", wrong) for wrong in (-0.1, 0.0, 1.1)),
        *((AUDIO, "audio", "stretch", wrong) for wrong in (-0.1, 1.0)),
        *((AUDIO, "audio", option, -1)
          for option in ("mask_frames", "mask_mels", "shift_mels", "equalise", "noise", "mixup")),
    ],
)  # fmt: skip
def test_a_value_out_of_its_range_is_refused(
    tmp_path: Path, recipe: str, section: str, option: str, wrong: float
) -> None:
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(with_option(recipe, section, option, wrong)))
    with pytest.raises(RecipeError, match=rf"{section}\.{option}: Input should be (less|greater) than"):
        Recipe.read(path)
