"""An analysis that nobody waits for ends at every stage; one that takes too long ends by itself; progress is honest."""

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
    """Nobody waits any more."""


class Calls:
    """A `keep_going` that lets so many calls pass."""

    def __init__(self, most: float = float("inf")) -> None:
        self.most, self.count = most, 0

    def __call__(self) -> None:
        self.count += 1
        if self.count > self.most:
            raise GoneError


class Detector(FaceDetector):
    """A detector of no faces that counts the pictures, and sees to it that something happens at one of them."""

    def __init__(self, at: int = -1, happens: Callable[[], object] = lambda: None) -> None:
        self.pictures, self._at, self._happens = 0, at, happens

    def detect(self, image: ByteArray) -> list[Box]:  # noqa: ARG002
        self.pictures += 1
        if self.pictures == self._at:
            self._happens()
        return []


def watched_by(models: Models, detector: FaceDetector) -> Models:
    return dataclasses.replace(models, detector=detector)


def leaves(work: Callable[[Calls], object], most: int) -> None:
    with pytest.raises(GoneError):
        work(Calls(most))


@pytest.fixture
def silent(tmp_path: Path) -> Path:
    return write(tmp_path / "silent.mp4", gray_frames(60.0, rate=4.0))


def test_a_silent_video_is_given_up_at_once(models: Models, silent: Path) -> None:
    """Nothing but its picture takes time: the next one is not looked at any more."""
    gone = threading.Event()

    def keep_going() -> None:
        if gone.is_set():
            raise GoneError

    detector = Detector(at=10, happens=gone.set)
    with pytest.raises(GoneError):
        analyze(silent, watched_by(models, detector), keep_going=keep_going)
    assert detector.pictures == 10  # of 120


def test_every_stage_asks(sample: Path, tmp_path: Path) -> None:
    """Counted alone, as a stage: whatever runs long must end by itself."""
    leaves(lambda calls: check_demands(sample, calls), 0)
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

    leaves(read, 50)
    leaves(decode, 50)

    def measure(calls: Calls) -> None:
        with Reader(path, keep_going=calls) as reader:
            reader.duration_over(1.0)

    leaves(measure, 50)


def test_prediction_is_given_up_between_two_batches(
    models: Models, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sample has words, voice and face: three batches at least, of which the first is computed."""
    gone = threading.Event()
    embed = EmotionNetwork.embed
    embedded: list[str] = []

    def keep_going() -> None:
        if gone.is_set():
            raise GoneError

    def embed_and_leave(network: EmotionNetwork, modality: Modality, *inputs: Any) -> Any:
        embedded.append(modality)
        gone.set()
        return embed(network, modality, *inputs)

    monkeypatch.setattr(EmotionNetwork, "embed", embed_and_leave)
    with pytest.raises(GoneError):
        analyze(sample, models, keep_going=keep_going)
    assert len(embedded) == 1


def test_closing_does_not_wait_for_the_rest_of_the_video(silent: Path) -> None:
    begun, closing = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        assert closing.wait(60)

    detector = Detector(at=5, happens=hold)
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
    """At the tenth picture the clock jumps, first to just within what it has, then beyond."""
    jump = [0.0]
    now = time.monotonic
    monkeypatch.setattr("model.pipeline.time.monotonic", lambda: now() + jump[0])
    options = Options(max_duration=61.0, budget=Budget(100_000.0, 10.0))
    for seconds, pictures in ((99_000.0, 120), (100_700.0, 10)):
        detector = Detector(at=10, happens=lambda seconds=seconds: jump.append(jump.pop() + seconds))  # type: ignore[misc]
        if pictures == 120:
            analyze(silent, watched_by(models, detector), options)
        else:
            with pytest.raises(TooSlowError, match=r"took longer than 100[56]\d\d s to analyze"):
                analyze(silent, watched_by(models, detector), options)
        assert detector.pictures == pictures
    problem = problem_of(TooSlowError("too long"))
    assert (problem.status, problem.name) == (422, "too-slow")


def test_progress_of_a_silent_video_is_honest(models: Models, silent: Path) -> None:
    """Reading it takes no time: what was seen of it counts."""
    reports: list[tuple[int, float]] = []
    detector = Detector()
    waiting = threading.Semaphore(0)

    class Paced(Detector):
        def detect(self, image: ByteArray) -> list[Box]:
            if self.pictures % 30 == 29:
                while waiting.acquire(blocking=False):
                    pass
                assert waiting.acquire(timeout=60)  # until the progress so far was told
            return super().detect(image)

    detector = Paced()

    def report(stage: str, share: float) -> None:
        reports.append((detector.pictures, share))
        if stage == Stage.DETECTING and detector.pictures % 30 == 29:
            waiting.release()

    analyze(silent, watched_by(models, detector), progress=report)
    shares = [share for _, share in reports]
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert all(share <= seen / 120 + 0.05 for seen, share in reports if share < 0.9)
    assert len({round(share, 1) for share in shares}) >= 5
