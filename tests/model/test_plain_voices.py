"""Neutral voices: readers, synthesizers, a distant word. Predictions of the starter bundle from voice alone."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from model.asr.vad import find_speech
from model.contract import EMOTIONS
from model.features import SAMPLE_RATE, FloatArray, Sample, rms
from model.media import read_audio
from model.modalities.audio import log_mel
from model.pipeline import Models

MEDIA = Path("tests/media")
ANGER, SADNESS, FEAR = (EMOTIONS.index(e) for e in ("anger", "sadness", "fear"))


def predicted(models: Models, *sounds: FloatArray) -> npt.NDArray[np.float64]:
    """Return emotion probabilities [n, 7] of recordings, under the declared prior."""
    with torch.inference_mode():
        found = models.bundle.network([Sample(audio=log_mel(sound)) for sound in sounds])
    return np.asarray(found.emotions.double().exp().numpy())


def sentences(path: Path) -> list[FloatArray]:
    sound = read_audio(path)
    return [sound[span.start : span.end] for span in find_speech(sound) if span.seconds >= 0.5]


@pytest.mark.parametrize("name", ["face_and_speech.mp4", "german.flac", "one_two_three.flac"])
def test_a_reader_is_not_angry(models: Models, name: str) -> None:
    read = predicted(models, *sentences(MEDIA / name))
    assert len(read) and (read.argmax(axis=1) != ANGER).all(), read.round(2)


@pytest.mark.parametrize("noise", [-30.0, -10.0])
def test_a_word_from_afar_is_neither_sad_nor_afraid(models: Models, noise: float) -> None:
    """0.4 s of a calm reader, attenuated by 30 dB, with noise at a relative level in dB."""
    rng = np.random.default_rng(0)
    size = round(0.4 * SAMPLE_RATE)
    words = []
    for sentence in sentences(MEDIA / "face_and_speech.mp4"):
        for start in range(0, len(sentence) - size, 2 * size):
            word = 10.0 ** (-30.0 / 20.0) * sentence[start : start + size]
            level = rms(word) * 10.0 ** (noise / 20.0)
            words.append((word + level * rng.standard_normal(size)).astype(np.float32))
    emotions = predicted(models, *[word for word in words if log_mel(word) is not None])
    assert len(emotions) > 5
    assert emotions[:, SADNESS].mean() < 0.2 and emotions[:, FEAR].mean() < 0.2, emotions.mean(axis=0).round(2)
