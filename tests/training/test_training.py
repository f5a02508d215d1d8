"""Training: convergence, resumption after a kill, frozen parts, augmentation, and validation of recipes."""

import argparse
import math
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import psutil  # type: ignore[import-untyped]
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from model.contract import EMOTIONS
from model.features import SAMPLE_RATE, Sample
from model.modalities.audio import N_MELS, VoiceConfig, VoiceEncoder
from model.modalities.face import FaceConfig
from model.modalities.registry import specs_of
from model.modalities.text import TextTokenizer
from model.network import EmotionNetwork, NetworkConfig
from model.spectrogram import mel_filters
from model.weights import catalog
from tests.training.commands import run_train
from training.corpora import Example, read_fer2013
from training.data.augmentation import (
    MEL_DECADE,
    blur_faces,
    drop_tokens,
    erase_patches,
    mask_spectrogram,
    move_faces,
    relight_faces,
    reverberate,
    telephone,
)
from training.data.batches import Batches, selection_split
from training.data.clip_concat import ClipConcat
from training.data.collate import BatchCollator, to_batch
from training.data.stage_data import StageContext, StageData
from training.engine.averaging import moving_average
from training.engine.batch_norms import refit_batch_norms
from training.engine.checkpoints import Checkpoints
from training.engine.loss import StageLoss, effective_priors
from training.engine.optim import StageModules, build_optimizer, freeze
from training.engine.self_distillation import SelfDistillation
from training.engine.stage_trainer import StageTrainer
from training.engine.variants import encode_variants
from training.modalities.audio import AudioRecipe
from training.modalities.face import FaceRecipe
from training.recipe import STARTER, CorpusRecipe, Recipe, RecipeError

# Not narrower: on the gradient of a 1x1 convolution in channels-last layout oneDNN's AVX2 kernels can hang with 4
# input channels, and its AVX-512 kernels crash with 8; the stem has half the width.
RECIPE = """
name = "faces"
version = "0"
licence = "none"
seed = 3
precision = "no"
[corpora.fer2013]
folder = "fer2013"
epochs = {epochs}
batch = 16
weight_decay = 0.0
average_decay = 0.5
remembered_share = 0.5
[face]
corpus = "fer2013"
width = 32
learning_rate = 3e-3
head_learning_rate = 3e-3
rotate_degrees = 5.0
scale = 0.05
shift = 0.03
"""
SLOT = """
[fusion]
judgments = "judgments.csv"
judgments_licence = "none"
shrink_weights = [0.1]
shrink_bias = 0.1
prior_of = ["judgments"]
[[fusion.slots]]
name = "some"
corpus = "{corpus}"
folder = "some"
"""
FACE = FaceRecipe(
    corpus="fer2013", width=32, learning_rate=1e-3, head_learning_rate=1e-3, rotate_degrees=5.0, scale=0.05, shift=0.03
)
AUDIO = AudioRecipe(corpus="ravdess", learning_rate=1e-3, head_learning_rate=1e-3)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Corpus in FER2013's format: each class is a bar at its own height, in noise."""
    rng = np.random.default_rng(0)
    labels = np.arange(210) % 7
    images = rng.integers(0, 90, (210, 48, 48), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[6 * label : 6 * label + 6] = 250
    folder = tmp_path_factory.mktemp("data")
    (folder / "fer2013").mkdir()
    for name in ("train.npz", "validation.npz"):
        np.savez(folder / "fer2013" / name, images=images, labels=labels, classes=np.array(EMOTIONS))
    return folder


def write_recipe(folder: Path, epochs: int = 6) -> Path:
    path = folder / "recipe.toml"
    path.write_text(RECIPE.format(epochs=epochs))
    return path


def context_of(recipe: Recipe, work: Path) -> StageContext:
    """Return the context of the recipe's only stage, without a folder of corpora."""
    return StageContext(recipe, recipe.stages()[0], Path("none"), work, "cpu")


def train(recipe: Recipe, data: Path, work: Path, examples: list[Example] | None = None) -> EmotionNetwork:
    torch.manual_seed(recipe.seed)
    network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32)))
    found = examples or list(read_fer2013(data / "fer2013", "train", None))
    StageTrainer(network, context_of(recipe, work), StageData(found, effective_priors(found, 0.0))).run()
    return network


@torch.inference_mode()
def accuracy(network: EmotionNetwork, examples: list[Example]) -> float:
    predictions = network.eval()([e.sample for e in examples]).emotions.argmax(dim=1)
    return float((predictions == torch.tensor([e.emotion for e in examples])).float().mean())


def test_training_learns(data: Path, tmp_path: Path) -> None:
    recipe = Recipe.read(write_recipe(tmp_path))
    examples = list(read_fer2013(data / "fer2013", "train", None))
    assert accuracy(EmotionNetwork(NetworkConfig.of(FaceConfig(width=32))), examples) < 0.4
    assert accuracy(train(recipe, data, tmp_path), examples) > 0.9
    assert list((tmp_path / "tensorboard").iterdir()), "logs are written for TensorBoard"


def test_the_same_seed_trains_the_same_network(data: Path, tmp_path: Path) -> None:
    recipe = Recipe.read(write_recipe(tmp_path, epochs=1))
    examples = list(read_fer2013(data / "fer2013", "train", None))[:64]
    results = []
    for name in ("first", "second"):
        network = train(recipe, data, tmp_path / name, examples)
        with torch.inference_mode():
            results.append(network([e.sample for e in examples]).emotions)
    torch.testing.assert_close(results[0], results[1])


def test_a_killed_run_resumes_to_the_same_result(data: Path, tmp_path: Path) -> None:
    """After SIGKILL in the middle of an epoch, a second run ends with the weights of an uninterrupted one."""
    recipe = write_recipe(tmp_path, epochs=8)
    for name, kill in (("whole", False), ("killed", True)):
        work = tmp_path / name
        if kill:
            _run_until_mid_epoch(_command(recipe, data, work), work)
            assert (work / "face.checkpoint.pt").exists() and not (work / "face.safetensors").exists()
        done = subprocess.run(
            _command(recipe, data, work), capture_output=True, text=True, check=False, env=_environment()
        )
        assert done.returncode == 0, done.stderr
        assert ("resuming in epoch" in done.stdout) == kill
    whole, killed = (load_file(tmp_path / name / "face.safetensors") for name in ("whole", "killed"))
    for key, value in whole.items():
        torch.testing.assert_close(killed[key], value, atol=0.0, rtol=0.0, msg=key)
    assert not (tmp_path / "killed" / "face.checkpoint.pt").exists()


def test_missing_data_is_a_usage_error(tmp_path: Path) -> None:
    done = subprocess.run(
        _command(write_recipe(tmp_path), tmp_path / "none", tmp_path), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "there is no" in done.stderr and "Traceback" not in done.stderr


def test_a_checkpoint_of_another_recipe_is_ignored(data: Path, tmp_path: Path) -> None:
    examples = list(read_fer2013(data / "fer2013", "train", None))[:32]
    for epochs in (2, 1):  # a checkpoint after two epochs would leave nothing to train
        recipe = Recipe.read(write_recipe(tmp_path, epochs))
        network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32)))
        priors = effective_priors(examples, 0.0)
        history = StageTrainer(network, context_of(recipe, tmp_path), StageData(examples, priors)).run()
        assert [f["epoch"] for f in history] == [1.0, 2.0][:epochs]


def test_the_selection_split_is_by_group() -> None:
    examples = [Example(Sample(), 0, 0, f"dialogue {i // 3}") for i in range(900)]
    remaining, aside = selection_split(examples, 0.2)
    assert 0.1 < len(aside) / 900 < 0.3 and sorted(remaining + aside) == list(range(900))
    assert not {examples[i].group for i in remaining} & {examples[i].group for i in aside}
    assert selection_split(examples, 0.0) == (list(range(900)), [])


def test_the_best_epoch_is_selected_by_an_interrupted_run(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Select the second epoch, and stop after two worse ones.

    A run that is interrupted in the third, with gradients partly accumulated, ends with the same weights.
    """
    monkeypatch.setattr("training.engine.checkpoints.CHECKPOINT_SECONDS", 0.0)
    recipe = Recipe.read(write_recipe(tmp_path, epochs=9))
    changes = {"selection": 0.2, "patience": 2, "accumulate": 3, "remembered_share": 0.0}
    recipe = recipe.model_copy(update={"corpora": {"fer2013": recipe.corpora["fer2013"].model_copy(update=changes)}})
    examples = list(read_fer2013(data / "fer2013", "train", None))[:128]
    priors = effective_priors(examples, 0.0)
    scores = [0.3, 0.6, 0.5, 0.4, 0.9]

    def trained(work: Path, interrupt: bool = False) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        torch.manual_seed(recipe.seed)
        network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32)))
        training = StageTrainer(network, context_of(recipe, work), StageData(examples, priors, examples[:8]))
        averages = []

        def score() -> dict[str, float]:
            averages.append({k: v.clone() for k, v in training.average.weights.items()})
            return {"dev_weighted_f1": scores[training.trainer.state.epoch]}

        def check(_: torch.Tensor) -> None:
            if interrupt and (training.trainer.state.epoch, training.trainer.state.batch) >= (2, 5):
                raise KeyboardInterrupt

        monkeypatch.setattr(training, "_score", score)
        monkeypatch.setattr(training.trainer, "_check", check)
        history = training.run()
        assert [f["dev_weighted_f1"] for f in history] == scores[:4]
        return training.part.state_dict(), averages[1] if len(averages) == 4 else {}

    whole, second = trained(tmp_path / "whole")
    statistics = ("running_mean", "running_var", "num_batches_tracked")  # recomputed at the end
    for key, value in second.items():
        assert key.endswith(statistics) or torch.equal(whole[key], value), key
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "interrupted", interrupt=True)
    again, _ = trained(tmp_path / "interrupted")
    for key, value in whole.items():
        assert torch.equal(again[key], value), key


def test_a_selection_without_groups_is_rejected(data: Path, tmp_path: Path) -> None:
    """Otherwise the held-out split would select the epoch and then score it."""
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE.format(epochs=1).replace("average_decay", "selection = 0.00001\naverage_decay"))
    code, output = run_train("--recipe", path, "--data", data, "--work", tmp_path, "--only", "face")
    assert code == 2 and "puts 0 of 210 utterances aside" in " ".join(output.split())


def test_an_unreadable_checkpoint_is_ignored(tmp_path: Path) -> None:
    """For example one of another version, which pickled a class, or another file."""
    reports: list[str] = []
    path = tmp_path / "face.checkpoint.pt"
    checkpoints = Checkpoints(path, "of this recipe", reports.append)
    assert checkpoints.load() is None and not reports
    for content in ({"fingerprint": "of this recipe", "state": argparse.Namespace()}, {"fingerprint": "of another"}):
        torch.save(content, path)
        assert checkpoints.load() is None and "starting over" in reports.pop()
    path.write_bytes(b"nothing of the kind")
    assert checkpoints.load() is None and "starting over" in reports.pop()
    checkpoints.save({"state": {"epoch": 3}})
    saved = checkpoints.load()
    assert saved is not None and saved["state"] == {"epoch": 3} and not reports


def test_focal_loss_weighs_down_confident_predictions() -> None:
    """It is (1 - p) ** focal times the cross-entropy -log p (Lin et al. 2017, equation 4)."""
    options = CorpusRecipe(folder=".", epochs=1, batch=2)
    logits, targets = torch.tensor([[4.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), torch.tensor([0, 0])
    correct = logits.softmax(dim=1)[:, 0]
    for focal in (0.0, 2.0):
        loss_module = StageLoss(
            EmotionNetwork(NetworkConfig.of(FaceConfig(width=32))),
            {"face": FACE},
            options.model_copy(update={"focal": focal}),
            effective_priors([Example(Sample(), 0, 0, "g")], 0.0),
        )
        wanted = ((1.0 - correct).pow(focal) * -correct.log()).mean()
        torch.testing.assert_close(loss_module._cross_entropy(logits, targets, torch.ones(3)), wanted)


def test_processes_share_an_epoch_evenly() -> None:
    """Padding for a process without a batch would depend on where the epoch was resumed."""
    sampler = Batches([1] * 104, 8, seed=1, processes=3)
    assert len(sampler) == len(list(sampler)) == 12
    sampler.first = 6
    assert len(list(sampler)) == 6
    with pytest.raises(ValueError, match="do not make a batch of 64 for each of 2 processes"):
        Batches([1] * 104, 64, seed=1, processes=2)


def test_batches_have_every_example_once_and_can_be_resumed() -> None:
    sampler = Batches([i % 9 for i in range(100)], 8, seed=1)
    sampler.epoch = 4
    whole = list(sampler)
    flat = [i for batch in whole for i in batch]
    assert len(whole) == len(sampler) == 12 and len(set(flat)) == 96
    sampler.first = 5
    assert list(sampler) == whole[5:]
    sampler.epoch, sampler.first = 5, 0
    assert list(sampler) != whole


def test_frozen_parts_do_not_change(tmp_path: Path) -> None:
    """Neither weights nor statistics of frozen batch norms change in training mode."""
    network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32)))
    recipe = Recipe.model_validate(
        {
            "name": "x", "version": "0", "licence": "none", "seed": 0, "precision": "no",
            "corpora": {"fer2013": {"folder": ".", "epochs": 2, "batch": 4}},
            "face": {**FACE.model_dump(), "width": 32, "frozen": ["stem", "blocks.0"]},
        }
    )  # fmt: skip
    before = {k: v.clone() for k, v in network.encoders["face"].state_dict().items()}
    rng = torch.Generator().manual_seed(0)
    examples = [Example(Sample(face=torch.randn(1, 1, 48, 48, generator=rng)), i % 7, i % 3, "g") for i in range(16)]
    StageTrainer(network, context_of(recipe, tmp_path), StageData(examples, effective_priors(examples, 0.0))).run()
    after = network.encoders["face"].state_dict()
    changed = {k for k, v in before.items() if not torch.equal(v, after[k])}
    assert changed and not any(k.startswith(("stem.", "blocks.0.")) for k in changed)
    assert any("running_mean" in k for k in changed)


def test_batch_norm_statistics_are_recomputed() -> None:
    """Outputs are standardized for serving inputs; frozen norms, and those without inputs, are unchanged."""
    torch.manual_seed(0)
    network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32)))
    encoder = network.encoders["face"]
    first, *others = [m for m in encoder.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    means = [norm.get_buffer("running_mean") for norm in (first, *others)]
    for mean in means:
        torch.nn.init.constant_(mean, 7.0)  # unlike any input
    examples = [Example(Sample(face=torch.randn(1, 1, 48, 48)), 0, 0, "g") for _ in range(64)]
    outputs: dict[torch.nn.Module, torch.Tensor] = {}
    for norm in others:
        norm.register_forward_hook(lambda module, _, out: outputs.__setitem__(module, out))
    refit_batch_norms(network, ("face",), [Example(Sample(), 0, 0, "g")], [[0]])
    assert all(float(mean.min()) == 7.0 for mean in means)
    refit_batch_norms(network, ("face",), examples, [range(32), range(32, 64)], frozen=[first])
    assert not any(m.training for m in network.modules()) and float(means[0].min()) == 7.0
    with torch.inference_mode():
        network([e.sample for e in examples])
    deepest = outputs[others[-1]].mean(dim=(0, 2, 3))
    assert float(deepest.abs().max()) < 0.5 and all(norm.momentum == 0.1 for norm in others)


def test_freezing_an_unknown_part_is_rejected() -> None:
    network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32)))
    with pytest.raises(RecipeError, match="has no part 'nonesuch'; its parts are stem, blocks"):
        freeze(StageModules(network, "face"), {"face": ("nonesuch",)})


def test_the_moving_average_forgets_initial_weights() -> None:
    average, update = [torch.zeros(1)], moving_average(0.99)
    for step in range(60):
        update(average, [torch.ones(1)], torch.tensor(step))
    assert float(average[0]) > 0.99


def test_a_balanced_loss_weighs_rare_classes_up() -> None:
    examples = [Example(Sample(), 0 if i else 1, 0, "g") for i in range(9)]
    even, skewed = (effective_priors(examples, balance).prior_emotion for balance in (0.9, 0.0))
    assert max(skewed) / min(skewed) > max(even) / min(even)
    assert sum(even) == pytest.approx(1.0)
    options = Recipe.read(Path(__file__).parents[2] / "training" / "full.toml").corpora["meld"]
    network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32)))
    loss_module = StageLoss(network, {"face": FACE}, options, effective_priors(examples, options.class_balance))
    weight = loss_module.get_buffer("emotion_weight")
    assert weight[1] > weight[0] and weight.mean() == pytest.approx(1.0)


def test_a_dropped_modality_is_never_the_last() -> None:
    options = Recipe.read(Path(__file__).parents[2] / "training" / "full.toml").corpora["meld"]
    options = options.model_copy(update={"modality_dropout": 0.9})
    both = Sample(face=torch.zeros(1, 1, 48, 48), audio=torch.zeros(N_MELS, 50))
    torch.manual_seed(0)
    batch = to_batch([Example(both, 0, 0, "g")] * 200, specs_of("audio", "face"), options)
    rows = [set(batch.inputs[m][0].tolist()) for m in ("audio", "face")]
    assert rows[0] | rows[1] == set(range(200)) and 0 < len(rows[0] & rows[1]) < 40


def test_plain_and_transcribed_text_matches_the_tokenizer() -> None:
    """Augmented tokens equal those of text without punctuation, or with a transcriber's."""
    tokenizer = TextTokenizer(catalog.fetch("minilm-l6") / "tokenizer.json")
    options = Recipe.read(STARTER).corpora["meld-text"]
    options = options.model_copy(update={"plain_share": 1.0, "transcribed_share": 0.0, "context_dropout": 0.0})
    tokens, plain = (
        tokenizer("Oh, don't! You can't -- really?!", ["Hi."]),
        tokenizer("oh don't you can't really", ["hi"]),
    )
    assert tokens is not None and plain is not None
    batch = to_batch([Example(Sample(text=tokens), 0, 0, "g")], specs_of("text"), options, tokenizer.marks)
    assert batch.inputs["text"][1][0][0].tolist() == plain.ids.tolist()
    options = options.model_copy(update={"plain_share": 0.0, "transcribed_share": 1.0})
    transcribed = tokenizer("oh, don't. you can't really?", ["hi."])
    batch = to_batch([Example(Sample(text=tokens), 0, 0, "g")], specs_of("text"), options, tokenizer.marks)
    assert transcribed is not None and batch.inputs["text"][1][0][0].tolist() == transcribed.ids.tolist()
    assert batch.inputs["text"][1][1][0].tolist() == transcribed.types.tolist()
    options = options.model_copy(update={"plain_share": 1.0, "transcribed_share": 0.0})
    only_marks = tokenizer("-!")
    unchanged = to_batch([Example(Sample(text=only_marks), 0, 0, "g")], specs_of("text"), options, tokenizer.marks)
    assert only_marks is not None and unchanged.inputs["text"][1][0][0].tolist() == only_marks.ids.tolist()


def test_dropping_the_context_matches_the_tokenizer() -> None:
    tokenizer = TextTokenizer(catalog.fetch("minilm-l6") / "tokenizer.json")
    options = Recipe.read(STARTER).corpora["meld-text"]
    options = options.model_copy(update={"plain_share": 0.0, "transcribed_share": 0.0, "context_dropout": 0.5})
    tokens, alone = tokenizer("You too?", ["I love pizza so much."]), tokenizer("You too?")
    assert tokens is not None and alone is not None
    assert (
        alone.without_context().ids.tolist() == alone.ids.tolist()
        and alone.without_context().types.tolist() == alone.types.tolist()
    )
    torch.manual_seed(0)
    ids, types, mask = to_batch([Example(Sample(text=tokens), 0, 0, "g")] * 100, specs_of("text"), options).inputs[
        "text"
    ][1]
    variants = {tuple(row[keep == 1].tolist()) for row, keep in zip(ids, mask, strict=True)}
    assert variants == {tuple(tokens.ids.tolist()), tuple(alone.ids.tolist())}
    assert 25 < int((mask.sum(dim=1) == len(alone.ids)).sum()) < 75
    assert (types.sum(dim=1) == int(tokens.types.sum())).all(), "the utterance itself is whole"


def test_augmentation_changes_inputs_within_limits() -> None:
    torch.manual_seed(0)
    ids, types = torch.arange(95, 135).repeat(8, 1), torch.ones(8, 40, dtype=torch.int64)
    dropped = drop_tokens(ids, types, 0.5)
    assert (dropped[:, :9] == ids[:, :9]).all() and 0.3 < (dropped[:, 9:] == 103).float().mean() < 0.7
    mels = torch.rand(4, N_MELS, 100) + 1.0
    untouched = mels.clone()
    masked = mask_spectrogram(mels, 30, 10)
    assert 0.5 < (masked == mels).float().mean() < 1.0 and masked.min() >= mels.min()
    assert (mels == untouched).all()
    crops = torch.randn(16, 1, 48, 48)
    moved = move_faces(crops, degrees=5.0, scale=0.05, shift=0.03, part=1.0)
    assert moved.shape == crops.shape and not torch.allclose(moved, crops)
    unmoved = move_faces(crops, degrees=0.0, scale=0.0, shift=0.0, part=1.0)
    same = [bool(torch.allclose(u, c, atol=1e-4)) for u, c in zip(unmoved, crops, strict=True)]
    mirrored = [bool(torch.allclose(u, c.flip(-1), atol=1e-4)) for u, c in zip(unmoved, crops, strict=True)]
    assert all(m or s for m, s in zip(mirrored, same, strict=True)) and any(mirrored) and any(same)
    erased = erase_patches(crops, 1.0)
    assert all(0.01 < (erased[i] != crops[i]).float().mean() < 0.3 for i in range(16))


def test_random_crops_have_a_fixed_size_and_any_position() -> None:
    ramp = torch.arange(48.0).expand(64, 1, 48, 48)  # a pixel's value is its position
    parts = move_faces(ramp, degrees=0.0, scale=0.0, shift=0.0, part=0.75)
    assert parts.shape == (64, 1, 36, 36)
    steps = parts.diff(dim=-1)
    assert torch.allclose(steps.abs(), torch.ones(()), atol=1e-3) and steps.min() < 0 < steps.max()
    first = parts.amin(dim=(1, 2, 3))
    assert -0.01 < first.min() < 3 and 9 < first.max() < 12.01


@given(st.floats(0.0, 1.0), st.floats(0.0, 0.9), st.integers(0, 1000))
def test_relit_faces_remain_standardized(gamma: float, shade: float, seed: int) -> None:
    """And faces of a batch are lit differently."""
    torch.manual_seed(seed)
    ramp = torch.linspace(-1.0, 1.0, 48).expand(4, 1, 48, 48)
    crops = ramp / ramp.std() + torch.zeros(4, 1, 48, 48)
    lit = relight_faces(crops, gamma, shade)
    assert torch.allclose(lit.mean(dim=(1, 2, 3)), torch.zeros(4), atol=1e-3)
    assert torch.allclose(lit.std(dim=(1, 2, 3)), torch.ones(4), atol=1e-3)
    if gamma > 0.01 and shade == 0.0:
        assert (lit.diff(dim=-1) > -1e-4).all(), "gamma is monotonic"
        assert not torch.allclose(lit[0], lit[1], atol=1e-6)


def test_blurred_faces_lose_only_detail() -> None:
    torch.manual_seed(0)
    board = ((torch.arange(48)[:, None] + torch.arange(48)) % 2 * 2.0 - 1.0).expand(200, 1, 48, 48)
    ramp = torch.linspace(-1.7, 1.7, 48).expand(200, 1, 48, 48)
    plain = board.clone()
    coarse = blur_faces(plain, 0.4, 0.4, 0.0)
    same = (coarse == plain).flatten(1).all(dim=1)
    assert 80 < int(same.sum()) < 160 and (plain == board).all()
    for least, grain in ((0.5, 0.0), (0.5, 0.3)):
        blurred = blur_faces(ramp.clone(), 1.0, least, grain)
        likeness = torch.corrcoef(torch.stack([blurred[0].flatten(), ramp[0].flatten()]))[0, 1]
        assert likeness > (0.99 if grain == 0.0 else 0.9)
        noise = blurred.diff(dim=-1).std(dim=(1, 2, 3))
        assert (noise.max() < 0.05) == (grain == 0.0)


def test_squeezed_faces_are_narrower_or_wider() -> None:
    torch.manual_seed(0)
    ramp = torch.linspace(0.0, 1.0, 48).expand(100, 1, 48, 48)
    turned = move_faces(ramp, degrees=0.0, scale=0.0, shift=0.0, part=1.0, squeeze=0.2)
    slope = (turned[:, 0, 24, 30] - turned[:, 0, 24, 18]).abs() * 47 / 12
    assert 0.78 < slope.min() < 0.9 and 1.1 < slope.max() < 1.22
    assert (turned.diff(dim=-2).abs() < 1e-4).all(), "heights are unchanged"


def test_an_echo_follows_the_sound_and_decays() -> None:
    torch.manual_seed(0)
    mels = torch.full((50, N_MELS, 120), -0.9)
    mels[:, :, 40] = 1.0  # a clap: 1.9 / 0.25 = 7.6 decades above the floor
    echoed = reverberate(mels, 1.0, 0.5)
    twice = MEL_DECADE * math.log10(2.0)  # at most doubles the power
    before = echoed[:, :, :41] - mels[:, :, :41]
    assert before.min() > -1e-4 and before.max() < twice + 1e-4, "there is no echo before the clap"
    tail = echoed[:, 0, 41:]
    assert (tail.diff(dim=1) < 1e-4).all() and (tail[:, 0] > 0.0).all() and (tail[:, 60:] < -0.9 + twice).all()
    some = reverberate(mels, 0.3, 0.5)
    assert 5 <= int((some != mels).flatten(1).any(dim=1).sum()) <= 28


def test_telephone_bandwidth_is_300_to_3400_hertz() -> None:
    """Bands inside are unchanged; bands outside get the minimum level."""
    torch.manual_seed(0)
    mels = torch.rand(4, N_MELS, 60)
    narrow = telephone(mels, 1.0)
    filters = np.asarray(mel_filters(N_MELS))
    centers = filters @ np.linspace(0.0, SAMPLE_RATE / 2, filters.shape[1]) / filters.sum(axis=1)
    for band, center in enumerate(centers):
        if 300.0 < center < 3400.0:
            assert (narrow[:, band] == mels[:, band]).all(), center
        elif not 290.0 < center < 3410.0:
            assert (narrow[:, band] == mels.amin(dim=(1, 2))[:, None]).all(), center


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_biases_and_norms_do_not_decay(name: Literal["adamw", "sgd"]) -> None:
    """Without a gradient, a step only applies weight decay."""
    part = StageModules(EmotionNetwork(NetworkConfig.of(FaceConfig(width=32))), "face")
    before = {key: value.clone() for key, value in part.named_parameters()}
    options = CorpusRecipe(folder="x", epochs=1, batch=1, optimiser=name, weight_decay=0.5)
    optimiser = build_optimizer(part, {"face": (0.1, 0.2)}, options)
    for parameter in part.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    for key, value in part.named_parameters():
        smaller = bool((value.abs() < before[key].abs()).any())
        assert smaller == (value.ndim > 1), key


def test_self_distillation_averages_predictions() -> None:
    distillation, confident, uniform = SelfDistillation(5), torch.zeros(1, 10), torch.zeros(1, 10)
    confident[0, 2] = confident[0, 8] = 50.0
    assert (distillation.of(torch.tensor([3])) == 0.0).all(), "no targets before the first prediction"
    distillation.add(torch.tensor([3, 1]), torch.cat([confident, uniform]))
    distillation.add(torch.tensor([3]), uniform)
    averages = distillation.of(torch.tensor([1, 3, 0]))
    assert averages[0, :7].tolist() == pytest.approx([1 / 7] * 7) and averages[0, 7:].tolist() == pytest.approx(
        [1 / 3] * 3
    )
    assert float(averages[1, 2]) == pytest.approx(0.6 + 0.4 / 7) and float(averages[1, 8]) == pytest.approx(
        0.6 + 0.4 / 3
    )
    assert (averages[2] == 0.0).all()


def test_self_distillation_reduces_the_gradient_of_a_wrong_label() -> None:
    """The gradient is smaller if the network's earlier predictions contradict the label."""
    torch.manual_seed(0)
    network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32))).eval()
    options = CorpusRecipe(folder="x", epochs=10, batch=2, remembered_share=0.8)
    examples = [Example(Sample(face=torch.randn(1, 1, 48, 48)), 0, 0, "g")] * 2
    batch = replace(to_batch(examples, specs_of("face"), options), numbers=torch.tensor([0, 1]))
    gradients = []
    for epoch in (0, 9):
        distillation = SelfDistillation(2)
        distillation.targets[:, 4] = distillation.targets[:, 8] = 1.0
        unaugmented = FACE.model_copy(update={"rotate_degrees": 0.0, "scale": 0.0, "shift": 0.0})
        loss_module = StageLoss(network, {"face": unaugmented}, options, effective_priors(examples, 0.0), distillation)
        loss_module.start_epoch(epoch)
        network.zero_grad()
        loss_module(batch).backward()
        bias = network.heads["face"].get_parameter("bias")
        assert bias.grad is not None
        gradients.append(bias.grad.clone())
        assert float(distillation.targets[0, 4]) < 1.0, "targets are updated"
    assert gradients[0][0] < 0 < gradients[0][4] and gradients[1][0] > gradients[0][0] and gradients[1][4] < 0


def test_the_gradient_of_video_does_not_depend_on_uninitialized_memory() -> None:
    """With MALLOC_PERTURB_, glibc fills fresh memory with huge numbers: two patterns must give the same gradient."""
    script = """
import torch
from model.features import Sample
from model.modalities.registry import specs_of
from model.modalities.video import VideoConfig
from model.network import EmotionNetwork, NetworkConfig
from training.corpora import Example
from training.data.collate import to_batch
from training.engine.loss import StageLoss, effective_priors
from training.modalities.video import VideoRecipe
from training.recipe import CorpusRecipe
torch.manual_seed(0)
network = EmotionNetwork(NetworkConfig.of(VideoConfig()))
options = CorpusRecipe(folder="x", epochs=1, batch=2)
examples = [Example(Sample(video=torch.randn(3, 16, 112, 112)), 0, 0, "g")] * 2
section = VideoRecipe(corpus="x", learning_rate=1.0, head_learning_rate=1.0)
loss_module = StageLoss(network, {"video": section}, options, effective_priors(examples, 0.0))
with torch.autocast("cpu", torch.bfloat16):
    loss = loss_module(to_batch(examples, specs_of("video"), options))
loss.backward()
print(max(float(p.grad.abs().max()) for p in network.parameters() if p.grad is not None))
"""
    largest = []
    for pattern in ("1", "129"):
        environment = {**os.environ, "MALLOC_PERTURB_": pattern}
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True
        )
        largest.append(float(done.stdout))
    assert largest[0] == pytest.approx(largest[1], rel=0.01) and largest[0] < 1e3


def test_a_gradient_that_is_not_finite_ends_the_run(data: Path, tmp_path: Path) -> None:
    recipe = Recipe.read(write_recipe(tmp_path, epochs=1))
    examples = list(read_fer2013(data / "fer2013", "train", None))[:32]
    examples[5] = replace(examples[5], sample=Sample(face=torch.full((1, 1, 48, 48), torch.nan)))
    with pytest.raises(FloatingPointError, match=r"gradient of face is not finite in epoch 1, batch [12]\b"):
        train(recipe, data, tmp_path, examples)


def test_self_distillation_with_mixup_is_rejected() -> None:
    recipe = tomllib.loads(RECIPE.format(epochs=1).replace("[face]", "[audio]").replace("width = 32", "mixup = 0.2"))
    for option in ("rotate_degrees", "scale", "shift"):
        del recipe["audio"][option]
    with pytest.raises(ValueError, match="remembered_share needs a stage of one modality without mixup"):
        Recipe.model_validate(recipe)


@pytest.mark.parametrize(
    ("frozen", "mixup", "message"),
    [
        (["conv1", "conv2"], 0.0, "conv1, conv2, blocks frozen"),
        (["conv1", "conv2", "blocks"], 0.3, None),
    ],
)
def test_variants_need_a_frozen_encoder(frozen: list[str], mixup: float, message: str | None) -> None:
    """Cached outputs of a trained encoder would be outdated."""
    encoder = VoiceEncoder(VoiceConfig(layers=1, width=16, heads=2, hidden=8))
    assert [encoder.get_submodule(part) for part in AudioRecipe.kept_parts] == encoder.pretrained()
    audio = {"corpus": "ravdess", "learning_rate": 1.0, "head_learning_rate": 1.0, "frozen": frozen, "mixup": mixup}
    recipe = {
        "name": "x", "version": "0", "licence": "none", "seed": 0, "audio": audio,
        "corpora": {"ravdess": {"folder": ".", "epochs": 1, "batch": 8, "variants": 2}},
    }  # fmt: skip
    if message is None:
        assert "audio" in Recipe.model_validate(recipe).sections()
    else:
        with pytest.raises(ValueError, match=message):
            Recipe.model_validate(recipe)


def test_mixup_is_for_audio_only() -> None:
    """Token ids cannot be mixed, nor utterances with several faces."""
    recipe = tomllib.loads(RECIPE.format(epochs=1).replace("remembered_share = 0.5", ""))
    recipe["audio"] = {"corpus": "fer2013", "learning_rate": 1.0, "head_learning_rate": 1.0, "mixup": 0.2}
    with pytest.raises(ValueError, match="mixup needs a stage of audio only"):
        Recipe.model_validate(recipe)


@pytest.mark.parametrize(
    ("section", "option", "message"),
    [
        ("text", "rotate_degrees = 30.0", ["text has no option rotate_degrees", "token_dropout"]),
        ("face", "token_dropout = 0.5", ["face has no option token_dropout", "rotate_degrees, scale"]),
        ("face", "mixup = 0.2", ["face has no option mixup", "erase, crop"]),
        ("video", "width = 64", ["video has no option width", "flip_clips"]),
        (
            "audio",
            'encoder = "hubert"',
            ["audio.encoder", "'hubert' is not an encoder of audio; the encoder is 'whisper'"],
        ),
        ("corpora.fer2013", "plain_share = 0.5", ["fer2013: plain_share is for text; the corpus trains face"]),
        ("corpora.fer2013", "join_share = 0.5", ["fer2013: join_share is for audio; the corpus trains face"]),
        ("corpora.fer2013", "variants = 2", ["fer2013: variants need an encoder with two stages"]),
        ("corpora.fer2013", "color = 3", ["corpora.fer2013.color: Extra inputs are not permitted"]),
    ],
)
def test_an_option_of_another_modality_is_rejected(
    tmp_path: Path, section: str, option: str, message: list[str]
) -> None:
    """It would otherwise be ignored silently."""
    text = RECIPE.format(epochs=1)
    if f"[{section}]" not in text:
        text += f'[{section}]\ncorpus = "fer2013"\nlearning_rate = 1.0\nhead_learning_rate = 1.0\n'
    path = tmp_path / "recipe.toml"
    path.write_text(text.replace(f"[{section}]", f"[{section}]\n{option}"))
    with pytest.raises(RecipeError) as error:
        Recipe.read(path)
    assert all(part in str(error.value) for part in message), str(error.value)


def test_augmented_audio_is_zero_after_its_end() -> None:
    torch.manual_seed(0)
    section = AUDIO.model_copy(
        update={"stretch": 0.2, "equalise": 0.5, "noise": 2.0, "shift_mels": 2, "mask_frames": 10, "mask_mels": 5}
    )
    mels = torch.rand(3, N_MELS, 120)
    lengths = torch.tensor([120, 80, 41])
    for row, length in enumerate(lengths.tolist()):
        mels[row, :, length:] = 0.0
    for _ in range(5):
        varied, ends = section.augment([mels, lengths])
        assert varied.shape[-1] >= int(ends.max()) and 96 <= varied.shape[-1] <= 144
        assert all((varied[row, :, end:] == 0).all() for row, end in enumerate(ends.tolist()))
        network = EmotionNetwork(NetworkConfig.of(VoiceConfig(layers=1, width=16, heads=2, hidden=8)))
        assert network.embed("audio", [varied, ends], 3).isfinite().all()


def test_a_share_of_the_audio_is_not_augmented() -> None:
    """Most real audio is not masked, stretched or noisy."""
    torch.manual_seed(0)
    section = AUDIO.model_copy(update={"stretch": 0.2, "equalise": 0.5, "noise": 2.0, "varied_share": 0.5})
    mels, lengths = torch.rand(200, N_MELS, 60), torch.full((200,), 60)
    varied, ends = section.augment([mels, lengths])
    same = (varied[:, :, :60] == mels).flatten(1).all(dim=1)
    assert 60 < int(same.sum()) < 140 and (ends[same] == 60).all() and len(set(ends[~same].tolist())) == 1
    assert (varied[:, :, 60:][same] == 0).all()


def test_concatenated_clips_are_of_one_speaker_and_emotion() -> None:
    """Audio encodes group and emotion as a number, so concatenated clips must have a single number."""
    examples = [
        Example(Sample(audio=torch.full((N_MELS, 40 + i), float(i % 6))), i % 2, 0, f"actor {i % 3}") for i in range(60)
    ]
    torch.manual_seed(0)
    assert all(ClipConcat(examples, [0.0] * 60, [0] * 60)(i) is examples[i] for i in range(60))
    joined = [ClipConcat(examples, [1.0] * 60, [0] * 60)(i) for i in range(60)]
    assert all(e.emotion == examples[i].emotion and e.group == examples[i].group for i, e in enumerate(joined))
    sounds = [e.sample.audio for e in joined if e.sample.audio is not None]
    assert all((sound == i % 6).all() for i, sound in enumerate(sounds))
    assert any(sound.shape[1] > 110 for sound in sounds) and all(sound.shape[1] >= 40 for sound in sounds)


def test_cached_variants_equal_the_encoder_outputs() -> None:
    """Logits of the first, unaugmented variant equal those of the network on the audio."""
    torch.manual_seed(0)
    recipe = Recipe.model_validate(
        {
            "name": "x", "version": "0", "licence": "none", "seed": 0, "precision": "no",
            "corpora": {"ravdess": {"folder": ".", "epochs": 1, "batch": 8, "variants": 2, "join_share": 1.0}},
            "audio": {
                "corpus": "ravdess", "learning_rate": 1e-3, "head_learning_rate": 1e-3, "noise": 1.0,
                "frozen": ["conv1", "conv2", "blocks"],
            },
        }
    )  # fmt: skip
    network = EmotionNetwork(NetworkConfig.of(VoiceConfig(layers=1, width=16, heads=2, hidden=8))).eval()
    examples = [
        Example(Sample(audio=torch.rand(N_MELS, 50 + 7 * (i % 5))), i % 7, i % 3, f"actor {i}") for i in range(40)
    ]
    context = context_of(recipe, Path("none"))
    data = StageData(examples, effective_priors(examples, 0.0))
    variants = encode_variants(network, context, data)
    assert variants.shape == (2, 40, 2, 32)
    assert (variants[0] != variants[1]).flatten(1).any(dim=1).all()
    batch = BatchCollator(context, data, variants[:1])([3, 17, 8])
    assert batch.encoded and batch.emotions.tolist() == [3, 3, 1] and batch.sentiments.tolist() == [0, 2, 2]
    with torch.inference_mode():
        cached = network.heads["audio"](network.embed("audio", batch.inputs["audio"][1], 3, encoded=True))
        direct = network.encode([examples[i].sample for i in (3, 17, 8)])[1][:, 0]
    torch.testing.assert_close(cached, direct, atol=1e-4, rtol=1e-4)


@pytest.mark.slow
def test_two_processes_train_one_network_and_one_resumes(data: Path, tmp_path: Path) -> None:
    """Train as torchrun does, with one process per GPU. After a kill, a single process resumes."""
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE.format(epochs=4).replace("remembered_share = 0.5", "selection = 0.2\npatience = 9"))
    work = tmp_path / "work"
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    several = [*torchrun, *_command(recipe, data, work)[2:]]
    _run_until_mid_epoch(several, work)
    one = subprocess.run(_command(recipe, data, work), capture_output=True, text=True, check=False, env=_environment())
    assert one.returncode == 0, one.stderr
    resumed = re.search(r"resuming in epoch (\d) at batch (\d+)", one.stdout)
    assert resumed and int(resumed[2]) % 2 == 1, "both processes had completed a batch each"
    both = subprocess.run([*several, "--again"], capture_output=True, text=True, check=False, env=_environment())
    assert both.returncode == 0, both.stderr
    assert "metric epoch=4" in both.stdout
    network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32)))
    StageModules(network, "face").load_state_dict(load_file(work / "face.safetensors"))
    assert accuracy(network, list(read_fer2013(data / "fer2013", "train", None))) > 0.6


def test_a_stage_is_retrained_when_recipe_or_data_change(data: Path, tmp_path: Path) -> None:
    """And only then, so that a bundle's documented origin is correct for every part."""
    recipe = write_recipe(tmp_path, epochs=1)
    own = tmp_path / "data"
    shutil.copytree(data, own)
    outcomes = []
    for rate, images in (("3e-3", 210), ("3e-3", 210), ("1e-3", 210), ("1e-3", 140)):
        recipe.write_text(RECIPE.format(epochs=1).replace("3e-3", rate))
        with np.load(data / "fer2013" / "train.npz") as archive:
            arrays = {
                "images": archive["images"][:images],
                "labels": archive["labels"][:images],
                "classes": archive["classes"],
            }
        np.savez(own / "fer2013" / "train.npz", **arrays)
        done = subprocess.run(_command(recipe, own, tmp_path), capture_output=True, text=True, check=True)
        outcomes.append(("metric epoch=1" in done.stdout, "already trained by this recipe" in done.stdout))
    assert outcomes == [(True, False), (False, True), (True, False), (True, False)]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (None, "is not a valid recipe"),
        ("name = 3", "is not a valid recipe"),
        (RECIPE.replace("fer2013", "fer2014").format(epochs=1), "names fer2014; the corpora are"),
        (
            RECIPE.replace('= "fer2013"', '= "ravdess"')
            .replace("[corpora.fer2013]", "[corpora.ravdess]")
            .format(epochs=1),
            "[face] corpus: ravdess has audio, but not face",
        ),
        (RECIPE.format(epochs=1) + SLOT.format(corpus="meld"), "some: meld has text, audio, video, face; choose"),
        (
            RECIPE.format(epochs=1) + SLOT.format(corpus="ravdess"),
            "some: ravdess has audio; choose a corpus with only one",
        ),
        (RECIPE.format(epochs=1) + SLOT.format(corpus="ferminus"), "names ferminus; the corpora are"),
    ],
)
def test_an_invalid_recipe_is_rejected(tmp_path: Path, written: str | None, message: str) -> None:
    path = tmp_path / "recipe.toml"
    if written is not None:
        path.write_text(written)
    code, output = run_train("--recipe", path, "--data", tmp_path)
    assert code == 2 and message in output and "recipe.toml" in output


@pytest.mark.parametrize(
    ("section", "options", "message"),
    [
        ("face", 'frozen = ["stem", "block"]', "[face] frozen: the encoder has no part 'block'; its parts are stem,"),
        ("face", 'frozen = ["blocks.9"]', "[face] frozen: the encoder has no part 'blocks.9'"),
        ("audio", "config = { hiden = 32 }", "[audio] is not valid for a whisper encoder: hiden: Extra inputs"),
        ("text", "config = { hiden_size = 32 }", "[text] is not valid for a bert encoder: BertConfig has no option"),
        ("text", 'config = { hidden_size = "x" }', "[text] is not valid for a bert encoder: invalid options"),
        ("text", "config = { hidden_size = 30 }", "[text] is not valid for a bert encoder: "),
    ],
)  # fmt: skip
def test_invalid_encoder_options_are_rejected_before_training(
    data: Path, tmp_path: Path, section: str, options: str, message: str
) -> None:
    """A mistake in a late stage is reported at once, not after hours of earlier stages."""
    corpus = {"face": "fer2013", "audio": "ravdess", "text": "meld-text"}[section]
    text = RECIPE.format(epochs=1)
    if section != "face":
        text += f'[corpora.{corpus}]\nfolder = "fer2013"\nepochs = 1\nbatch = 2\n'
        text += f'[{section}]\ncorpus = "{corpus}"\nlearning_rate = 1.0\nhead_learning_rate = 1.0\n'
    path = tmp_path / "recipe.toml"
    path.write_text(text.replace(f"[{section}]", f"[{section}]\n{options}"))
    code, output = run_train("--recipe", path, "--data", data, "--work", tmp_path / "work")
    assert code == 2 and message in output and not (tmp_path / "work").exists()


def test_an_unknown_modality_is_rejected(data: Path, tmp_path: Path) -> None:
    command = [*_command(write_recipe(tmp_path), data, tmp_path), "--only", "voice"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "--only takes one of face" in done.stderr


def test_gradient_accumulation_preserves_the_schedule(data: Path, tmp_path: Path) -> None:
    recipe = Recipe.read(write_recipe(tmp_path, epochs=12))
    options = recipe.corpora["fer2013"].model_copy(update={"accumulate": 4})
    recipe = recipe.model_copy(update={"corpora": {"fer2013": options}})
    examples = list(read_fer2013(data / "fer2013", "train", None))[:128]
    network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32)))
    priors = effective_priors(examples, 0.0)
    training = StageTrainer(network, context_of(recipe, tmp_path), StageData(examples, priors))
    training.run()
    assert training.trainer.schedule.get_last_lr()[0] < 0.2 * 3e-3, "the cosine reached its end"


def test_the_committed_recipes_are_valid() -> None:
    folder = Path(__file__).parents[2] / "training"
    starter, full = Recipe.read(folder / "starter.toml"), Recipe.read(folder / "full.toml")
    assert [s.modalities for s in starter.stages()] == [("text",), ("audio",), ("face",)]
    assert [s.modalities for s in full.stages()] == [("text", "audio", "video", "face")]


def _run_until_mid_epoch(command: list[str], work: Path) -> None:
    """Start a command, wait for a checkpoint within an epoch, and kill it with its child processes."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, env=_environment()) as process:
        deadline = time.monotonic() + 120.0
        while time.monotonic() < deadline and process.poll() is None:
            if _batch(work / "face.checkpoint.pt") > 0:
                for started in (*psutil.Process(process.pid).children(recursive=True), process):
                    started.kill()
                return
            time.sleep(0.02)
        process.kill()
        pytest.fail("no checkpoint was written inside an epoch")


def _batch(checkpoint: Path) -> int:
    if not checkpoint.exists():
        return 0
    state = torch.load(checkpoint, weights_only=True)["state"]
    return int(state["batch"]) if state["epoch"] >= 2 else 0


def _command(recipe: Path, data: Path, work: Path) -> list[str]:
    options = ["--recipe", str(recipe), "--data", str(data), "--work", str(work), "--only", "face", "--device", "cpu"]
    return [sys.executable, "-m", "training.train", *options]


def _environment() -> dict[str, str]:
    """Checkpoint after every batch, so that there is one when the run is killed."""
    return {**os.environ, "TRAINING_CHECKPOINT_SECONDS": "0"}
