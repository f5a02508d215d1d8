"""Speaker diarization: voiceprints are collected window by window and clustered at the end of the video.

Within a window, voices are clustered at once, so that utterances end where the speaker changes. Speakers of the whole
video are clustered at its end. Kept until then: an embedding for every second of speech, 3 MB an hour.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model.asr.base import Span
from model.features import FloatArray
from model.speakers.clustering import centroids, closest, cluster, unit
from model.speakers.embedding import WINDOW_SECONDS, SpeakerEncoder, Voiceprint

MOST_CLUSTERED = 600  # spans of speech that are clustered, the longest; the others join the speaker they are closest to
LEAST_SECONDS = 0.6  # of speech; shorter spans join the speaker they are closest to
SURE_SECONDS = 1.0  # of speech; a shorter span is of doubtful voice if it is close to two speakers
SURE_MARGIN = 0.1  # cosine by which a short span is closer to one speaker than to any other
CONTEXT_SECONDS = 1.0  # a span of doubtful voice belongs to the speaker of one that is as near as this
SMOOTHING_SECONDS = 0.6  # voiceprints around a time that decide whose voice it is
INSIDE = 0.6  # of a voiceprint that must lie in a span of speech to be about its speaker


class WindowVoices:
    """The voices in one window of audio, numbered in it from 0 on."""

    def __init__(self, voiceprints: Sequence[Voiceprint]) -> None:
        self._middles = np.array([v.middle for v in voiceprints])
        self._embeddings = _stacked(voiceprints)
        self.count = 0
        if len(voiceprints):
            seconds = [v.end - v.start for v in voiceprints]
            labels = cluster(self._embeddings, seconds)
            self._centers = centroids(self._embeddings, seconds, labels)
            self.count = len(self._centers)

    def at(self, times: Sequence[float]) -> list[int | None]:
        """Return the voice at each time, in seconds of the video; None where nobody's is known."""
        if not self.count or not times:
            return [None] * len(times)
        distance = np.abs(np.asarray(times, np.float64)[:, None] - self._middles)
        nearness = np.maximum(0.0, 1.0 - distance / SMOOTHING_SECONDS)
        lone = nearness.sum(axis=1) == 0.0
        nearness[lone, distance[lone].argmin(axis=1)] = 1.0
        return [int(label) for label in closest(unit(nearness @ self._embeddings), self._centers)]


@dataclass(frozen=True)
class SpeechSpan:
    """Speech of one speaker, in seconds of the video: an utterance, as far as its voice goes."""

    start: float
    end: float


class Diarizer:
    """Collector of a video's voiceprints, window by window."""

    def __init__(
        self,
        encoder: SpeakerEncoder,
        speakers: int | None = None,
        keep_going: Callable[[], None] = lambda: None,
        voiceprints: Sequence[Voiceprint] = (),
    ) -> None:
        self._encoder = encoder
        self._speakers = speakers
        self._keep_going = keep_going
        self._voiceprints = list(voiceprints)

    def add(self, audio: FloatArray, speech: Sequence[Span], start: float) -> WindowVoices:
        """Take the window that follows, float32 [n] from `start` on with its spans of speech; return its voices."""
        voiceprints = self._encoder.voiceprints(audio, speech, start, self._keep_going)
        self._voiceprints += voiceprints
        return WindowVoices(voiceprints)

    def speakers_of(self, spans: Sequence[SpeechSpan]) -> list[int | None]:
        """Return the speaker of each span, in order of time, numbered from 0 on by who speaks first.

        A span without a clear voice gets the speaker of its neighbor in time; None where there is no voice anywhere.
        """
        if not spans or not self._voiceprints:
            return [None] * len(spans)
        embeddings, seconds = self._embeddings_of(spans)
        labels = _labels(embeddings, seconds, self._speakers)
        return _by_first(_with_context(spans, embeddings, seconds, labels))

    def _embeddings_of(self, spans: Sequence[SpeechSpan]) -> tuple[FloatArray, FloatArray]:
        """Return each span's mean direction [n, size] and its seconds of speech [n]; zeros without any."""
        starts, ends = (np.array([getattr(v, edge) for v in self._voiceprints]) for edge in ("start", "end"))
        stacked = _stacked(self._voiceprints)
        means, seconds = [], []
        for span in spans:
            near = slice(*np.searchsorted(starts, [span.start - WINDOW_SECONDS, span.end]))
            shared = np.maximum(0.0, np.minimum(ends[near], span.end) - np.maximum(starts[near], span.start))
            inside = np.where(shared >= INSIDE * (ends[near] - starts[near]), shared, 0.0)
            used = inside if inside.any() else np.where(shared == shared.max(initial=0.0), shared, 0.0)
            means.append(used @ stacked[near] / max(used.sum(), 1e-6))
            seconds.append(min(span.end - span.start, used.sum()))
        return np.array(means, np.float32), np.array(seconds, np.float32)


def _labels(embeddings: FloatArray, seconds: FloatArray, speakers: int | None) -> npt.NDArray[np.int64]:
    """Cluster the spans with enough speech, and give the others to the closest speaker."""
    order = np.argsort(-seconds, kind="stable")[:MOST_CLUSTERED]
    sure = np.sort(order[seconds[order] >= min(LEAST_SECONDS, seconds.max())])
    found = cluster(embeddings[sure], seconds[sure].tolist(), speakers)
    labels = closest(embeddings, centroids(embeddings[sure], seconds[sure], found))
    labels[sure] = found
    return labels


def _with_context(
    spans: Sequence[SpeechSpan], embeddings: FloatArray, seconds: FloatArray, labels: npt.NDArray[np.int64]
) -> list[int | None]:
    """Give spans of doubtful voice to the speaker of the nearest sure one, if that is near or they have no voice."""
    similarity = np.sort(unit(embeddings) @ centroids(embeddings, seconds, labels).T, axis=1)
    margin = similarity[:, -1] - similarity[:, -2] if similarity.shape[1] > 1 else np.ones(len(spans))
    doubtful = (seconds < SURE_SECONDS) & (margin < SURE_MARGIN)
    sure = np.flatnonzero(~doubtful)
    starts, ends = np.array([span.start for span in spans]), np.array([span.end for span in spans])
    result = labels.copy()
    for i in np.flatnonzero(doubtful).tolist() if len(sure) else ():
        gaps = np.maximum(starts[sure] - ends[i], starts[i] - ends[sure])
        if gaps.min() <= CONTEXT_SECONDS or seconds[i] == 0.0:
            result[i] = labels[sure[gaps.argmin()]]
    return [int(label) for label in result]


def _by_first(labels: Sequence[int | None]) -> list[int | None]:
    order = list(dict.fromkeys(label for label in labels if label is not None))
    return [None if label is None else order.index(label) for label in labels]


def _stacked(voiceprints: Sequence[Voiceprint]) -> FloatArray:
    return np.stack([v.embedding for v in voiceprints]) if voiceprints else np.zeros((0, 0), np.float32)
