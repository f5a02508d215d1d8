"""Models shared by concurrent analyses: each gets the results that it would get alone."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from bench.whisper_checkpoint import checkpoint
from model.asr.base import Clip, Span
from model.asr.registry import load_transcriber
from model.features import SAMPLE_RATE, FloatArray
from model.media import read_audio
from model.vision.faces import FaceDetector
from model.weights import catalog
from tests.model.media_files import frames_of

T = TypeVar("T")
CLIP_SECONDS = (4, 6, 9)  # of different lengths, so that callers are at different steps


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


@pytest.fixture(scope="module")
def clips(sample: Path) -> list[Clip]:
    sound: FloatArray = read_audio(sample)
    return [Clip((Span(0, seconds * SAMPLE_RATE),), sound[: seconds * SAMPLE_RATE]) for seconds in CLIP_SECONDS]


@pytest.mark.parametrize("engine", ["faster-whisper", "openai-whisper"])
@pytest.mark.parametrize("concurrency", [1, 2])
def test_concurrent_transcriptions_are_those_of_single_ones(clips: list[Clip], engine: str, concurrency: int) -> None:
    name = f"openai-whisper:{checkpoint('tiny.en')}" if engine == "openai-whisper" else "tiny.en"
    transcriber = load_transcriber(name, concurrency=concurrency)

    def words(clip: Clip) -> str:
        [transcript] = transcriber.transcribe([transcriber.encode(clip)], "en", translate=False)
        return transcript.text

    alone = [words(clip) for clip in clips]
    assert all(alone) and len(set(alone)) == len(alone)
    assert at_once([partial(words, clip) for clip in clips]) == alone


@pytest.mark.parametrize("concurrency", [1, 2])
def test_concurrent_detections_are_those_of_single_ones(sample: Path, concurrency: int) -> None:
    detector = FaceDetector(catalog.fetch("centerface") / "centerface.onnx", concurrency)
    images = [image for _, image in frames_of(sample, 4.0, 7.0)]
    alone = [detector.detect(image) for image in images]
    assert any(alone)
    assert at_once([partial(detector.detect, image) for image in images]) == alone
