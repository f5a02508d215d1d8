"""Voice activity: audio evidence comes from speech and other voiced sounds, and from nothing else."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from model.asr.base import Span
from model.asr.segmenter import Window
from model.asr.vad import FRAME, MAX_SPAN_SECONDS, Voice, detect_voice, find_speech, speech_spans
from model.contract import summarize
from model.features import SAMPLE_RATE, FloatArray
from model.pipeline import Models, analyze
from tests.conftest import MEDIA
from tests.model.media_files import (
    Sound,
    frames_of,
    hum,
    laughter,
    music,
    noise,
    rain,
    room_tone,
    silence,
    speech_of,
    write,
)
from tests.model.test_bad_input import check, warned

NO_VOICES = [noise, rain, hum, room_tone, music, silence]


@pytest.mark.parametrize("make", NO_VOICES)
def test_sounds_other_than_voices_are_not_analyzed(
    models: Models, tmp_path: Path, make: Callable[[float], FloatArray]
) -> None:
    analysis = check(analyze(write(tmp_path / "a.wav", [], [Sound(make(25.0))]), models))
    assert analysis.utterances == [] and analysis.overall.emotions == []
    assert warned(analysis, "25.0 s with neither voice nor face were skipped")


@pytest.mark.parametrize("make", NO_VOICES)
def test_with_other_sounds_only_the_face_is_used(
    models: Models, sample: Path, tmp_path: Path, make: Callable[[float], FloatArray]
) -> None:
    path = write(tmp_path / "a.mp4", frames_of(sample, seconds=4.0), [Sound(make(4.0))])
    analysis = check(analyze(path, models))
    assert [set(u.modalities) for u in analysis.utterances] == [{"face"}]


@pytest.mark.parametrize("rest", [silence, room_tone, noise, rain])
def test_sound_after_the_speech_is_not_analyzed(
    models: Models, tmp_path: Path, rest: Callable[[float], FloatArray]
) -> None:
    """Regression: silence after "one two three" was predicted as sadness and dominated the overall result."""
    counting = speech_of(MEDIA / "one_two_three.flac")
    path = write(tmp_path / "a.wav", [], [Sound(np.concatenate([counting, rest(20.0)]))])
    analysis = check(analyze(path, models))
    assert [bool(u.text) for u in analysis.utterances] == [True]
    assert analysis.utterances[0].end_time < 3.0
    expected = summarize(analysis.utterances)
    assert (analysis.overall.emotions, analysis.overall.sentiments) == (expected.emotions, expected.sentiments)
    assert warned(analysis, "s with neither voice nor face were skipped")


def test_laughter_without_words_is_a_voice(models: Models, tmp_path: Path) -> None:
    sound = np.concatenate([silence(4.0), laughter(3.0), silence(4.0)])
    analysis = check(analyze(write(tmp_path / "a.wav", [], [Sound(sound)]), models))
    assert analysis.utterances and all("audio" in u.modalities for u in analysis.utterances)


def test_a_voiced_sound_that_is_not_speech_is_a_voice() -> None:
    """A high giggle in faint noise, which the speech detector misses."""
    sound = np.concatenate([silence(1.0), laughter(3.0, pitch=600.0), silence(1.0)]) + 0.1 * noise(5.0, seed=1)
    assert find_speech(sound) == []
    voice = detect_voice(sound)
    assert sum(span.seconds for span in voice.voiced) > 0.2
    assert all(span.start / SAMPLE_RATE >= 1.0 and span.end / SAMPLE_RATE <= 4.1 for span in voice.voiced)


def test_a_spoken_sentence_keeps_all_of_its_sound(sample: Path) -> None:
    """Short pauses are kept, as in training."""
    sound = speech_of(sample)
    window = Window(0.0, len(sound) / SAMPLE_RATE, sound, detect_voice(sound), [])
    for start, end in ((0.8, 7.5), (7.9, 11.5), (12.3, 17.4)):
        assert np.array_equal(window.voice_between(start, end), window.audio_between(start, end))


def test_long_pauses_are_removed_from_the_voice(sample: Path) -> None:
    sentence = speech_of(sample)[16_000:64_000]
    sound = np.concatenate([sentence, room_tone(9.0), sentence])
    window = Window(10.0, 10.0 + len(sound) / SAMPLE_RATE, sound, detect_voice(sound), [])
    kept = window.voice_between(10.0, 25.0)
    assert 4.0 * SAMPLE_RATE < len(kept) < 8.0 * SAMPLE_RATE
    assert len(window.voice_between(14.0, 21.0)) == 0


spans = st.lists(st.tuples(st.integers(0, 160_000), st.integers(0, 160_000)), max_size=6).map(
    lambda pairs: [Span(min(pair), max(pair)) for pair in pairs]
)


@given(spans, st.floats(0.0, 10.0), st.floats(0.0, 10.0))
def test_voice_is_part_of_the_audio(voiced: list[Span], a: float, b: float) -> None:
    start, end = min(a, b), max(a, b)
    audio = np.arange(160_000, dtype=np.float32)
    window = Window(0.0, 10.0, audio, Voice([], sorted(voiced, key=lambda s: s.start)), [])
    whole, kept = window.audio_between(start, end), window.voice_between(start, end)
    assert len(kept) in (0, len(whole)) or set(kept) < set(whole)
    assert np.all(np.diff(kept) > 0)


probabilities = arrays.arrays(np.float32, st.integers(1, 2000), elements=st.floats(0, 1, width=32))


@given(probabilities)
def test_spans_of_speech_are_in_order_and_fit_a_clip(values: FloatArray) -> None:
    length = len(values) * FRAME - 100
    found = speech_spans(values, length)
    edges = [edge for span in found for edge in (span.start, span.end)]
    assert edges == sorted(edges) and all(0 <= edge <= length for edge in edges)
    assert all(0.2 < span.seconds <= MAX_SPAN_SECONDS for span in found)


@pytest.mark.parametrize("seconds", [0.0, 0.01, 0.032, 0.5])
def test_audio_of_any_length(seconds: float) -> None:
    assert detect_voice(noise(seconds)) == Voice([], [])


def test_long_speech_is_cut_where_it_is_least_probable() -> None:
    values = np.full(2300, 0.9, np.float32)  # 74 s without a pause
    values[[700, 1500]] = 0.6
    found = speech_spans(values, 2300 * FRAME)
    assert [round(span.start / FRAME) for span in found[1:]] == [700, 1500]
    assert found[0].start == 0 and found[-1].end == 2300 * FRAME


def test_spans_are_those_of_the_library(sample: Path) -> None:
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(min_silence_duration_ms=160, speech_pad_ms=200, min_speech_duration_ms=200)
    for sound in (speech_of(sample), speech_of(MEDIA / "german.flac"), speech_of(MEDIA / "one_two_three.flac")):
        expected = get_speech_timestamps(sound, options)
        assert [(span.start, span.end) for span in find_speech(sound)] == [(s["start"], s["end"]) for s in expected]
