"""Embeddings of voices -> speakers, their number found or given.

Agglomerative clustering with average linkage on the cosine (Han et al. 2008, "Strategies to improve the robustness of
agglomerative hierarchical clustering under data source variation for speaker diarization"). Embeddings are unit
vectors, so that the mean similarity of two clusters is the product of their mean vectors.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from model.features import FloatArray

IntArray = npt.NDArray[np.int64]
DoubleArray = npt.NDArray[np.float64]

SAME_SPEAKER = 0.35  # mean cosine from which two clusters are one speaker
MAX_SPEAKERS = 20
LEAST_SPEAKER_SECONDS = 3.0  # of speech; a cluster with less is taken for part of the speaker it is closest to
REFINEMENTS = 3  # passes that move items to the closest speaker


def cluster(
    embeddings: FloatArray, seconds: Sequence[float], speakers: int | None = None, same: float = SAME_SPEAKER
) -> IntArray:
    """Cluster unit vectors [n, size] with their seconds of speech [n]; return the speaker of each, from 0 on, [n].

    As many as `speakers` where that is given and there are enough of them, else as many as the similarities show.
    """
    weights = np.asarray(seconds, np.float64)
    labels = _merged(embeddings.astype(np.float64), weights, speakers, same)
    if speakers is None:
        labels = _without_small(embeddings, weights, labels)
    for _ in range(REFINEMENTS):
        labels = closest(embeddings, centroids(embeddings, weights, labels))
    return _numbered(labels)


def centroids(embeddings: FloatArray, weights: npt.ArrayLike, labels: IntArray) -> FloatArray:
    """Return the mean direction of each label's embeddings: unit vectors [labels, size]."""
    names = np.unique(labels)
    member = (labels == names[:, None]) * np.asarray(weights)
    return unit(member @ embeddings)


def closest(embeddings: FloatArray, centers: FloatArray) -> IntArray:
    """Return the index of the center closest to each embedding."""
    return np.asarray((embeddings @ centers.T).argmax(axis=1))


def unit(vectors: npt.ArrayLike) -> FloatArray:
    """Vectors [..., size] scaled to length 1; zero stays zero."""
    array = np.asarray(vectors, np.float64)
    length = np.linalg.norm(array, axis=-1, keepdims=True)
    return np.divide(array, length, out=np.zeros_like(array), where=length > 0).astype(np.float32)


def _merged(embeddings: DoubleArray, weights: DoubleArray, speakers: int | None, same: float) -> IntArray:
    """Merge the two most similar clusters, again and again, until `speakers` are left or none is similar enough."""
    labels = np.arange(len(embeddings))
    sums, totals = embeddings * weights[:, None], weights.copy()
    similarity = embeddings @ embeddings.T
    np.fill_diagonal(similarity, -np.inf)
    best = similarity.argmax(axis=1)
    left = len(embeddings)
    while left > (speakers or 1):
        kept = int(similarity[np.arange(len(best)), best].argmax())
        gone = int(best[kept])
        if speakers is None and left <= MAX_SPEAKERS and similarity[kept, gone] < same:
            break
        labels[labels == gone] = kept
        sums[kept] += sums[gone]
        totals[kept] += totals[gone]
        row = sums @ sums[kept] / (totals * totals[kept])
        row[np.isneginf(similarity[kept])] = -np.inf  # itself, and those merged before
        row[gone] = -np.inf
        similarity[kept], similarity[:, kept] = row, row
        similarity[gone], similarity[:, gone] = -np.inf, -np.inf
        stale = np.flatnonzero((best == kept) | (best == gone) | (row > similarity[np.arange(len(best)), best]))
        for i in {*stale.tolist(), kept}:
            best[i] = similarity[i].argmax()
        left -= 1
    return labels


def _without_small(embeddings: FloatArray, weights: DoubleArray, labels: IntArray) -> IntArray:
    """Give the items of speakers with too little speech to the closest of the others."""
    names = np.unique(labels)
    totals = (labels == names[:, None]) @ weights
    large = names[totals >= min(LEAST_SPEAKER_SECONDS, totals.max())]
    inside = np.isin(labels, large)
    centers = centroids(embeddings[inside], weights[inside], labels[inside])
    return np.where(inside, labels, large[closest(embeddings, centers)])


def _numbered(labels: IntArray) -> IntArray:
    """Labels numbered in the order in which they first occur."""
    names, first = np.unique(labels, return_index=True)
    order = names[np.argsort(first)].tolist()
    return np.array([order.index(label) for label in labels.tolist()], np.int64)
