"""What judging a passage takes beside it. From Linux's own high-water mark of a process; nothing is timed."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest
import torch

from bench.measure import memory, peak_memory
from model.bundle import load_bundle
from model.compat import give_back_memory
from model.contract import Modality
from model.features import Sample, Tokens
from model.modalities.audio import N_MELS
from model.modalities.face import FACE_SIZE, MAX_FACES
from model.modalities.text import MAX_TOKENS

MANY = 48  # utterances: as many as a passage of two minutes holds when they are short
LONGEST = 1_500  # frames of the spectrogram, 15 s: no utterance is longer
MOST = 300.0  # MiB; the faces of a passage in one batch take 570
HIGH_WATER_MARK = Path("/proc/self/clear_refs")  # 5 written to it has the mark start again


@pytest.mark.slow
@pytest.mark.skipif(not HIGH_WATER_MARK.exists(), reason="only Linux lets a process start its mark again")
def test_encoding_a_passage_of_the_largest_utterances_takes_little() -> None:
    """It is what grew with the video: the more passages, the more likely one with many faces.

    In a process of its own, as the mark and the heap are shared with every other test of this one.
    """
    with ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn")) as fresh:
        taken = fresh.submit(_taken).result()
    assert taken.keys() == {"text", "audio", "face"}
    assert all(0.0 < mib < MOST for mib in taken.values()), taken


def _taken() -> dict[Modality, float]:
    """MiB on top of what is held before, by each encoder of the starter bundle."""
    network = load_bundle("starter").network
    taken: dict[Modality, float] = {}
    for modality in network.modalities:
        samples = [_largest(modality) for _ in range(MANY)]
        give_back_memory()
        HIGH_WATER_MARK.write_text("5")
        before = memory()
        with torch.inference_mode():
            network(samples)
        taken[modality] = peak_memory() - before
    return taken


def _largest(modality: Modality) -> Sample:
    """An utterance as large as there can be."""
    if modality == "text":
        return Sample(text=Tokens(ids=torch.full((MAX_TOKENS,), 100), types=torch.ones(MAX_TOKENS, dtype=torch.long)))
    if modality == "audio":
        return Sample(audio=torch.randn(N_MELS, LONGEST))
    return Sample(face=torch.randn(MAX_FACES, 1, FACE_SIZE, FACE_SIZE))
