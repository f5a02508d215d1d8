"""Language identification: each part of a video is transcribed in its own language."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.asr.base import Clip, Encoded, Span
from model.asr.languages import CHANGE_COST, Unit, best_path
from model.contract import Analysis
from model.features import SAMPLE_RATE, FloatArray
from model.pipeline import Models, Options, analyze
from tests.conftest import MEDIA
from tests.model.media_files import Sound, faster, silence, speech_of, write
from tests.model.test_bad_input import check, warned

ENGLISH = "had then leisure to consider"


def analyzed(tmp_path: Path, models: Models, *parts: FloatArray, **options: Any) -> Analysis:
    """Analyze sounds with one second of silence between them."""
    apart = [piece for part in parts for piece in (silence(1.0), part)][1:]
    path = write(tmp_path / "a.wav", [], [Sound(np.concatenate(apart))])
    return check(analyze(path, models, Options(**options)))


def text_in(analysis: Analysis, language: str) -> str:
    return " ".join(u.text for u in analysis.utterances if u.language == language)


@pytest.fixture(scope="module")
def english(sample: Path) -> FloatArray:
    return speech_of(sample)


@pytest.fixture(scope="module")
def german() -> FloatArray:
    return speech_of(MEDIA / "german.flac")


def test_german_introduction_to_an_english_talk(
    tmp_path: Path, multilingual: Models, english: FloatArray, german: FloatArray
) -> None:
    analysis = analyzed(tmp_path, multilingual, german, english, english)
    assert analysis.language == "en"
    assert analysis.language_probability is not None and analysis.language_probability > 0.9
    assert "meine Damen und Herren" in text_in(analysis, "de") and "Musik" in text_in(analysis, "de")
    assert text_in(analysis, "en").count(ENGLISH) == 2
    for utterance in analysis.utterances:
        assert ("text" in utterance.modalities) == (utterance.language == "en")
    assert warned(analysis, "Speech is partly in German; this model reads English, so those words were not used.")


def test_three_languages_in_turn(tmp_path: Path, multilingual: Models, english: FloatArray, german: FloatArray) -> None:
    french = speech_of(MEDIA / "french.flac")
    analysis = analyzed(tmp_path, multilingual, english[: 7 * SAMPLE_RATE], french, german)
    order = [u.language for u in analysis.utterances if u.text]
    assert [name for i, name in enumerate(order) if i == 0 or name != order[i - 1]] == ["en", "fr", "de"]
    assert ENGLISH in text_in(analysis, "en")
    assert "français" in text_in(analysis, "fr") and "Bonjour" in text_in(analysis, "fr")
    assert "Damen und Herren" in text_in(analysis, "de")
    assert warned(analysis, "Speech is partly in French and German")


def test_the_first_ten_seconds_do_not_decide(tmp_path: Path, multilingual: Models, english: FloatArray) -> None:
    """Whisper detects reversed speech as Welsh, at p = .67."""
    analysis = analyzed(tmp_path, multilingual, english[::-1], english)
    assert analysis.language == "en"
    assert ENGLISH in text_in(analysis, "en") and "rather selfish" in text_in(analysis, "en")


@pytest.mark.parametrize("speed", [0.8, 1.1, 1.25])
def test_one_two_three_is_english(tmp_path: Path, multilingual: Models, speed: float) -> None:
    """The first seconds by themselves are detected as Japanese, Japanese and Chinese."""
    counting = faster(speech_of(MEDIA / "one_two_three.flac"), speed)
    analysis = analyzed(tmp_path, multilingual, counting)
    assert analysis.language == "en"
    assert analysis.language_probability is not None and analysis.language_probability > 0.5
    [utterance] = [u for u in analysis.utterances if u.text]
    assert [word.strip(",.!").lower() for word in utterance.text.split()] in (["one", "two", "three"], ["1", "2", "3"])
    assert "text" in utterance.modalities


def test_an_uncertain_language_is_reported(tmp_path: Path, multilingual: Models, english: FloatArray) -> None:
    """If no language matches, a warning says so; a language at p = .28 is never presented as certain."""
    analysis = analyzed(tmp_path, multilingual, english[::-1])
    unsure = analysis.language_probability is not None and analysis.language_probability < 0.5
    assert not unsure or warned(analysis, "The language is uncertain")


def test_a_stated_language_has_no_probability(tmp_path: Path, multilingual: Models, english: FloatArray) -> None:
    analysis = analyzed(tmp_path, multilingual, english[: 7 * SAMPLE_RATE], language="en")
    assert (analysis.language, analysis.language_probability) == ("en", None)
    assert {u.language for u in analysis.utterances if u.text} == {"en"}


NAMES = ("de", "en", "fr")


def unit(seconds: float, probabilities: dict[str, float]) -> Unit:
    clip = Clip((Span(0, round(seconds * SAMPLE_RATE)),), np.zeros(0, np.float32))
    return Unit(Encoded(clip, None), 0, 1, probabilities)


def score(units: list[Unit], path: list[str], previous: str | None) -> float:
    """Return the objective that `best_path` maximizes."""
    before = [previous or path[0], *path]
    changes = sum(a != b for a, b in zip(before, path, strict=False))
    evidence = sum(u.seconds * np.log(max(u.probabilities[name], 0.01)) for u, name in zip(units, path, strict=True))
    return float(evidence) - CHANGE_COST * changes


@given(
    st.lists(
        st.tuples(st.floats(0.3, 15.0), st.lists(st.floats(0.01, 1.0), min_size=3, max_size=3)), min_size=1, max_size=4
    ),
    st.sampled_from([None, *NAMES]),
)
def test_no_path_of_languages_is_better(given: list[tuple[float, list[float]]], previous: str | None) -> None:
    """Compared with all paths."""
    units = [unit(s, {n: w / sum(ws) for n, w in zip(NAMES, ws, strict=True)}) for s, ws in given]
    paths: list[list[str]] = [[]]
    for _ in units:
        paths = [[*path, name] for path in paths for name in NAMES]
    best = max(score(units, path, previous) for path in paths)
    assert score(units, best_path(units, previous), previous) == pytest.approx(best)
