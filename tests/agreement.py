"""Tolerances between two analyses of one file, as docs/reproducibility.md states them."""

from dataclasses import dataclass

import pytest

from model.contract import Analysis, EmotionScore, SentimentScore, Utterance


@dataclass(frozen=True)
class Tolerance:
    """Absolute tolerances of probabilities, of utterances' edges in seconds, and of contributions in nats.

    `marks`: the fields that depend on a threshold (unclear, contradictory, decided_by) must be equal.
    """

    probability: float
    edge: float
    contribution: float
    marks: bool


# For any kernels, threads, batches and load.
SAME_PROCESSOR = Tolerance(probability=0.001, edge=0.0, contribution=0.02, marks=True)
# For another processor family: without bfloat16, AVX512 or VNNI.
OTHER_PROCESSOR = Tolerance(probability=0.02, edge=0.1, contribution=0.3, marks=False)

CURVE_ROUNDING = 0.001 + 1e-9  # curves are in thousandths

MARKS = {"unclear", "contradictory", "decided_by"}
FIGURES = {"start_time", "end_time", "emotions", "sentiments", "modalities", "bias"}


def assert_same_answer(found: Analysis, expected: Analysis, tolerance: Tolerance = SAME_PROCESSOR) -> None:
    """Fail unless numbers are within the tolerance, and everything else (text, warnings, modalities) is equal.

    An utterance's first label must be equal, too, unless another is as probable within the tolerance.
    """
    assert _without_figures(found, tolerance) == _without_figures(expected, tolerance)
    for ours, theirs in zip(found.utterances, expected.utterances, strict=True):
        edges = pytest.approx((theirs.start_time, theirs.end_time), abs=tolerance.edge + 1e-6)
        assert (ours.start_time, ours.end_time) == edges
        if _first_two(ours) == _first_two(theirs):  # otherwise contributions are about different emotions
            assert _contributions(ours) == pytest.approx(_contributions(theirs), abs=tolerance.contribution)
    for curve, other in zip(_curves(found), _curves(expected), strict=True):
        assert curve == pytest.approx(other, abs=tolerance.probability + CURVE_ROUNDING)
    for probabilities, wanted in zip(_distributions(found), _distributions(expected), strict=True):
        assert probabilities == pytest.approx(wanted, abs=tolerance.probability)
        first = max(wanted, key=wanted.__getitem__)
        assert probabilities[first] >= max(probabilities.values()) - 2 * tolerance.probability


def _without_figures(analysis: Analysis, tolerance: Tolerance) -> dict[str, object]:
    excluded = FIGURES if tolerance.marks else FIGURES | MARKS
    utterances = [u.model_dump(exclude=excluded) | {"modalities": sorted(u.modalities)} for u in analysis.utterances]
    excluded_here = {"utterances", "overall", "people", "curves", "language_probability"}
    return analysis.model_dump(exclude=excluded_here) | {"utterances": utterances, "people": analysis.labels}


def _curves(analysis: Analysis) -> list[list[float]]:
    """Return the probabilities of every step of the curves; empty for a step without evidence."""
    if analysis.curves is None:
        return []
    return [step or [] for _, steps in sorted(analysis.curves.modalities.items()) for step in steps]


def _first_two(utterance: Utterance) -> list[str]:
    return [score.label for score in utterance.emotions[:2]]


def _contributions(utterance: Utterance) -> dict[str, float]:
    found: dict[str, float] = {name: share.contribution or 0.0 for name, share in utterance.modalities.items()}
    return {**found, "bias": utterance.bias or 0.0}


def _distributions(analysis: Analysis) -> list[dict[str, float]]:
    """Return all distributions of an analysis, by label."""

    def of(scores: list[EmotionScore] | list[SentimentScore]) -> dict[str, float]:
        return {score.label: score.confidence for score in scores}

    found = [of(analysis.overall.emotions), of(analysis.overall.sentiments)]
    found.append({"language": analysis.language_probability or 0.0})
    found += [
        of(scores) for person in analysis.people for scores in (person.summary.emotions, person.summary.sentiments)
    ]
    for utterance in analysis.utterances:
        found += [of(utterance.emotions), of(utterance.sentiments)]
        found += [of(share.emotions) for _, share in sorted(utterance.modalities.items())]
    return found
