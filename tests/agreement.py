"""How much two analyses of one file may differ: what docs/reproducibility.md promises, and the only copy of it."""

from dataclasses import dataclass

import pytest

from model.contract import Analysis, EmotionScore, SentimentScore


@dataclass(frozen=True)
class Tolerance:
    """`probability` is absolute; `edge` in seconds, of an utterance's start and end."""

    probability: float
    edge: float


SAME_PROCESSOR = Tolerance(probability=0.001, edge=0.0)  # whatever the kernels, threads, batches and load
OTHER_PROCESSOR = Tolerance(probability=0.02, edge=0.1)  # of another family: without bfloat16, AVX512 or VNNI


def assert_same_answer(found: Analysis, expected: Analysis, tolerance: Tolerance = SAME_PROCESSOR) -> None:
    """Fail unless all that is no figure is the same (words, warnings, modalities), and the figures are within
    the tolerance. An utterance's first label is the same as well, unless another is as likely within it.
    """
    assert _without_figures(found) == _without_figures(expected)
    for ours, theirs in zip(found.utterances, expected.utterances, strict=True):
        edges = pytest.approx((theirs.start_time, theirs.end_time), abs=tolerance.edge + 1e-6)
        assert (ours.start_time, ours.end_time) == edges
    for probabilities, wanted in zip(_distributions(found), _distributions(expected), strict=True):
        assert probabilities == pytest.approx(wanted, abs=tolerance.probability)
        first = max(wanted, key=wanted.__getitem__)
        assert probabilities[first] >= max(probabilities.values()) - 2 * tolerance.probability


def _without_figures(analysis: Analysis) -> dict[str, object]:
    figures = {"start_time", "end_time", "emotions", "sentiments", "modalities"}
    utterances = [u.model_dump(exclude=figures) | {"modalities": sorted(u.modalities)} for u in analysis.utterances]
    return analysis.model_dump(exclude={"utterances", "overall", "language_probability"}) | {"utterances": utterances}


def _distributions(analysis: Analysis) -> list[dict[str, float]]:
    """Every list of probabilities of an analysis, and every modality's weight, by label."""

    def of(scores: list[EmotionScore] | list[SentimentScore]) -> dict[str, float]:
        return {score.label: score.confidence for score in scores}

    found = [of(analysis.overall.emotions), of(analysis.overall.sentiments)]
    found.append({"language": analysis.language_probability or 0.0})
    for utterance in analysis.utterances:
        found += [of(utterance.emotions), of(utterance.sentiments)]
        shares = sorted(utterance.modalities.items())
        found += [of(share.emotions) for _, share in shares]
        found.append({modality: share.weight for modality, share in shares})
    return found
