"""Abandoned analyses stop at every stage, slow ones stop by themselves, and progress is accurate."""

import dataclasses
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from common.progress import Stage
from model.contract import Modality
from model.features import ByteArray
from model.media import FrameDecoder, Reader, check_demands
from model.network import EmotionNetwork
from model.pipeline import Budget, Models, Options, TooSlowError, analyze
from model.serving.problems import problem_of
from model.vision.faces import Box, FaceDetector
from model.vision.video_worker import VideoWorker
from tests.model.media_files import Sound, gray_frames, noise, write


class GoneError(Exception):
    """The caller has gone away."""


class Calls:
    """A `keep_going` that raises after `limit` calls."""

    def __init__(self, limit: float = float("inf")) -> None:
        self.limit, self.count = limit, 0

    def __call__(self) -> None:
        self.count += 1
        if self.count > self.limit:
            raise GoneError


class Detector(FaceDetector):
    """Detector without detections that counts frames and calls `action` at one of them."""

    def __init__(self, at: int = -1, action: Callable[[], object] = lambda: None) -> None:
        self.pictures, self._at, self._action = 0, at, action

    def detect(self, image: ByteArray) -> list[Box]:  # noqa: ARG002
        self.pictures += 1
        if self.pictures == self._at:
            self._action()
        return []


def with_detector(models: Models, detector: FaceDetector) -> Models:
    return dataclasses.replace(models, detector=detector)


def assert_aborts(work: Callable[[Calls], object], limit: int) -> None:
    with pytest.raises(GoneError):
        work(Calls(limit))


@pytest.fixture
def silent(tmp_path: Path) -> Path:
    return write(tmp_path / "silent.mp4", gray_frames(60.0, rate=4.0))


def test_a_silent_video_is_given_up_at_once(models: Models, silent: Path) -> None:
    """Without audio only the video takes time: no further frame is processed."""
    gone = threading.Event()

    def keep_going() -> None:
        if gone.is_set():
            raise GoneError

    detector = Detector(at=10, action=gone.set)
    with pytest.raises(GoneError):
        analyze(silent, with_detector(models, detector), keep_going=keep_going)
    assert detector.pictures == 10  # of 120


def test_every_stage_can_be_aborted(sample: Path, tmp_path: Path) -> None:
    """Each stage is tested separately, because every long operation must be abortable."""
    assert_aborts(lambda calls: check_demands(sample, calls), 0)
    path = write(tmp_path / "a.mp4", gray_frames(20.0), [Sound(noise(20.0))])

    def read(calls: Calls) -> None:
        with Reader(path, keep_going=calls) as reader:
            for _ in reader:
                pass

    def decode(calls: Calls) -> None:
        frames = FrameDecoder(path, 4.0, calls)
        with Reader(path) as reader:
            for chunk in reader:
                list(frames.decode(chunk.packets))

    assert_aborts(read, 50)
    assert_aborts(decode, 50)

    def measure(calls: Calls) -> None:
        with Reader(path, keep_going=calls) as reader:
            reader.duration_over(1.0)

    assert_aborts(measure, 50)


def test_prediction_is_given_up_between_two_batches(
    models: Models, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sample has text, voice and face, so at least three batches; only the first is computed."""
    gone = threading.Event()
    embed = EmotionNetwork.embed
    embedded: list[str] = []

    def keep_going() -> None:
        if gone.is_set():
            raise GoneError

    def embed_and_abort(network: EmotionNetwork, modality: Modality, *inputs: Any) -> Any:
        embedded.append(modality)
        gone.set()
        return embed(network, modality, *inputs)

    monkeypatch.setattr(EmotionNetwork, "embed", embed_and_abort)
    with pytest.raises(GoneError):
        analyze(sample, models, keep_going=keep_going)
    assert len(embedded) == 1


def test_closing_does_not_wait_for_the_rest_of_the_video(silent: Path) -> None:
    begun, closing = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        assert closing.wait(60)

    detector = Detector(at=5, action=hold)
    with Reader(silent) as reader:
        worker = VideoWorker(silent, detector, clips=False)
        for chunk in reader:
            worker.submit(chunk.packets)
        assert begun.wait(60)
        closer = threading.Thread(target=worker.close)
        closer.start()
        while not worker._closed.is_set():
            time.sleep(0.01)
        closing.set()
        closer.join(60)
    assert detector.pictures == 5  # of 120


def test_an_analysis_beyond_its_budget_ends(models: Models, silent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the tenth frame the clock jumps, first to a time within the budget, then beyond it."""
    jump = [0.0]
    now = time.monotonic
    monkeypatch.setattr("model.pipeline.time.monotonic", lambda: now() + jump[0])
    options = Options(max_duration=61.0, budget=Budget(100_000.0, 10.0))
    for seconds, pictures in ((99_000.0, 120), (100_700.0, 10)):
        detector = Detector(at=10, action=lambda seconds=seconds: jump.append(jump.pop() + seconds))  # type: ignore[misc]
        if pictures == 120:
            analyze(silent, with_detector(models, detector), options)
        else:
            with pytest.raises(TooSlowError, match=r"took longer than 100[56]\d\d s to analyze"):
                analyze(silent, with_detector(models, detector), options)
        assert detector.pictures == pictures
    problem = problem_of(TooSlowError("too long"))
    assert (problem.status, problem.name) == (422, "too-slow")


def test_progress_of_a_silent_video_is_honest(models: Models, silent: Path) -> None:
    """Demuxing takes no time, so progress is that of the decoded frames."""
    reports: list[tuple[int, float]] = []
    detector = Detector()
    waiting = threading.Semaphore(0)

    class Paced(Detector):
        def detect(self, image: ByteArray) -> list[Box]:
            if self.pictures % 30 == 29:
                while waiting.acquire(blocking=False):
                    pass
                assert waiting.acquire(timeout=60)  # until the progress so far was reported
            return super().detect(image)

    detector = Paced()

    def report(stage: str, share: float) -> None:
        reports.append((detector.pictures, share))
        if stage == Stage.DETECTING and detector.pictures % 30 == 29:
            waiting.release()

    analyze(silent, with_detector(models, detector), progress=report)
    shares = [share for _, share in reports]
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert all(share <= decoded / 120 + 0.05 for decoded, share in reports if share < 0.9)
    assert len({round(share, 1) for share in shares}) >= 5
