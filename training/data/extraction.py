"""Stretches of media files -> what is cached of them, by the very path that serving takes.

media.Reader -> video_worker.VideoWorker (faces followed and cropped, frames shrunk) -> features.Evidence. A file is
decoded once, however many of its stretches are wanted.
"""

import math
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch

from model.asr.segmenter import Window
from model.asr.vad import Voice
from model.features import SAMPLE_RATE, Evidence, FloatArray, Sample, Tokens
from model.media import READ_ERRORS, Reader
from model.modalities.registry import DEFAULTS
from model.vision.faces import CROP_SCALE, DETECTION_RATE, DETECTOR_SIDE, FaceDetector
from model.vision.video_worker import CLIP_RATE, FACE_RATE, VideoWorker
from training.modalities.registry import DEFAULT_RECIPES

EXTRACTION_VERSION = 1  # raise it with any change here, or in faces and video_worker, that the id does not show
CACHED = {m: spec for m, spec in DEFAULTS.items() if DEFAULT_RECIPES[m].is_cached}
PREPROCESS_IDS = "/".join(spec.preprocess_id for spec in CACHED.values())
EXTRACTION_ID = (
    f"{PREPROCESS_IDS}/faces{FACE_RATE:g}-{DETECTION_RATE:g}-{DETECTOR_SIDE}-{CROP_SCALE:g}"
    f"/frames{CLIP_RATE:g}/v{EXTRACTION_VERSION}"
)
MAX_SECONDS = 60.0  # no utterance of MELD is longer than 41 s: beyond, a clip was cut wrongly
LAG_SECONDS = 2.0  # read beyond a stretch's end: a codec gives its pictures late, sound may lie behind them

Parts = dict[str, npt.NDArray[np.generic]]
"""Cached parts of a segment, by modality: see `pack` in `training.modalities`. Absent modalities are left out."""


@dataclass(frozen=True)
class Stretch:
    """A stretch of a media file in seconds; `end` None means the file's end."""

    path: Path
    start: float = 0.0
    end: float | None = None


Results = list[tuple[Stretch, Parts | str]]
"""The parts of each stretch of one file, or the reason why it has none."""


class StretchError(ValueError):
    """A stretch cannot be used. The message says why."""


def evidence_of(
    stretches: Sequence[Stretch], detector: FaceDetector | None
) -> Iterator[tuple[Stretch, Evidence | StretchError]]:
    """Decode the audio and video of parts of one file, in one pass over it, in order of their ends.

    Raises MediaError where the file cannot be read at all.
    """
    waiting = sorted(stretches, key=_end)
    with Reader(stretches[0].path) as reader:
        length = reader.duration_over(MAX_SECONDS) if waiting[-1].end is None else None
        if length is not None:  # not worth decoding
            waiting = [s for s in waiting if s.end is not None]
            yield from ((s, _too_long(length - s.start)) for s in stretches if s.end is None)
        worker, heard = VideoWorker(reader.path, detector, clips=True), _Heard()
        try:
            for chunk in reader:
                worker.submit(chunk.packets)
                heard.add(chunk.audio)
                audible = heard.end if reader.info.has_audio else math.inf
                while waiting and _end(waiting[0]) + LAG_SECONDS <= reader.end and _end(waiting[0]) <= audible:
                    worker.wait()
                    yield waiting[0], _evidence(waiting.pop(0), worker, heard, reader.end)
                if not waiting:
                    return
                earliest = min(s.start for s in waiting) - LAG_SECONDS
                heard.forget_before(earliest)
                worker.forget_before(earliest)
            worker.wait()
            for stretch in waiting:
                yield stretch, _evidence(stretch, worker, heard, reader.end)
        finally:
            worker.close()


def parts_of(evidence: Evidence) -> Parts:
    """Return the parts of an utterance's evidence that are cached."""
    packed = {m: DEFAULT_RECIPES[m].pack(evidence, spec) for m, spec in CACHED.items()}
    return {m: kept for m, kept in packed.items() if kept is not None}


def sample_of(parts: Parts, text: Tokens | None) -> Sample:
    """The tensors that serving makes of the same stretch; sound within the rounding of float16."""
    unpacked = {m: DEFAULT_RECIPES[m].unpack(parts[m], spec) for m, spec in CACHED.items() if m in parts}
    return Sample(text=text, **unpacked)


_detector: FaceDetector | None = None  # of a worker process


def start_worker(detector: Path) -> None:
    """Make this process a worker: one thread for each library, since every core has a worker of its own."""
    global _detector
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is its parent's to answer
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    _detector = FaceDetector(detector)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def ready() -> None:
    """Return at once: called in a worker, it proves that the worker could be started."""


def extract(stretches: Sequence[Stretch]) -> Results:
    """Decode parts of one file. Runs in a worker."""
    done: dict[Stretch, Parts | str] = {}
    try:
        for stretch, found in evidence_of(stretches, _detector):
            done[stretch] = str(found) if isinstance(found, StretchError) else parts_of(found)
    except (*READ_ERRORS, cv2.error) as error:
        reason = str(error).removeprefix(f"{stretches[0].path} ") or type(error).__name__
        done.update({stretch: reason for stretch in stretches if stretch not in done})
    return [(stretch, done[stretch]) for stretch in stretches]


def _end_with_parent() -> None:
    """Workers of a killed process would otherwise wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class _Heard:
    """The sound so far, as much of it as is still wanted."""

    def __init__(self) -> None:
        self._start = 0  # samples
        self._sound = np.zeros(0, np.float32)

    @property
    def end(self) -> float:
        return (self._start + len(self._sound)) / SAMPLE_RATE

    def add(self, sound: FloatArray) -> None:
        self._sound = np.concatenate([self._sound, sound])

    def forget_before(self, time: float) -> None:
        forgotten = min(max(0, round(time * SAMPLE_RATE) - self._start), len(self._sound))
        self._start, self._sound = self._start + forgotten, self._sound[forgotten:]

    def between(self, start: float, end: float) -> FloatArray:
        """Cut as serving cuts a segment out of its window."""
        return Window(self._start / SAMPLE_RATE, self.end, self._sound, Voice([], []), []).audio_between(start, end)


def _evidence(stretch: Stretch, worker: VideoWorker, heard: _Heard, read: float) -> Evidence | StretchError:
    """`read` is how far the file was read, in seconds."""
    end = read if stretch.end is None else stretch.end
    if stretch.start >= read:
        return StretchError(f"it should start at {stretch.start:.1f} s, but the file ends at {read:.1f} s")
    if end - stretch.start > MAX_SECONDS:
        return _too_long(end - stretch.start)
    found = worker.evidence(stretch.start, end, heard.between(stretch.start, end))
    if not len(found.sound) and not found.frames:
        return StretchError("neither sound nor picture could be decoded")
    return found


def _too_long(seconds: float) -> StretchError:
    return StretchError(f"it lasts {seconds:.0f} s; {MAX_SECONDS:.0f} s is the most, so it was probably cut wrongly")


def _end(stretch: Stretch) -> float:
    return math.inf if stretch.end is None else stretch.end
