"""Naive implementations of single stages, for comparison with the engine's own."""

import copy
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import av
import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from bench.reference import (
    PADDED_TOKENS,
    PICTURE_SIDE,
    PICTURES,
    Segment,
    audio_inputs,
    cut,
    first_pictures,
    frames_between,
)
from model.features import SAMPLE_RATE, ByteArray, Tokens
from model.weights import catalog

DETECTOR_STEP = 32  # pixels; the sides of the detector's input are multiples of it


def decode_each(path: Path, spans: Sequence[tuple[float, float]]) -> None:
    """Open the file for each utterance, seek, and decode its frames to RGB and its audio."""
    for start, end in spans:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)
        with av.open(str(path)) as source:
            source.streams.video[0].thread_type = "AUTO"
            for frame in frames_between(source, start, end):
                if isinstance(frame, av.VideoFrame):
                    frame.to_ndarray(format="rgb24")
                else:
                    resampler.resample(frame)


def cut_each(path: Path, segments: Sequence[Segment]) -> None:
    """Process a file as the reference does: a re-encoded cut per segment, which is then decoded."""
    with tempfile.TemporaryDirectory() as folder:
        piece, sound = Path(folder) / "segment.mp4", Path(folder) / "segment.wav"
        for segment in segments:
            cut(path, segment, piece)
            first_pictures(piece)
            audio_inputs(piece, sound)


class FullSizeDetector:
    """The engine's detector on frames of full size."""

    def __init__(self) -> None:
        self._network = cv2.dnn.readNetFromONNX(str(catalog.fetch("centerface") / "centerface.onnx"))
        self._outputs = self._network.getUnconnectedOutLayersNames()

    def __call__(self, images: Sequence[ByteArray]) -> None:
        for image in images:
            size = [round(side / DETECTOR_STEP) * DETECTOR_STEP for side in image.shape[1::-1]]
            self._network.setInput(cv2.dnn.blobFromImage(image, size=size))
            self._network.forward(self._outputs)


def first_images(path: Path, count: int) -> list[ByteArray]:
    """Return the first frames of a file, RGB uint8 [h, w, 3], in full size."""
    with av.open(str(path)) as source:
        frames = islice(source.decode(video=0), count)
        return [np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8) for frame in frames]


def padded_text(encoder: nn.Module, tokens: Sequence[Tokens]) -> None:
    """Run BERT on one utterance at a time, padded to PADDED_TOKENS."""
    for t in tokens:
        padding = (0, max(0, PADDED_TOKENS - len(t.ids)))
        encoder(*(F.pad(x, padding)[None] for x in (t.ids, t.types, torch.ones_like(t.ids))))


def plain(encoder: nn.Module) -> nn.Module:
    """Return a copy in PyTorch's default memory format and precision."""
    own = copy.deepcopy(encoder).float()
    own.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    return own


def one_by_one(encoder: nn.Module, clips: Sequence[Tensor]) -> None:
    """Run an encoder on one input [...] at a time."""
    for clip in clips:
        encoder(clip[None])


def long_clips(count: int) -> list[Tensor]:
    """Return clips of the reference's size for R3D-18; their content does not matter."""
    return [torch.zeros(3, PICTURES, PICTURE_SIDE, PICTURE_SIDE) for _ in range(count)]
