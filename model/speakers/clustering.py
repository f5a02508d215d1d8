"""Embeddings of voices -> speakers, their number found or given.

Agglomerative clustering with average linkage on the cosine (Han et al. 2008, "Strategies to improve the robustness of
agglomerative hierarchical clustering under data source variation for speaker diarization"). How similar two parts of
one voice are depends on the recording: clusters are one speaker if they are nearly as similar as their own parts are.

An item is the mean of unit vectors, not scaled: the product of two items is the mean similarity of what they are of.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from model.features import FloatArray

IntArray = npt.NDArray[np.int64]
DoubleArray = npt.NDArray[np.float64]

SAME_SPEAKER = 0.66  # similarity of two clusters, over that inside of clusters, from which they are one speaker
EXPECTED_INSIDE = 0.5  # similarity inside of a cluster before any was found: that of nEMO's, RAVDESS's, Korean speakers
EXPECTED_PAIRS = 20.0  # square seconds of pairs of items that this counts for
MAX_SPEAKERS = 20
LEAST_SPEAKER_SECONDS = 3.0  # of speech; a cluster with less is taken for part of the speaker it is closest to
REFINEMENTS = 3  # passes that move items to the closest speaker


def cluster(items: FloatArray, seconds: Sequence[float], speakers: int | None = None) -> IntArray:
    """Cluster items [n, size] with their seconds of speech [n]; return the speaker of each, from 0 on, [n].

    As many as `speakers` where that is given and there are enough items, else as many as the similarities show.
    """
    weights = np.asarray(seconds, np.float64)
    labels = _Merging(items, weights).labels(speakers)
    if speakers is None:
        labels = _without_small(items, weights, labels)
    for _ in range(REFINEMENTS):
        labels = closest(items, centroids(items, weights, labels))
    return _numbered(labels)


def centroids(items: FloatArray, weights: npt.ArrayLike, labels: IntArray) -> FloatArray:
    """Return the mean direction of each label's items: unit vectors [labels, size]."""
    return unit(((labels == np.unique(labels)[:, None]) * np.asarray(weights)) @ items)


def closest(items: FloatArray, centers: FloatArray) -> IntArray:
    """Return the index of the center closest to each item."""
    return np.asarray((items @ centers.T).argmax(axis=1))


def unit(vectors: npt.ArrayLike) -> FloatArray:
    """Vectors [..., size] scaled to length 1; zero stays zero."""
    array = np.asarray(vectors, np.float64)
    length = np.linalg.norm(array, axis=-1, keepdims=True)
    return np.asarray(np.divide(array, length, out=np.zeros_like(array), where=length > 0), np.float32)


class _Merging:
    """Clusters of items, at first each by itself, that are merged two by two."""

    def __init__(self, items: FloatArray, weights: DoubleArray) -> None:
        vectors = items.astype(np.float64)
        self._labels = np.arange(len(items))
        self._sums, self._totals = vectors * weights[:, None], weights.copy()
        self._similarity = vectors @ vectors.T
        np.fill_diagonal(self._similarity, -np.inf)
        self._best = self._similarity.argmax(axis=1)  # the most similar cluster to each
        # What items have in common with themselves is no similarity inside of a cluster.
        self._own, self._own_pairs = float(np.square(self._sums).sum()), float(np.square(weights).sum())

    def labels(self, speakers: int | None) -> IntArray:
        """Merge until `speakers` are left, or no two are similar enough; return each item's cluster [n]."""
        rows = np.arange(len(self._labels))
        for left in range(len(rows), speakers or 1, -1):
            kept = int(self._similarity[rows, self._best].argmax())
            gone = int(self._best[kept])
            alike = self._similarity[kept, gone] >= SAME_SPEAKER * self._inside()
            if speakers is None and left <= MAX_SPEAKERS and not alike:
                break
            self._merge(kept, gone)
        return self._labels

    def _inside(self) -> float:
        """Return the mean similarity of two items of one cluster; that expected while there are hardly any pairs."""
        pairs = float(np.square(self._totals).sum()) - self._own_pairs
        similarity = float(np.square(self._sums).sum()) - self._own
        return (similarity + EXPECTED_INSIDE * EXPECTED_PAIRS) / (pairs + EXPECTED_PAIRS)

    def _merge(self, kept: int, gone: int) -> None:
        similarity, best = self._similarity, self._best
        self._labels[self._labels == gone] = kept
        self._sums[kept] += self._sums[gone]
        self._totals[kept] += self._totals[gone]
        self._sums[gone], self._totals[gone] = 0.0, 0.0
        apart = np.isneginf(similarity[kept])  # from itself, and from those merged before
        apart[gone] = True
        row = np.full(len(best), -np.inf)
        row[~apart] = self._sums[~apart] @ self._sums[kept] / (self._totals[~apart] * self._totals[kept])
        previous = similarity[np.arange(len(best)), best]
        similarity[kept], similarity[:, kept] = row, row
        similarity[gone], similarity[:, gone] = -np.inf, -np.inf
        stale = (best == kept) | (best == gone) | (row > previous)
        stale[kept] = True
        best[stale] = similarity[stale].argmax(axis=1)


def _without_small(items: FloatArray, weights: DoubleArray, labels: IntArray) -> IntArray:
    """Give the items of speakers with too little speech to the closest of the others."""
    names = np.unique(labels)
    totals = (labels == names[:, None]) @ weights
    large = names[totals >= min(LEAST_SPEAKER_SECONDS, totals.max())]
    inside = np.isin(labels, large)
    centers = centroids(items[inside], weights[inside], labels[inside])
    return np.where(inside, labels, large[closest(items, centers)])


def _numbered(labels: IntArray) -> IntArray:
    """Labels numbered in the order in which they first occur."""
    names, first = np.unique(labels, return_index=True)
    order = names[np.argsort(first)].tolist()
    return np.array([order.index(label) for label in labels.tolist()], np.int64)
