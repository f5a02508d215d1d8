"""The result's schema and its summary."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from model.contract import (
    EMOTIONS,
    SENTIMENT_OF_EMOTION,
    SENTIMENTS,
    Analysis,
    Curves,
    Utterance,
    rank_emotions,
    rank_sentiments,
    summarize,
)
from tests.unit.analyses import analysis_of
from tests.unit.analyses import utterance as one


def distribution(classes: int) -> st.SearchStrategy[list[float]]:
    weights = st.lists(st.floats(0.01, 1.0), min_size=classes, max_size=classes)
    return weights.map(lambda w: [x / sum(w) for x in w])


@st.composite
def utterances(draw: st.DrawFn) -> Utterance:
    start = draw(st.floats(0.0, 100.0))
    return Utterance(
        start_time=start,
        end_time=start + draw(st.floats(0.5, 15.0)),
        text=draw(st.text(max_size=20)),
        emotions=rank_emotions(draw(distribution(7))),
        sentiments=rank_sentiments(draw(distribution(3))),
        modalities={},
    )


@given(st.lists(utterances(), min_size=1, max_size=8))
def test_overall_is_a_distribution_between_the_utterances(items: list[Utterance]) -> None:
    overall = summarize(items)
    assert sum(s.confidence for s in overall.emotions) == pytest.approx(1.0)
    assert sum(s.confidence for s in overall.sentiments) == pytest.approx(1.0)
    for score in overall.emotions:
        each = [next(e.confidence for e in u.emotions if e.label == score.label) for u in items]
        assert min(each) - 1e-9 <= score.confidence <= max(each) + 1e-9


def test_overall_weighs_by_duration() -> None:
    def utterance(start: float, end: float, joy: float) -> Utterance:
        rest = (1.0 - joy) / 6
        emotions = rank_emotions([joy if e == "joy" else rest for e in EMOTIONS])
        return Utterance(
            start_time=start, end_time=end, text="", emotions=emotions,
            sentiments=rank_sentiments([0.2, 0.3, 0.5]), modalities={},
        )  # fmt: skip

    overall = summarize([utterance(0, 9, 1.0), utterance(9, 10, 0.0)])
    assert overall.emotions[0].label == "joy"
    assert overall.emotions[0].confidence == pytest.approx(0.9)


def test_nothing_to_summarize() -> None:
    assert summarize([]).emotions == []


@pytest.mark.parametrize("broken", [{"end_time": 0.5}, {"start_time": float("nan")}, {"end_time": float("inf")}])
def test_impossible_times_are_refused(broken: dict[str, float]) -> None:
    good = {"start_time": 1.0, "end_time": 2.0, "text": "", "modalities": {}}
    scores = {"emotions": rank_emotions([1.0] + [0.0] * 6), "sentiments": rank_sentiments([1.0, 0.0, 0.0])}
    Utterance.model_validate({**good, **scores})
    with pytest.raises(ValidationError):
        Utterance.model_validate({**good, **scores, **broken})


def test_a_label_stands_once() -> None:
    emotions, sentiments = rank_emotions([1.0] + [0.0] * 6), rank_sentiments([1.0, 0.0, 0.0])
    times = {"start_time": 0, "end_time": 1, "text": "", "modalities": {}, "sentiments": sentiments}
    with pytest.raises(ValidationError, match="duplicate label"):
        Utterance.model_validate({**times, "emotions": [*emotions[:6], emotions[0]]})


def test_labels() -> None:
    """The order is that of the network's outputs; a bundle trained with another must not load."""
    assert EMOTIONS == ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")
    assert SENTIMENTS == ("negative", "neutral", "positive")
    assert set(EMOTIONS) - set(SENTIMENT_OF_EMOTION) == {"surprise"}


def test_results_from_before_languages_stay_readable() -> None:
    """Results of version 1.0 have neither an utterance's language nor its probability."""
    stored = json.loads(analysis_of(one(0, 1, "Hello.")).model_dump_json())
    stored["schema_version"] = "1.0"
    del stored["language_probability"], stored["utterances"][0]["language"]
    read = Analysis.model_validate(stored)
    assert (read.schema_version, read.language_probability, read.utterances[0].language) == ("1.0", None, None)


def test_curves_have_the_same_steps_for_each_modality() -> None:
    step = [0.1, 0.1, 0.1, 0.4, 0.1, 0.1, 0.1]
    curves = {"step_s": 0.5, "emotions": EMOTIONS, "window_s": {"face": 1.0, "audio": 2.0}}
    assert Curves.model_validate({**curves, "modalities": {"face": [None, step], "audio": [step, None]}})
    with pytest.raises(ValidationError, match="number of steps"):
        Curves.model_validate({**curves, "modalities": {"face": [step], "audio": [step, None]}})
    with pytest.raises(ValidationError):
        Curves.model_validate({**curves, "modalities": {"face": [[0.5, 0.5]]}})


def test_results_without_curves_are_read() -> None:
    older = analysis_of(one(0, 1, "Hello")).model_dump(exclude={"curves"})
    assert Analysis.model_validate(older).curves is None
