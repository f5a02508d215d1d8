"""Peak memory of predicting a window, from Linux's high-water mark of a process."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
import torch

from bench.measure import memory, peak_memory
from model.bundle import load_bundle
from model.compat import release_memory
from model.contract import Modality
from model.features import Sample, Tokens
from model.modalities.audio import N_MELS
from model.modalities.face import FACE_SIZE, MAX_FACES
from model.modalities.text import MAX_TOKENS

COUNT = 48  # utterances: the number of short ones in a window of two minutes
MAX_FRAMES = 1_500  # of the spectrogram, 15 s: the maximum length of utterances
MAX_MIB = 300.0  # the faces of a window in one batch take 570
HIGH_WATER_MARK = Path("/proc/self/clear_refs")  # writing 5 resets the mark


@pytest.mark.slow
@pytest.mark.skipif(not HIGH_WATER_MARK.exists(), reason="only Linux can reset the high-water mark")
def test_encoding_a_window_of_the_largest_utterances_takes_little() -> None:
    """The more windows a video has, the more likely is one with many faces.

    Measured in a fresh process, because other tests share the mark and the heap of this one.
    """
    with ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn")) as fresh:
        increase = fresh.submit(_increase).result()
    assert increase.keys() == {"text", "audio", "face"}
    assert all(0.0 < mib < MAX_MIB for mib in increase.values()), increase


def _increase() -> dict[Modality, float]:
    """Return the increase of peak memory by each encoder of the starter bundle, in MiB."""
    network = load_bundle("starter").network
    increase: dict[Modality, float] = {}
    for modality in network.modalities:
        samples = [_largest(modality) for _ in range(COUNT)]
        release_memory()
        HIGH_WATER_MARK.write_text("5")
        before = memory()
        with torch.inference_mode():
            network(samples)
        increase[modality] = peak_memory() - before
    return increase


def _largest(modality: Modality) -> Sample:
    """Return an utterance of the maximum size."""
    if modality == "text":
        return Sample(text=Tokens(ids=torch.full((MAX_TOKENS,), 100), types=torch.ones(MAX_TOKENS, dtype=torch.long)))
    if modality == "audio":
        return Sample(audio=torch.randn(N_MELS, MAX_FRAMES))
    return Sample(face=torch.randn(MAX_FACES, 1, FACE_SIZE, FACE_SIZE))
