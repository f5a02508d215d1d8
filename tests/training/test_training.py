"""Training learns, goes on after a kill as if nothing had been, and leaves what is frozen alone."""

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
from training.data.batches import Batches, put_aside
from training.data.clip_concat import ClipConcat
from training.data.collate import Feed, to_batch
from training.data.stage import StageContext, StageData
from training.engine.averaging import moving_average
from training.engine.batch_norms import refit_batch_norms
from training.engine.checkpoints import Checkpoints
from training.engine.loss import StageLoss, effective_priors
from training.engine.optim import Part, freeze, optimizer_of
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
    """A corpus in FER2013's format: each class is a bar at a height of its own, in noise."""
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


def recipe(folder: Path, epochs: int = 6) -> Path:
    path = folder / "recipe.toml"
    path.write_text(RECIPE.format(epochs=epochs))
    return path


def context_of(plan: Recipe, work: Path) -> StageContext:
    """The recipe's only stage; its examples are given, so that no folder of corpora is read."""
    return StageContext(plan, plan.stages()[0], Path("none"), work, "cpu")


def train(plan: Recipe, data: Path, work: Path, examples: list[Example] | None = None) -> EmotionNetwork:
    torch.manual_seed(plan.seed)
    network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32)))
    found = examples or list(read_fer2013(data / "fer2013", "train", None))
    StageTrainer(network, context_of(plan, work), StageData(found, effective_priors(found, 0.0))).run()
    return network


@torch.inference_mode()
def share_right(network: EmotionNetwork, examples: list[Example]) -> float:
    answers = network.eval()([e.sample for e in examples]).emotions.argmax(dim=1)
    return float((answers == torch.tensor([e.emotion for e in examples])).float().mean())


def test_training_learns(data: Path, tmp_path: Path) -> None:
    plan = Recipe.read(recipe(tmp_path))
    examples = list(read_fer2013(data / "fer2013", "train", None))
    assert share_right(EmotionNetwork(NetworkConfig.of(FaceConfig(width=32))), examples) < 0.4
    assert share_right(train(plan, data, tmp_path), examples) > 0.9
    assert list((tmp_path / "tensorboard").iterdir()), "the course of it is kept for TensorBoard"


def test_the_same_seed_trains_the_same_network(data: Path, tmp_path: Path) -> None:
    plan = Recipe.read(recipe(tmp_path, epochs=1))
    examples = list(read_fer2013(data / "fer2013", "train", None))[:64]
    results = []
    for name in ("first", "second"):
        network = train(plan, data, tmp_path / name, examples)
        with torch.inference_mode():
            results.append(network([e.sample for e in examples]).emotions)
    torch.testing.assert_close(results[0], results[1])


def test_a_killed_run_goes_on_to_the_same_end(data: Path, tmp_path: Path) -> None:
    """SIGKILL in the middle of an epoch; the second run ends with the weights of one that was never stopped."""
    plan = recipe(tmp_path, epochs=8)
    for name, kill in (("whole", False), ("killed", True)):
        work = tmp_path / name
        if kill:
            _run_until_mid_epoch(_command(plan, data, work), work)
            assert (work / "face.checkpoint.pt").exists() and not (work / "face.safetensors").exists()
        done = subprocess.run(
            _command(plan, data, work), capture_output=True, text=True, check=False, env=_environment()
        )
        assert done.returncode == 0, done.stderr
        assert ("going on in epoch" in done.stdout) == kill
    whole, killed = (load_file(tmp_path / name / "face.safetensors") for name in ("whole", "killed"))
    for key, value in whole.items():
        torch.testing.assert_close(killed[key], value, atol=0.0, rtol=0.0, msg=key)
    assert not (tmp_path / "killed" / "face.checkpoint.pt").exists()


def test_data_that_is_not_there_is_told_in_a_line(tmp_path: Path) -> None:
    done = subprocess.run(
        _command(recipe(tmp_path), tmp_path / "none", tmp_path), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "there is no" in done.stderr and "Traceback" not in done.stderr


def test_a_checkpoint_of_another_recipe_is_not_taken_up(data: Path, tmp_path: Path) -> None:
    examples = list(read_fer2013(data / "fer2013", "train", None))[:32]
    for epochs in (2, 1):  # of two epochs there is nothing left to train for one that wants a single one
        plan = Recipe.read(recipe(tmp_path, epochs))
        network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32)))
        priors = effective_priors(examples, 0.0)
        history = StageTrainer(network, context_of(plan, tmp_path), StageData(examples, priors)).run()
        assert [f["epoch"] for f in history] == [1.0, 2.0][:epochs]


def test_whole_groups_are_put_aside() -> None:
    examples = [Example(Sample(), 0, 0, f"dialogue {i // 3}") for i in range(900)]
    kept, aside = put_aside(examples, 0.2)
    assert 0.1 < len(aside) / 900 < 0.3 and sorted(kept + aside) == list(range(900))
    assert not {examples[i].group for i in kept} & {examples[i].group for i in aside}
    assert put_aside(examples, 0.0) == (list(range(900)), [])


def test_the_best_epoch_is_kept_also_by_a_run_that_was_broken_off(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scored as below, the second epoch is the best, and after two worse ones there is no fifth. A run that breaks off
    in the third, with gradients half added up, ends with the same weights.
    """
    monkeypatch.setattr("training.engine.checkpoints.CHECKPOINT_SECONDS", 0.0)
    plan = Recipe.read(recipe(tmp_path, epochs=9))
    asked = {"selection": 0.2, "patience": 2, "accumulate": 3, "remembered_share": 0.0}
    plan = plan.model_copy(update={"corpora": {"fer2013": plan.corpora["fer2013"].model_copy(update=asked)}})
    examples = list(read_fer2013(data / "fer2013", "train", None))[:128]
    priors = effective_priors(examples, 0.0)
    scores = [0.3, 0.6, 0.5, 0.4, 0.9]

    def trained(work: Path, breaks_off: bool = False) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        torch.manual_seed(plan.seed)
        network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32)))
        training = StageTrainer(network, context_of(plan, work), StageData(examples, priors, examples[:8]))
        averages = []

        def score() -> dict[str, float]:
            averages.append({k: v.clone() for k, v in training.average.weights.items()})
            return {"dev_weighted_f1": scores[training.trainer.state.epoch]}

        def check(_: torch.Tensor) -> None:
            if breaks_off and (training.trainer.state.epoch, training.trainer.state.batch) >= (2, 5):
                raise KeyboardInterrupt

        monkeypatch.setattr(training, "_score", score)
        monkeypatch.setattr(training.trainer, "_check", check)
        history = training.run()
        assert [f["dev_weighted_f1"] for f in history] == scores[:4]
        return training.part.state_dict(), averages[1] if len(averages) == 4 else {}

    whole, second = trained(tmp_path / "whole")
    statistics = ("running_mean", "running_var", "num_batches_tracked")  # they are taken anew at the end
    for key, value in second.items():
        assert key.endswith(statistics) or torch.equal(whole[key], value), key
    with pytest.raises(KeyboardInterrupt):
        trained(tmp_path / "broken", breaks_off=True)
    again, _ = trained(tmp_path / "broken")
    for key, value in whole.items():
        assert torch.equal(again[key], value), key


def test_without_groups_to_choose_the_epoch_by_nothing_is_trained(data: Path, tmp_path: Path) -> None:
    """The held-out split would choose it otherwise, and score it after that."""
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE.format(epochs=1).replace("average_decay", "selection = 0.00001\naverage_decay"))
    code, output = run_train("--recipe", path, "--data", data, "--work", tmp_path, "--only", "face")
    assert code == 2 and "puts 0 of 210 utterances aside" in " ".join(output.split())


def test_a_checkpoint_that_cannot_be_read_is_not_taken_up(tmp_path: Path) -> None:
    """As one of another version, which kept a class of its own, or one that is no checkpoint at all."""
    told: list[str] = []
    path = tmp_path / "face.checkpoint.pt"
    checkpoints = Checkpoints(path, "of this recipe", told.append)
    assert checkpoints.load() is None and not told
    for content in ({"fingerprint": "of this recipe", "state": argparse.Namespace()}, {"fingerprint": "of another"}):
        torch.save(content, path)
        assert checkpoints.load() is None and "starting over" in told.pop()
    path.write_bytes(b"nothing of the kind")
    assert checkpoints.load() is None and "starting over" in told.pop()
    checkpoints.save({"state": {"epoch": 3}})
    saved = checkpoints.load()
    assert saved is not None and saved["state"] == {"epoch": 3} and not told


def test_focal_loss_weighs_down_what_is_known_well() -> None:
    """(1 - p) ** focal times the cross-entropy -log p (Lin et al. 2017, equation 4); 0 is cross-entropy itself."""
    how = CorpusRecipe(folder=".", epochs=1, batch=2)
    logits, targets = torch.tensor([[4.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), torch.tensor([0, 0])
    right = logits.softmax(dim=1)[:, 0]
    for focal in (0.0, 2.0):
        objective = StageLoss(
            EmotionNetwork(NetworkConfig.of(FaceConfig(width=32))),
            {"face": FACE},
            how.model_copy(update={"focal": focal}),
            effective_priors([Example(Sample(), 0, 0, "g")], 0.0),
        )
        wanted = ((1.0 - right).pow(focal) * -right.log()).mean()
        torch.testing.assert_close(objective._cross_entropy(logits, targets, torch.ones(3)), wanted)


def test_processes_share_an_epoch_evenly() -> None:
    """What is made up for one that lacks a batch would hang on where the epoch was taken up."""
    sampler = Batches([1] * 104, 8, seed=1, processes=3)
    assert len(sampler) == len(list(sampler)) == 12
    sampler.first = 6
    assert len(list(sampler)) == 6
    with pytest.raises(ValueError, match="no batch of 64 for each of 2 processes"):
        Batches([1] * 104, 64, seed=1, processes=2)


def test_batches_hold_every_example_once_and_can_be_taken_up_anywhere() -> None:
    sampler = Batches([i % 9 for i in range(100)], 8, seed=1)
    sampler.epoch = 4
    whole = list(sampler)
    flat = [i for batch in whole for i in batch]
    assert len(whole) == len(sampler) == 12 and len(set(flat)) == 96
    sampler.first = 5
    assert list(sampler) == whole[5:]
    sampler.epoch, sampler.first = 5, 0
    assert list(sampler) != whole


def test_what_is_frozen_does_not_move(tmp_path: Path) -> None:
    """Neither the weights nor the statistics of a frozen batch norm, in training mode."""
    network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32)))
    plan = Recipe.model_validate(
        {
            "name": "x", "version": "0", "licence": "none", "seed": 0, "precision": "no",
            "corpora": {"fer2013": {"folder": ".", "epochs": 2, "batch": 4}},
            "face": {**FACE.model_dump(), "width": 32, "frozen": ["stem", "blocks.0"]},
        }
    )  # fmt: skip
    before = {k: v.clone() for k, v in network.encoders["face"].state_dict().items()}
    rng = torch.Generator().manual_seed(0)
    examples = [Example(Sample(face=torch.randn(1, 1, 48, 48, generator=rng)), i % 7, i % 3, "g") for i in range(16)]
    StageTrainer(network, context_of(plan, tmp_path), StageData(examples, effective_priors(examples, 0.0))).run()
    after = network.encoders["face"].state_dict()
    moved = {k for k, v in before.items() if not torch.equal(v, after[k])}
    assert moved and not any(k.startswith(("stem.", "blocks.0.")) for k in moved)
    assert any("running_mean" in k for k in moved)


def test_batch_norms_of_averaged_weights_have_statistics_of_their_own() -> None:
    """Behind each, what serving sees is standardized; a frozen one, or one that nothing comes to, stays as it was."""
    torch.manual_seed(0)
    network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32)))
    encoder = network.encoders["face"]
    first, *others = [m for m in encoder.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    means = [norm.get_buffer("running_mean") for norm in (first, *others)]
    for mean in means:
        torch.nn.init.constant_(mean, 7.0)  # as nothing that comes in
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


def test_freezing_an_unknown_part_is_refused() -> None:
    network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32)))
    with pytest.raises(RecipeError, match="has no part 'nonesuch'; its parts are stem, blocks"):
        freeze(Part(network, "face"), {"face": ("nonesuch",)})


def test_the_moving_average_forgets_the_start() -> None:
    average, update = [torch.zeros(1)], moving_average(0.99)
    for step in range(60):
        update(average, [torch.ones(1)], torch.tensor(step))
    assert float(average[0]) > 0.99


def test_a_balanced_loss_weighs_rare_classes_up() -> None:
    examples = [Example(Sample(), 0 if i else 1, 0, "g") for i in range(9)]
    even, skewed = (effective_priors(examples, balance).prior_emotion for balance in (0.9, 0.0))
    assert max(skewed) / min(skewed) > max(even) / min(even)
    assert sum(even) == pytest.approx(1.0)
    how = Recipe.read(Path(__file__).parents[2] / "training" / "full.toml").corpora["meld"]
    network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32)))
    objective = StageLoss(network, {"face": FACE}, how, effective_priors(examples, how.class_balance))
    weight = objective.get_buffer("emotion_weight")
    assert weight[1] > weight[0] and weight.mean() == pytest.approx(1.0)


def test_a_dropped_modality_is_never_the_last() -> None:
    how = Recipe.read(Path(__file__).parents[2] / "training" / "full.toml").corpora["meld"]
    how = how.model_copy(update={"modality_dropout": 0.9})
    both = Sample(face=torch.zeros(1, 1, 48, 48), audio=torch.zeros(N_MELS, 50))
    torch.manual_seed(0)
    batch = to_batch([Example(both, 0, 0, "g")] * 200, specs_of("audio", "face"), how)
    rows = [set(batch.inputs[m][0].tolist()) for m in ("audio", "face")]
    assert rows[0] | rows[1] == set(range(200)) and 0 < len(rows[0] & rows[1]) < 40


def test_plain_and_transcribed_words_are_those_of_such_a_corpus() -> None:
    """An utterance without its marks, or with those of a transcriber, is what the tokenizer makes of it so written."""
    tokenizer = TextTokenizer(catalog.fetch("minilm-l6") / "tokenizer.json")
    how = Recipe.read(STARTER).corpora["meld-text"]
    how = how.model_copy(update={"plain_share": 1.0, "transcribed_share": 0.0, "context_dropout": 0.0})
    said, plain = tokenizer("Oh, don't! You can't -- really?!", ["Hi."]), tokenizer("oh don't you can't really", ["hi"])
    assert said is not None and plain is not None
    batch = to_batch([Example(Sample(text=said), 0, 0, "g")], specs_of("text"), how, tokenizer.marks)
    assert batch.inputs["text"][1][0][0].tolist() == plain.ids.tolist()
    how = how.model_copy(update={"plain_share": 0.0, "transcribed_share": 1.0})
    heard = tokenizer("oh, don't. you can't really?", ["hi."])
    batch = to_batch([Example(Sample(text=said), 0, 0, "g")], specs_of("text"), how, tokenizer.marks)
    assert heard is not None and batch.inputs["text"][1][0][0].tolist() == heard.ids.tolist()
    assert batch.inputs["text"][1][1][0].tolist() == heard.types.tolist()
    how = how.model_copy(update={"plain_share": 1.0, "transcribed_share": 0.0})
    only_marks = tokenizer("-!")
    kept = to_batch([Example(Sample(text=only_marks), 0, 0, "g")], specs_of("text"), how, tokenizer.marks)
    assert only_marks is not None and kept.inputs["text"][1][0][0].tolist() == only_marks.ids.tolist()


def test_an_utterance_without_its_context_is_what_the_tokenizer_makes_of_it_alone() -> None:
    tokenizer = TextTokenizer(catalog.fetch("minilm-l6") / "tokenizer.json")
    how = Recipe.read(STARTER).corpora["meld-text"]
    how = how.model_copy(update={"plain_share": 0.0, "transcribed_share": 0.0, "context_dropout": 0.5})
    said, alone = tokenizer("You too?", ["I love pizza so much."]), tokenizer("You too?")
    assert said is not None and alone is not None
    assert (
        alone.without_context().ids.tolist() == alone.ids.tolist()
        and alone.without_context().types.tolist() == alone.types.tolist()
    )
    torch.manual_seed(0)
    ids, types, mask = to_batch([Example(Sample(text=said), 0, 0, "g")] * 100, specs_of("text"), how).inputs["text"][1]
    seen = {tuple(row[there == 1].tolist()) for row, there in zip(ids, mask, strict=True)}
    assert seen == {tuple(said.ids.tolist()), tuple(alone.ids.tolist())}
    assert 25 < int((mask.sum(dim=1) == len(alone.ids)).sum()) < 75
    assert (types.sum(dim=1) == int(said.types.sum())).all(), "the utterance itself is whole"


def test_augmentation_varies_but_keeps_what_matters() -> None:
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


def test_parts_of_faces_keep_their_size_and_lie_anywhere() -> None:
    ramp = torch.arange(48.0).expand(64, 1, 48, 48)  # a pixel says where it lies
    parts = move_faces(ramp, degrees=0.0, scale=0.0, shift=0.0, part=0.75)
    assert parts.shape == (64, 1, 36, 36)
    steps = parts.diff(dim=-1)
    assert torch.allclose(steps.abs(), torch.ones(()), atol=1e-3) and steps.min() < 0 < steps.max()
    first = parts.amin(dim=(1, 2, 3))
    assert -0.01 < first.min() < 3 and 9 < first.max() < 12.01


@given(st.floats(0.0, 1.0), st.floats(0.0, 0.9), st.integers(0, 1000))
def test_faces_in_another_light_are_the_same_faces(gamma: float, shade: float, seed: int) -> None:
    """They stay standardized, as every crop is when it is served, and no two of a batch are lit alike."""
    torch.manual_seed(seed)
    ramp = torch.linspace(-1.0, 1.0, 48).expand(4, 1, 48, 48)
    crops = ramp / ramp.std() + torch.zeros(4, 1, 48, 48)
    lit = relight_faces(crops, gamma, shade)
    assert torch.allclose(lit.mean(dim=(1, 2, 3)), torch.zeros(4), atol=1e-3)
    assert torch.allclose(lit.std(dim=(1, 2, 3)), torch.ones(4), atol=1e-3)
    if gamma > 0.01 and shade == 0.0:
        assert (lit.diff(dim=-1) > -1e-4).all(), "another gamma leaves what is brighter brighter"
        assert not torch.allclose(lit[0], lit[1], atol=1e-6)


def test_small_faces_lose_their_detail_and_nothing_else() -> None:
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


def test_turned_heads_are_narrower_or_wider() -> None:
    torch.manual_seed(0)
    ramp = torch.linspace(0.0, 1.0, 48).expand(100, 1, 48, 48)
    turned = move_faces(ramp, degrees=0.0, scale=0.0, shift=0.0, part=1.0, squeeze=0.2)
    slope = (turned[:, 0, 24, 30] - turned[:, 0, 24, 18]).abs() * 47 / 12
    assert 0.78 < slope.min() < 0.9 and 1.1 < slope.max() < 1.22
    assert (turned.diff(dim=-2).abs() < 1e-4).all(), "heights stay as they are"


def test_an_echo_follows_what_is_heard_and_fades() -> None:
    torch.manual_seed(0)
    mels = torch.full((50, N_MELS, 120), -0.9)
    mels[:, :, 40] = 1.0  # a clap: 1.9 / 0.25 = 7.6 decades above the floor
    echoed = reverberate(mels, 1.0, 0.5)
    twice = MEL_DECADE * math.log10(2.0)  # at most as much power is added as there is
    before = echoed[:, :, :41] - mels[:, :, :41]
    assert before.min() > -1e-4 and before.max() < twice + 1e-4, "the clap is not heard before it sounds"
    tail = echoed[:, 0, 41:]
    assert (tail.diff(dim=1) < 1e-4).all() and (tail[:, 0] > 0.0).all() and (tail[:, 60:] < -0.9 + twice).all()
    some = reverberate(mels, 0.3, 0.5)
    assert 5 <= int((some != mels).flatten(1).any(dim=1).sum()) <= 28


def test_a_narrow_line_carries_300_to_3400_hertz() -> None:
    """The bands between are as they were; those that lie outside have what the quietest has."""
    torch.manual_seed(0)
    mels = torch.rand(4, N_MELS, 60)
    heard = telephone(mels, 1.0)
    filters = np.asarray(mel_filters(N_MELS))
    centers = filters @ np.linspace(0.0, SAMPLE_RATE / 2, filters.shape[1]) / filters.sum(axis=1)
    for band, center in enumerate(centers):
        if 300.0 < center < 3400.0:
            assert (heard[:, band] == mels[:, band]).all(), center
        elif not 290.0 < center < 3410.0:
            assert (heard[:, band] == mels.amin(dim=(1, 2))[:, None]).all(), center


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_biases_and_norms_do_not_decay(name: Literal["adamw", "sgd"]) -> None:
    """With no gradient a step is decay alone."""
    part = Part(EmotionNetwork(NetworkConfig.of(FaceConfig(width=32))), "face")
    before = {key: value.clone() for key, value in part.named_parameters()}
    how = CorpusRecipe(folder="x", epochs=1, batch=1, optimiser=name, weight_decay=0.5)
    optimiser = optimizer_of(part, {"face": (0.1, 0.2)}, how)
    for parameter in part.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    for key, value in part.named_parameters():
        smaller = bool((value.abs() < before[key].abs()).any())
        assert smaller == (value.ndim > 1), key


def test_what_was_said_of_an_example_is_averaged_and_found_again() -> None:
    remembered, sure, unsure = SelfDistillation(5), torch.zeros(1, 10), torch.zeros(1, 10)
    sure[0, 2] = sure[0, 8] = 50.0
    assert (remembered.of(torch.tensor([3])) == 0.0).all(), "nothing is wanted of what was never judged"
    remembered.add(torch.tensor([3, 1]), torch.cat([sure, unsure]))
    remembered.add(torch.tensor([3]), unsure)
    said = remembered.of(torch.tensor([1, 3, 0]))
    assert said[0, :7].tolist() == pytest.approx([1 / 7] * 7) and said[0, 7:].tolist() == pytest.approx([1 / 3] * 3)
    assert float(said[1, 2]) == pytest.approx(0.6 + 0.4 / 7) and float(said[1, 8]) == pytest.approx(0.6 + 0.4 / 3)
    assert (said[2] == 0.0).all()


def test_what_the_network_said_draws_a_doubtful_label_back() -> None:
    """The gradient of a wrong label is smaller where the network has long said something else."""
    torch.manual_seed(0)
    network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32))).eval()
    how = CorpusRecipe(folder="x", epochs=10, batch=2, remembered_share=0.8)
    examples = [Example(Sample(face=torch.randn(1, 1, 48, 48)), 0, 0, "g")] * 2
    batch = replace(to_batch(examples, specs_of("face"), how), numbers=torch.tensor([0, 1]))
    gradients = []
    for epoch in (0, 9):
        remembered = SelfDistillation(2)
        remembered.targets[:, 4] = remembered.targets[:, 8] = 1.0
        still = FACE.model_copy(update={"rotate_degrees": 0.0, "scale": 0.0, "shift": 0.0})
        objective = StageLoss(network, {"face": still}, how, effective_priors(examples, 0.0), remembered)
        objective.start_epoch(epoch)
        network.zero_grad()
        objective(batch).backward()
        bias = network.heads["face"].get_parameter("bias")
        assert bias.grad is not None
        gradients.append(bias.grad.clone())
        assert float(remembered.targets[0, 4]) < 1.0, "and what it says now is remembered"
    assert gradients[0][0] < 0 < gradients[0][4] and gradients[1][0] > gradients[0][0] and gradients[1][4] < 0


def test_the_gradient_of_video_does_not_hang_on_what_memory_held() -> None:
    """Glibc fills memory that nobody wrote with a pattern that is enormous as a number: two must give one gradient."""
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
how = CorpusRecipe(folder="x", epochs=1, batch=2)
examples = [Example(Sample(video=torch.randn(3, 16, 112, 112)), 0, 0, "g")] * 2
section = VideoRecipe(corpus="x", learning_rate=1.0, head_learning_rate=1.0)
objective = StageLoss(network, {"video": section}, how, effective_priors(examples, 0.0))
with torch.autocast("cpu", torch.bfloat16):
    loss = objective(to_batch(examples, specs_of("video"), how))
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
    plan = Recipe.read(recipe(tmp_path, epochs=1))
    examples = list(read_fer2013(data / "fer2013", "train", None))[:32]
    examples[5] = replace(examples[5], sample=Sample(face=torch.full((1, 1, 48, 48), torch.nan)))
    with pytest.raises(FloatingPointError, match=r"gradient of face is not finite in epoch 1, batch [12]\b"):
        train(plan, data, tmp_path, examples)


def test_remembering_is_refused_where_inputs_are_mixed() -> None:
    plan = tomllib.loads(RECIPE.format(epochs=1).replace("[face]", "[audio]").replace("width = 32", "mixup = 0.2"))
    for option in ("rotate_degrees", "scale", "shift"):
        del plan["audio"][option]
    with pytest.raises(ValueError, match="remembered_share is for one modality, without mixup"):
        Recipe.model_validate(plan)


@pytest.mark.parametrize(
    ("frozen", "mixup", "said"),
    [
        (["conv1", "conv2"], 0.0, "conv1, conv2, blocks frozen"),
        (["conv1", "conv2", "blocks"], 0.3, None),
    ],
)
def test_variants_are_kept_of_an_encoder_that_stays(frozen: list[str], mixup: float, said: str | None) -> None:
    """One that learns would hear its own first impression for all of training."""
    encoder = VoiceEncoder(VoiceConfig(layers=1, width=16, heads=2, hidden=8))
    assert [encoder.get_submodule(part) for part in AudioRecipe.kept_parts] == encoder.pretrained()
    audio = {"corpus": "ravdess", "learning_rate": 1.0, "head_learning_rate": 1.0, "frozen": frozen, "mixup": mixup}
    plan = {
        "name": "x", "version": "0", "licence": "none", "seed": 0, "audio": audio,
        "corpora": {"ravdess": {"folder": ".", "epochs": 1, "batch": 8, "variants": 2}},
    }  # fmt: skip
    if said is None:
        assert "audio" in Recipe.model_validate(plan).sections()
    else:
        with pytest.raises(ValueError, match=said):
            Recipe.model_validate(plan)


def test_only_audio_is_mixed() -> None:
    """Of words there are numbers in a vocabulary, of faces several to an utterance: neither has halves."""
    plan = tomllib.loads(RECIPE.format(epochs=1).replace("remembered_share = 0.5", ""))
    plan["audio"] = {"corpus": "fer2013", "learning_rate": 1.0, "head_learning_rate": 1.0, "mixup": 0.2}
    with pytest.raises(ValueError, match="mixup is for audio in a stage of its own"):
        Recipe.model_validate(plan)


@pytest.mark.parametrize(
    ("section", "option", "said"),
    [
        ("text", "rotate_degrees = 30.0", ["text has no option rotate_degrees", "token_dropout"]),
        ("face", "token_dropout = 0.5", ["face has no option token_dropout", "rotate_degrees, scale"]),
        ("face", "mixup = 0.2", ["face has no option mixup", "erase, crop"]),
        ("video", "width = 64", ["video has no option width", "flip_clips"]),
        ("audio", 'encoder = "hubert"', ["audio.encoder", "'hubert' is not an encoder of audio; that is 'whisper'"]),
        ("corpora.fer2013", "plain_share = 0.5", ["fer2013: plain_share is for text; it teaches face"]),
        ("corpora.fer2013", "join_share = 0.5", ["fer2013: join_share is for audio; it teaches face"]),
        ("corpora.fer2013", "variants = 2", ["fer2013: variants are kept of encoders with two stages"]),
        ("corpora.fer2013", "color = 3", ["corpora.fer2013.color: Extra inputs are not permitted"]),
    ],
)
def test_an_option_of_another_modality_is_refused(tmp_path: Path, section: str, option: str, said: list[str]) -> None:
    """It would be ignored otherwise, in a recipe that says it varies what it does not."""
    text = RECIPE.format(epochs=1)
    if f"[{section}]" not in text:
        text += f'[{section}]\ncorpus = "fer2013"\nlearning_rate = 1.0\nhead_learning_rate = 1.0\n'
    path = tmp_path / "recipe.toml"
    path.write_text(text.replace(f"[{section}]", f"[{section}]\n{option}"))
    with pytest.raises(RecipeError) as refused:
        Recipe.read(path)
    assert all(part in str(refused.value) for part in said), str(refused.value)


def test_varied_sound_stays_silent_behind_its_end() -> None:
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


def test_a_share_of_the_sounds_stays_as_it_is() -> None:
    """Which fits the bundle's own use: most real sound is not masked, stretched or noisy."""
    torch.manual_seed(0)
    section = AUDIO.model_copy(update={"stretch": 0.2, "equalise": 0.5, "noise": 2.0, "varied_share": 0.5})
    mels, lengths = torch.rand(200, N_MELS, 60), torch.full((200,), 60)
    varied, ends = section.augment([mels, lengths])
    same = (varied[:, :, :60] == mels).flatten(1).all(dim=1)
    assert 60 < int(same.sum()) < 140 and (ends[same] == 60).all() and len(set(ends[~same].tolist())) == 1
    assert (varied[:, :, 60:][same] == 0).all()


def test_joined_sounds_are_of_one_speaker_and_emotion() -> None:
    """Each example's sound holds its group and emotion as a number: what is joined must be all of that number."""
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


def test_what_a_frozen_encoder_makes_of_sounds_is_learned_as_the_sounds_are() -> None:
    """The first variant holds the sounds themselves, in their order: logits are those of the network on the sounds."""
    torch.manual_seed(0)
    plan = Recipe.model_validate(
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
    context = context_of(plan, Path("none"))
    data = StageData(examples, effective_priors(examples, 0.0))
    variants = encode_variants(network, context, data)
    assert variants.shape == (2, 40, 2, 32)
    assert (variants[0] != variants[1]).flatten(1).any(dim=1).all()
    batch = Feed(context, data, variants[:1])([3, 17, 8])
    assert batch.encoded and batch.emotions.tolist() == [3, 3, 1] and batch.sentiments.tolist() == [0, 2, 2]
    with torch.inference_mode():
        kept = network.heads["audio"](network.embed("audio", batch.inputs["audio"][1], 3, encoded=True))
        heard = network.encode([examples[i].sample for i in (3, 17, 8)])[1][:, 0]
    torch.testing.assert_close(kept, heard, atol=1e-4, rtol=1e-4)


@pytest.mark.slow
def test_two_processes_train_one_network_and_another_number_goes_on(data: Path, tmp_path: Path) -> None:
    """As torchrun starts one for each GPU; here they share a processor. Killed, and taken up by a single process."""
    plan = tmp_path / "recipe.toml"
    plan.write_text(RECIPE.format(epochs=4).replace("remembered_share = 0.5", "selection = 0.2\npatience = 9"))
    work = tmp_path / "work"
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m"]
    several = [*torchrun, *_command(plan, data, work)[2:]]
    _run_until_mid_epoch(several, work)
    one = subprocess.run(_command(plan, data, work), capture_output=True, text=True, check=False, env=_environment())
    assert one.returncode == 0, one.stderr
    begun = re.search(r"going on in epoch (\d) at batch (\d+)", one.stdout)
    assert begun and int(begun[2]) % 2 == 1, "two batches at a time were behind it"
    both = subprocess.run([*several, "--again"], capture_output=True, text=True, check=False, env=_environment())
    assert both.returncode == 0, both.stderr
    assert "metric epoch=4" in both.stdout
    network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32)))
    Part(network, "face").load_state_dict(load_file(work / "face.safetensors"))
    assert share_right(network, list(read_fer2013(data / "fer2013", "train", None))) > 0.6


def test_a_stage_is_trained_again_when_its_recipe_or_its_data_change(data: Path, tmp_path: Path) -> None:
    """And only then: a bundle says what it was made of, and that has to be true of every part."""
    plan = recipe(tmp_path, epochs=1)
    own = tmp_path / "data"
    shutil.copytree(data, own)
    answers = []
    for rate, images in (("3e-3", 210), ("3e-3", 210), ("1e-3", 210), ("1e-3", 140)):
        plan.write_text(RECIPE.format(epochs=1).replace("3e-3", rate))
        with np.load(data / "fer2013" / "train.npz") as whole:
            kept = {"images": whole["images"][:images], "labels": whole["labels"][:images], "classes": whole["classes"]}
        np.savez(own / "fer2013" / "train.npz", **kept)
        done = subprocess.run(_command(plan, own, tmp_path), capture_output=True, text=True, check=True)
        answers.append(("metric epoch=1" in done.stdout, "trained before by this recipe" in done.stdout))
    assert answers == [(True, False), (False, True), (True, False), (True, False)]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (None, "is no recipe"),
        ("name = 3", "is no recipe"),
        (RECIPE.replace("fer2013", "fer2014").format(epochs=1), "names fer2014; corpora are"),
        (
            RECIPE.replace('= "fer2013"', '= "ravdess"')
            .replace("[corpora.fer2013]", "[corpora.ravdess]")
            .format(epochs=1),
            "[face] corpus: ravdess has audio, and nothing of face",
        ),
        (RECIPE.format(epochs=1) + SLOT.format(corpus="meld"), "some: meld has text, audio, video, face; name"),
        (
            RECIPE.format(epochs=1) + SLOT.format(corpus="ravdess"),
            "some: ravdess has audio; name a corpus of one",
        ),
        (RECIPE.format(epochs=1) + SLOT.format(corpus="ferminus"), "names ferminus; corpora are"),
    ],
)
def test_a_recipe_that_cannot_be_followed_is_refused(tmp_path: Path, written: str | None, said: str) -> None:
    path = tmp_path / "recipe.toml"
    if written is not None:
        path.write_text(written)
    code, output = run_train("--recipe", path, "--data", tmp_path)
    assert code == 2 and said in output and "recipe.toml" in output


@pytest.mark.parametrize(
    ("section", "options", "said"),
    [
        ("face", 'frozen = ["stem", "block"]', "[face] frozen: the encoder has no part 'block'; its parts are stem,"),
        ("face", 'frozen = ["blocks.9"]', "[face] frozen: the encoder has no part 'blocks.9'"),
        ("audio", "config = { hiden = 32 }", "[audio] is of no whisper encoder: hiden: Extra inputs are not permitted"),
        ("text", "config = { hiden_size = 32 }", "[text] is of no bert encoder: BertConfig has no option hiden_size"),
        ("text", 'config = { hidden_size = "x" }', "[text] is of no bert encoder: invalid options of BertConfig:"),
        ("text", "config = { hidden_size = 30 }", "[text] is of no bert encoder: "),
    ],
)  # fmt: skip
def test_what_an_encoder_lacks_is_told_before_any_training(
    data: Path, tmp_path: Path, section: str, options: str, said: str
) -> None:
    """A mistake in a late stage is reported at once, not after hours of the stages before it."""
    corpus = {"face": "fer2013", "audio": "ravdess", "text": "meld-text"}[section]
    text = RECIPE.format(epochs=1)
    if section != "face":
        text += f'[corpora.{corpus}]\nfolder = "fer2013"\nepochs = 1\nbatch = 2\n'
        text += f'[{section}]\ncorpus = "{corpus}"\nlearning_rate = 1.0\nhead_learning_rate = 1.0\n'
    path = tmp_path / "recipe.toml"
    path.write_text(text.replace(f"[{section}]", f"[{section}]\n{options}"))
    code, output = run_train("--recipe", path, "--data", data, "--work", tmp_path / "work")
    assert code == 2 and said in output and not (tmp_path / "work").exists()


def test_a_modality_that_no_recipe_has_is_refused(data: Path, tmp_path: Path) -> None:
    command = [*_command(recipe(tmp_path), data, tmp_path), "--only", "voice"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "--only takes one of face" in done.stderr


def test_gradients_that_are_added_up_leave_the_schedule_its_length(data: Path, tmp_path: Path) -> None:
    plan = Recipe.read(recipe(tmp_path, epochs=12))
    how = plan.corpora["fer2013"].model_copy(update={"accumulate": 4})
    plan = plan.model_copy(update={"corpora": {"fer2013": how}})
    examples = list(read_fer2013(data / "fer2013", "train", None))[:128]
    network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32)))
    priors = effective_priors(examples, 0.0)
    training = StageTrainer(network, context_of(plan, tmp_path), StageData(examples, priors))
    training.run()
    assert training.trainer.schedule.get_last_lr()[0] < 0.2 * 3e-3, "the cosine came to its end"


def test_the_committed_recipes_are_valid() -> None:
    folder = Path(__file__).parents[2] / "training"
    starter, full = Recipe.read(folder / "starter.toml"), Recipe.read(folder / "full.toml")
    assert [s.modalities for s in starter.stages()] == [("text",), ("audio",), ("face",)]
    assert [s.modalities for s in full.stages()] == [("text", "audio", "video", "face")]


def _run_until_mid_epoch(command: list[str], work: Path) -> None:
    """Start, wait for a checkpoint that lies inside an epoch, and kill without a warning, with what it started."""
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


def _command(plan: Path, data: Path, work: Path) -> list[str]:
    options = ["--recipe", str(plan), "--data", str(data), "--work", str(work), "--only", "face", "--device", "cpu"]
    return [sys.executable, "-m", "training.train", *options]


def _environment() -> dict[str, str]:
    """A checkpoint after every batch, so that one lies where the kill falls."""
    return {**os.environ, "TRAINING_CHECKPOINT_SECONDS": "0"}
