"""Degradation of samples: changed as intended, deterministic, and valid encoder inputs."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.contract import Modality
from model.features import Sample, Tokens
from tests.training.small_bundle import utterance
from training.corpora import Example
from training.data.augmentation import MASK_TOKEN, cut_short
from training.fusion.degrading import SHORTEST_VOICE, cover_faces, degraded
from training.robustness import FACE_KINDS, VOICE_KINDS

SECOND = 16_000


def examples_of(modality: Modality) -> list[Example]:
    rng = torch.Generator().manual_seed(0)
    inputs: dict[str, Callable[[int], Any]] = {
        "audio": lambda i: torch.rand(80, 60 + 10 * i, generator=rng),
        "face": lambda i: torch.randn(1 + i % 2, 1, 48, 48, generator=rng),
        "text": lambda i: Tokens(
            torch.tensor([101, 2000 + i, 102, *range(3000, 3012), 1012, 102]), torch.tensor([0] * 3 + [1] * 14)
        ),
    }
    return [replace(utterance(i), sample=Sample(**{modality: inputs[modality](i)})) for i in range(12)]


@pytest.mark.parametrize("modality", ["audio", "face"])
def test_samples_are_degraded_deterministically(modality: Modality) -> None:
    clean = examples_of(modality)
    state = torch.random.get_rng_state()
    degraded_examples, again = degraded(clean, modality), degraded(clean, modality)
    assert torch.equal(state, torch.random.get_rng_state()), "the global random state is unchanged"
    for before, after, twice in zip(clean, degraded_examples, again, strict=True):
        old, new = (e.sample.get(modality) for e in (before, after))
        assert torch.equal(new, twice.sample.get(modality))
        assert new.shape != old.shape or not torch.allclose(new, old)
        assert torch.isfinite(new).all() and (after.emotion, after.group) == (before.emotion, before.group)
        if modality == "audio":
            assert new.shape[0] == 80 and SHORTEST_VOICE <= new.shape[1] <= old.shape[1]
        else:
            assert new.shape == old.shape and torch.allclose(new.mean(dim=(1, 2, 3)), torch.zeros(len(new)), atol=1e-4)


def test_wrong_words_replace_only_words_of_the_utterance() -> None:
    clean, mark = examples_of("text"), 1012
    degraded_examples = degraded(clean, "text", {mark: None})
    changed = 0
    for before, after in zip(clean, degraded_examples, strict=True):
        old, new = before.sample.text, after.sample.text
        assert mark not in new.ids.tolist() and len(new.ids) == len(old.ids) - 1
        earlier = old.types == 0
        assert torch.equal(new.ids[:3], old.ids[earlier]), "the context is unchanged"
        changed += int((new.ids[3:-1] != old.ids[3:-2]).sum())
        assert bool((new.ids[3:-1] > MASK_TOKEN).all())
    assert 0 < changed < 12 * 12 * 0.3


def test_a_modality_without_degradations_is_unchanged() -> None:
    clean = examples_of("face")
    assert degraded(clean, "video") == clean


@given(st.integers(0, 1000))
def test_a_quarter_to_a_half_of_a_face_is_covered_from_one_side(seed: int) -> None:
    torch.manual_seed(seed)
    face = torch.randn(1, 1, 48, 48)
    covered = cover_faces(face)[0, 0]
    even = {
        side: (covered.rot90(turns)[:12] - covered.rot90(turns)[0, 0]).abs().max() < 1e-5
        for side, turns in enumerate(range(4))
    }
    assert sum(bool(e) for e in even.values()) == 1
    assert torch.allclose(covered.std(), torch.tensor(1.0), atol=1e-4)


@given(st.integers(0, 1000), st.lists(st.integers(1, 90), min_size=1, max_size=5), st.integers(5, 40))
def test_cut_utterances_are_contiguous_parts(seed: int, sizes: list[int], least: int) -> None:
    torch.manual_seed(seed)
    lengths = torch.tensor(sizes)
    mels = torch.arange(90.0).expand(len(sizes), 3, 90) * (torch.arange(90) < lengths.unsqueeze(1)).unsqueeze(1)
    parts, ends = cut_short(mels, lengths, 1.0, least)
    for part, end, whole in zip(parts, ends.tolist(), sizes, strict=True):
        assert min(least, whole) <= end <= whole
        start = part[0, 0]
        assert torch.equal(part[:, :end], (start + torch.arange(float(end))).expand(3, end)) and start + end <= whole
    assert torch.equal(cut_short(mels, lengths, 0.0, least)[0], mels)


@pytest.mark.parametrize("kind", [name for name in FACE_KINDS if name != "clean"])
def test_face_degradations_change_images(kind: str) -> None:
    rng = np.random.default_rng(1)
    face = np.asarray(rng.integers(0, 255, (48, 48)), np.uint8)
    degraded_examples = FACE_KINDS[kind](face, np.random.default_rng(0))
    assert degraded_examples.shape == face.shape and degraded_examples.dtype == np.uint8
    assert np.abs(degraded_examples.astype(float) - face).mean() > 5


@pytest.mark.parametrize("kind", [name for name in VOICE_KINDS if name != "clean"])
def test_voice_degradations_change_audio(kind: str) -> None:
    rng = np.random.default_rng(1)
    sounds = [np.asarray(0.1 * rng.standard_normal(n), np.float32) for n in (SECOND, 3 * SECOND // 2)]
    degraded_examples = VOICE_KINDS[kind](sounds[0], np.random.default_rng(0), sounds)
    assert (
        abs(len(degraded_examples) - SECOND) < SECOND // 10
        and degraded_examples.dtype == np.float32
        and np.isfinite(degraded_examples).all()
    )
    n = min(len(degraded_examples), SECOND)
    assert np.abs(degraded_examples[:n] - sounds[0][:n]).mean() > 0.005
