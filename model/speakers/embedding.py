"""Embeddings of a voice, one for every second of speech.

They serve to tell the speakers of one video apart. They are kept in memory until its analysis ends, and no longer.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from model.asr.base import Span
from model.features import SAMPLE_RATE, FloatArray
from model.speakers.campplus import SpeakerNetwork, load_speaker_network
from model.speakers.filterbank import filter_bank
from model.weights import catalog

ENTRY = "campplus"  # of the catalog
CHECKPOINT = "campplus_cn_en_common.pt"

WINDOW_SECONDS = 1.5
HOP_SECONDS = 1.0
LEAST_SECONDS = 0.3  # shorter speech has no embedding of its own
GRAIN_SECONDS = 0.5  # windows of alike length are embedded together
BATCH_SECONDS = 24.0


@dataclass(frozen=True)
class Voiceprint:
    """The voice in a window of speech, in seconds of the video: a unit vector float32 [size]."""

    start: float
    end: float
    embedding: FloatArray

    @property
    def middle(self) -> float:
        return (self.start + self.end) / 2


class SpeakerEncoder:
    """CAM++ on windows of speech."""

    def __init__(self, network: SpeakerNetwork, device: str = "cpu") -> None:
        self._network = network
        self._device = device

    def voiceprints(
        self,
        audio: FloatArray,
        spans: Sequence[Span],
        start: float = 0.0,
        keep_going: Callable[[], None] = lambda: None,
    ) -> list[Voiceprint]:
        """Embed the spans of speech in audio, float32 [n] at SAMPLE_RATE, that begins at `start` seconds of the video.

        Spans longer than WINDOW_SECONDS give overlapping windows; shorter ones a window of their own length.
        Raises what `keep_going` raises, which is called now and then.
        """
        windows = [window for span in spans for window in _windows(span)]
        found: list[Voiceprint] = []
        for batch in _batches(windows):
            keep_going()
            for window, embedding in zip(batch, self._embed(audio, batch), strict=True):
                times = start + window.start / SAMPLE_RATE, start + window.end / SAMPLE_RATE
                found.append(Voiceprint(*times, embedding))
        return sorted(found, key=lambda voiceprint: voiceprint.start)

    def _embed(self, audio: FloatArray, windows: Sequence[Span]) -> FloatArray:
        """Return the unit vectors of windows of one batch: float32 [n, size]."""
        energies = np.stack([filter_bank(np.resize(audio[w.start : w.end], _padded(w))) for w in windows])
        centered = torch.from_numpy(energies - energies.mean(axis=1, keepdims=True))
        with torch.inference_mode():
            embeddings = self._network(centered.to(self._device)).float()
        return np.asarray(torch.nn.functional.normalize(embeddings).cpu().numpy())


def load_speaker_encoder(device: str = "cpu") -> SpeakerEncoder:
    """Load the encoder; its weights are fetched if they are not there yet. Raises WeightsError."""
    return SpeakerEncoder(load_speaker_network(catalog.fetch(ENTRY) / CHECKPOINT, device), device)


def _windows(span: Span) -> Iterator[Span]:
    """Overlapping windows of a span, the last one up to its end; none where it is too short."""
    length, hop = round(WINDOW_SECONDS * SAMPLE_RATE), round(HOP_SECONDS * SAMPLE_RATE)
    if span.seconds < LEAST_SECONDS:
        return
    last = max(span.start, span.end - length)
    for start in range(span.start, last, hop):
        yield Span(start, start + length)
    yield Span(last, min(span.end, last + length))


def _batches(windows: Sequence[Span]) -> Iterator[list[Span]]:
    """Windows of one padded length at a time, BATCH_SECONDS of them at most."""
    for length in sorted({_padded(window) for window in windows}):
        alike = [window for window in windows if _padded(window) == length]
        size = max(1, int(BATCH_SECONDS * SAMPLE_RATE // length))
        yield from (alike[i : i + size] for i in range(0, len(alike), size))


def _padded(window: Span) -> int:
    """Samples of a window after its audio was repeated up to a multiple of GRAIN_SECONDS."""
    grain = round(GRAIN_SECONDS * SAMPLE_RATE)
    return -(-(window.end - window.start) // grain) * grain
