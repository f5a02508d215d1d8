"""Extraction of cached features from spans of media files, through the same code as serving.

media.Reader -> video_worker.VideoWorker (faces tracked and cropped, frames resized) -> features.Evidence. A file is
decoded once for all of its spans.
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
from model.vision.video_worker import CLIP_RATE, FACE_RATE, VideoWorker, loudness_of
from training.modalities.registry import DEFAULT_RECIPES

EXTRACTION_VERSION = 1  # increment for changes here, in faces or in video_worker that the id does not reflect
CACHED = {m: spec for m, spec in DEFAULTS.items() if DEFAULT_RECIPES[m].is_cached}
PREPROCESS_IDS = "/".join(spec.preprocess_id for spec in CACHED.values())
EXTRACTION_ID = (
    f"{PREPROCESS_IDS}/faces{FACE_RATE:g}-{DETECTION_RATE:g}-{DETECTOR_SIDE}-{CROP_SCALE:g}"
    f"/frames{CLIP_RATE:g}/v{EXTRACTION_VERSION}"
)
MAX_SECONDS = 60.0  # MELD's longest utterance is 41 s; longer clips are cut wrongly
LOOKAHEAD_SECONDS = 2.0  # read beyond a span's end, as codecs delay frames and audio may be interleaved later

Parts = dict[str, npt.NDArray[np.generic]]
"""Cached features of a span, by modality (`pack` in `training.modalities`), without absent modalities."""


@dataclass(frozen=True)
class MediaSpan:
    """Span of a media file in seconds; `end` None means the file's end."""

    path: Path
    start: float = 0.0
    end: float | None = None


Results = list[tuple[MediaSpan, Parts | str]]
"""Features of each span of one file, or the reason for failure."""


class SpanError(ValueError):
    """A span cannot be used. The message has the reason."""


def evidence_of(
    spans: Sequence[MediaSpan], detector: FaceDetector | None
) -> Iterator[tuple[MediaSpan, Evidence | SpanError]]:
    """Decode spans of one file in a single pass, and yield their evidence in order of their ends.

    Raises MediaError if the file cannot be read.
    """
    pending = sorted(spans, key=_end)
    with Reader(spans[0].path) as reader:
        length = reader.duration_over(MAX_SECONDS) if pending[-1].end is None else None
        if length is not None:  # too long to be used
            pending = [s for s in pending if s.end is not None]
            yield from ((s, _too_long(length - s.start)) for s in spans if s.end is None)
        worker, audio = VideoWorker(reader.path, detector, clips=True), _AudioBuffer()
        try:
            for chunk in reader:
                worker.submit(chunk.packets)
                audio.add(chunk.audio)
                audible = audio.end if reader.info.has_audio else math.inf
                while pending and _end(pending[0]) + LOOKAHEAD_SECONDS <= reader.end and _end(pending[0]) <= audible:
                    worker.wait()
                    yield pending[0], _evidence(pending.pop(0), worker, audio, reader.end)
                if not pending:
                    return
                earliest = min(s.start for s in pending) - LOOKAHEAD_SECONDS
                audio.forget_before(earliest)
                worker.forget_before(earliest)
            worker.wait()
            for span in pending:
                yield span, _evidence(span, worker, audio, reader.end)
        finally:
            worker.close()


def parts_of(evidence: Evidence) -> Parts:
    """Return the features of an utterance's evidence that are cached."""
    packed = {m: DEFAULT_RECIPES[m].pack(evidence, spec) for m, spec in CACHED.items()}
    return {m: kept for m, kept in packed.items() if kept is not None}


def sample_of(parts: Parts, text: Tokens | None) -> Sample:
    """Return the tensors that serving prepares from the same span; audio within float16 rounding."""
    unpacked = {m: DEFAULT_RECIPES[m].unpack(parts[m], spec) for m, spec in CACHED.items() if m in parts}
    return Sample(text=text, **unpacked)


_detector: FaceDetector | None = None  # of this worker process


def init_worker(detector: Path) -> None:
    """Initialize a worker process, with one thread per library, as there is one worker per core."""
    global _detector
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    _detector = FaceDetector(detector)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def ping() -> None:
    """Do nothing; succeeds if the worker process could be started."""


def extract(spans: Sequence[MediaSpan]) -> Results:
    """Decode spans of one file. Runs in a worker."""
    done: dict[MediaSpan, Parts | str] = {}
    try:
        for span, found in evidence_of(spans, _detector):
            done[span] = str(found) if isinstance(found, SpanError) else parts_of(found)
    except (*READ_ERRORS, cv2.error) as error:
        reason = str(error).removeprefix(f"{spans[0].path} ") or type(error).__name__
        done.update({span: reason for span in spans if span not in done})
    return [(span, done[span]) for span in spans]


def _exit_with_parent() -> None:
    """Exit when the parent process ends, as workers would otherwise wait forever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class _AudioBuffer:
    """Decoded audio, as far as it is still needed."""

    def __init__(self) -> None:
        self._start = 0  # samples
        self._samples = np.zeros(0, np.float32)

    @property
    def end(self) -> float:
        return (self._start + len(self._samples)) / SAMPLE_RATE

    def add(self, sound: FloatArray) -> None:
        self._samples = np.concatenate([self._samples, sound])

    def forget_before(self, time: float) -> None:
        forgotten = min(max(0, round(time * SAMPLE_RATE) - self._start), len(self._samples))
        self._start, self._samples = self._start + forgotten, self._samples[forgotten:]

    def between(self, start: float, end: float) -> FloatArray:
        """Cut a span as serving cuts a segment out of its window."""
        return Window(self._start / SAMPLE_RATE, self.end, self._samples, Voice([], []), []).audio_between(start, end)


def _evidence(span: MediaSpan, worker: VideoWorker, audio: _AudioBuffer, read: float) -> Evidence | SpanError:
    """Return a span's evidence; `read` is how far the file was read, in seconds."""
    end = read if span.end is None else span.end
    if span.start >= read:
        return SpanError(f"starts at {span.start:.1f} s, but the file ends at {read:.1f} s")
    if end - span.start > MAX_SECONDS:
        return _too_long(end - span.start)
    sound = audio.between(span.start, end)
    found = worker.evidence(span.start, end, sound, worker.face_between(span.start, end, loudness_of(sound)))
    if not len(found.sound) and not found.frames:
        return SpanError("neither audio nor video could be decoded")
    return found


def _too_long(seconds: float) -> SpanError:
    return SpanError(f"lasts {seconds:.0f} s; the maximum is {MAX_SECONDS:.0f} s, so it was probably cut wrongly")


def _end(span: MediaSpan) -> float:
    return math.inf if span.end is None else span.end
