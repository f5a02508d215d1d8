"""Preprocessing: shapes, invariances, and agreement with the libraries that define it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.compat import ensure_torchvision
from model.features import SAMPLE_RATE, spread
from model.media import read_audio
from model.modalities.audio import N_MELS, VOICE_RMS, log_mel
from model.modalities.face import FACE_SIZE, MAX_FACES, face_tensor
from model.modalities.text import MAX_TOKENS, TextTokenizer
from model.modalities.video import CLIP_FRAMES, CLIP_SIZE, clip_tensor, shrink_for_clip
from model.spectrogram import HOP_LENGTH
from model.weights import catalog
from tests.model.media_files import noise, silence


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    return TextTokenizer(catalog.fetch("minilm-l6") / "tokenizer.json")


def test_log_mel_has_a_frame_every_hop() -> None:
    mels = log_mel(noise(1.0))
    assert mels is not None and mels.shape == (N_MELS, SAMPLE_RATE // HOP_LENGTH)


def test_log_mel_equals_whispers_features(sample: Path) -> None:
    """Equal to faster-whisper's features of real speech at the normalized level."""
    from faster_whisper.feature_extractor import FeatureExtractor

    speech = read_audio(sample)[: 8 * SAMPLE_RATE]
    level = np.sqrt(np.mean(speech.astype(np.float64) ** 2))
    theirs = FeatureExtractor()((speech * (VOICE_RMS / level)).astype(np.float32), padding=0)
    ours = log_mel(speech)
    assert ours is not None
    np.testing.assert_allclose(ours.numpy(), theirs[:, : ours.shape[1]], atol=2e-3)


@given(st.floats(0.02, 8.0))
def test_log_mel_does_not_depend_on_the_level(gain: float) -> None:
    sound = noise(0.5)
    reference, scaled = log_mel(sound), log_mel(np.float32(gain) * sound)
    assert reference is not None and scaled is not None
    torch.testing.assert_close(reference, scaled, atol=0.02, rtol=0.0)


def test_no_mel_filter_is_empty() -> None:
    mels = log_mel(noise(2.0))
    assert mels is not None and bool((mels.std(dim=1) > 0.04).all())


def test_a_tone_lies_in_its_mel() -> None:
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    peaks = []
    for hz in (200.0, 800.0, 3000.0):
        mels = log_mel(np.sin(2 * np.pi * hz * time).astype(np.float32))
        assert mels is not None
        peaks.append(int(mels.mean(dim=1).argmax()))
    centers = [_slaney_hz(m) for m in np.linspace(0.0, _slaney_mel(8000.0), N_MELS + 2)[1:-1]]
    expected = [int(np.abs(np.array(centers) - hz).argmin()) for hz in (200.0, 800.0, 3000.0)]
    assert peaks == pytest.approx(expected, abs=1.0)


@pytest.mark.parametrize("sound", [silence(2.0), silence(2.0) + 1e-4, noise(0.05), np.zeros(0, np.float32)])
def test_silence_is_missing_rather_than_zero(sound: np.ndarray) -> None:
    assert log_mel(sound) is None


def test_clip_matches_torchvision() -> None:
    """Equal to torchvision's transforms of the Kinetics weights."""
    ensure_torchvision()
    from torchvision.models.video import R3D_18_Weights

    rng = np.random.default_rng(0)
    base = rng.integers(0, 255, (CLIP_FRAMES, 9, 12, 3), dtype=np.uint8)
    frames = [np.ascontiguousarray(f.repeat(20, 0).repeat(20, 1)) for f in base]
    ours = clip_tensor([shrink_for_clip(frame) for frame in frames])
    video = torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2)
    theirs = R3D_18_Weights.KINETICS400_V1.transforms()(video)
    assert ours is not None and ours.shape == theirs.shape == (3, CLIP_FRAMES, CLIP_SIZE, CLIP_SIZE)
    assert (ours - theirs).abs().mean() < 0.15  # OpenCV's bilinear against torch's antialiased one


@given(st.integers(1, 60))
def test_clip_and_faces_take_any_number_of_pictures(count: int) -> None:
    clip = clip_tensor([np.full((CLIP_SIZE, CLIP_SIZE, 3), i, np.uint8) for i in range(count)])
    faces = face_tensor([np.random.default_rng(i).integers(0, 255, (20 + i, 30), dtype=np.uint8) for i in range(count)])
    assert clip is not None and clip.shape[1] == CLIP_FRAMES
    assert faces is not None and faces.shape == (min(count, MAX_FACES), 1, FACE_SIZE, FACE_SIZE)
    assert torch.isfinite(faces).all()


def test_faces_do_not_depend_on_the_lighting() -> None:
    crop = np.random.default_rng(0).integers(40, 120, (FACE_SIZE, FACE_SIZE), dtype=np.uint8)
    dark, bright = face_tensor([crop]), face_tensor([crop * 2])
    assert dark is not None and bright is not None
    torch.testing.assert_close(dark, bright, atol=1e-4, rtol=1e-4)


def test_an_even_crop_is_no_division_by_zero() -> None:
    faces = face_tensor([np.full((FACE_SIZE, FACE_SIZE), 77, np.uint8)])
    assert faces is not None and bool((faces == 0).all())


def test_without_frames_or_crops_the_modality_is_missing() -> None:
    assert clip_tensor([]) is None and face_tensor([]) is None


@given(text=st.text(max_size=400), context=st.lists(st.text(max_size=300), max_size=5))
def test_tokens_fit_and_mark_the_utterance(tokenizer: TextTokenizer, text: str, context: list[str]) -> None:
    tokens = tokenizer(text, context)
    if tokens is None:
        return
    assert 3 < len(tokens.ids) <= MAX_TOKENS
    assert len(tokens.ids) == len(tokens.types) and tokens.types.tolist() == sorted(tokens.types.tolist())
    alone = tokenizer(text)
    assert alone is not None
    assert tokens.ids[tokens.types == 1].tolist() == alone.ids[alone.types == 1].tolist()


def test_long_context_is_cut_where_it_is_oldest(tokenizer: TextTokenizer) -> None:
    tokens = tokenizer("well done", ["forgotten", "old " * 200 + "fresh " * 50])
    assert tokens is not None
    earlier = tokens.ids[tokens.types == 0].tolist()
    fresh = tokenizer("fresh")
    assert fresh is not None and earlier.count(int(fresh.ids[2])) == 50


def test_typographers_marks_do_not_matter(tokenizer: TextTokenizer) -> None:
    curly, straight = tokenizer("I don\u2019t \u201cknow\u201d\u2026"), tokenizer('I don\'t "know"...')
    assert curly is not None and straight is not None
    assert curly.ids.tolist() == straight.ids.tolist()


@given(st.integers(1, 100), st.integers(1, 40))
def test_spread_is_even_and_complete(total: int, count: int) -> None:
    indices = spread(total, count)
    assert len(indices) == count and indices == sorted(indices)
    assert indices[0] == 0 and (count == 1 or indices[-1] == total - 1)


def _slaney_mel(hz: float) -> float:
    return hz / (200.0 / 3.0) if hz < 1000.0 else 15.0 + 27.0 * float(np.log(hz / 1000.0) / np.log(6.4))


def _slaney_hz(mel: float) -> float:
    return mel * 200.0 / 3.0 if mel < 15.0 else 1000.0 * 6.4 ** ((mel - 15.0) / 27.0)
