"""Transcription: skipped words are recovered or reported, and genuine repetition is kept."""

import dataclasses
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from model.asr.base import Encoded, Transcript
from model.asr.transcription import Request, is_loop, transcribe_spans, without_loop
from model.asr.vad import find_speech
from model.features import SAMPLE_RATE, FloatArray
from model.pipeline import Models, analyze
from model.utterances import Word
from tests.conftest import MEDIA
from tests.model.media_files import Sound, silence, speech_of, write
from tests.model.serving import Gate
from tests.model.test_bad_input import check, warned

DIGITS = {"1": "one", "2": "two", "3": "three"}


def plain(text: str) -> list[str]:
    words = "".join(c for c in text.lower() if c.isalnum() or c == " ").split()
    return [DIGITS.get(word, word) for word in words]


@pytest.fixture(scope="module")
def counting() -> FloatArray:
    return speech_of(MEDIA / "one_two_three.flac")


@pytest.mark.parametrize("pause", [0.0, 0.6])
def test_genuine_repetition_is_transcribed(
    models: Models, multilingual: Models, counting: FloatArray, pause: float
) -> None:
    sound = np.concatenate([np.concatenate([counting, silence(pause)]) for _ in range(9)])
    # Words that the decoder adds at the end depend on the processor; the smallest model continues counting.
    for transcriber, added in ((multilingual.transcriber, 1), (models.transcriber, 5)):
        found = transcribe_spans(sound, find_speech(sound), transcriber, Request())
        words = plain("".join(word.text for word in found.words))
        counted = [word for word in words if word in DIGITS.values()]
        assert len(counted) >= 26 and len(words) <= 27 + added
        assert words.count("two") >= 9
        assert not found.untranscribed


class Forgetful(Gate):
    """Transcriber that skips the words after `kept` seconds in its first clips, as decoders sometimes do."""

    kept, times = 7.0, 1

    def transcribe(self, clips: Sequence[Encoded], language: str, translate: bool) -> list[Transcript]:
        transcripts = self._wrapped.transcribe(clips, language, translate)
        if self.times <= 0:
            return transcripts
        self.times -= 1
        return [Transcript([w for w in t.words if w.end < self.kept], t.log_probability) for t in transcripts]


def test_words_that_were_skipped_are_found_again(models: Models, sample: Path) -> None:
    sound = speech_of(sample)
    spans = find_speech(sound)
    complete = transcribe_spans(sound, spans, models.transcriber, Request())
    again = transcribe_spans(sound, spans, Forgetful(models.transcriber), Request())
    expected, words = (plain("".join(w.text for w in found.words)) for found in (complete, again))
    assert abs(len(words) - len(expected)) <= 2 and words[-3:] == expected[-3:]
    assert not again.untranscribed
    starts = [word.start for word in again.words]
    assert starts == sorted(starts)


def test_speech_without_words_is_reported_in_seconds(models: Models, sample: Path) -> None:
    forgetful = Forgetful(models.transcriber)
    forgetful.kept, forgetful.times = 0.0, 1000
    analysis = check(analyze(sample, dataclasses.replace(models, transcriber=forgetful)))
    assert not any(u.text for u in analysis.utterances) and analysis.language is None
    assert all("audio" in u.modalities for u in analysis.utterances[:1])
    [warning] = [w for w in analysis.warnings if "could not be transcribed" in w]
    assert 13.0 < float(warning.split()[0]) < 17.0
    assert not warned(analysis, "No speech was detected")


def write_stereo(path: Path, left: FloatArray, right: FloatArray) -> Path:
    length = max(len(left), len(right))
    channels = np.stack([np.pad(side, (0, length - len(side))) for side in (left, right)], axis=1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((np.clip(channels, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def test_no_sentence_of_two_speakers_in_two_channels_is_lost(models: Models, sample: Path, tmp_path: Path) -> None:
    """Alternating turns of two speakers, one per channel, with 0.1 s between them."""
    sound = speech_of(sample)
    turns = [sound[span.start : span.end] for span in find_speech(sound)]
    sides: list[list[FloatArray]] = [[], []]
    for i, turn in enumerate(turns):
        sides[i % 2].append(turn)
        sides[1 - i % 2].append(silence(len(turn) / SAMPLE_RATE))
        for side in sides:
            side.append(silence(0.1))
    left, right = (np.concatenate(side) for side in sides)
    apart = check(analyze(write_stereo(tmp_path / "call.wav", left, right), models))
    together = check(analyze(write(tmp_path / "mono.wav", [], [Sound(left + right)]), models))
    found, expected = (plain(" ".join(u.text for u in a.utterances)) for a in (apart, together))
    for phrase in ("leisure to consider", "young man", "rather selfish"):
        assert phrase in " ".join(found)
    assert abs(len(found) - len(expected)) <= 3


def test_a_loop_has_words_without_duration() -> None:
    spoken = [Word(0.5 * i, 0.5 * i + 0.4, " one,") for i in range(20)]
    loop = [Word(10.0, 10.02, " one,") for _ in range(50)]
    assert is_loop(spoken + loop) and without_loop(spoken + loop) == spoken
    assert not is_loop(spoken) and without_loop(spoken) == spoken and not is_loop([])


def test_no_loop_is_among_the_words(multilingual: Models, sample: Path) -> None:
    """Reversed speech, transcribed as Finnish: some decoders then repeat "se on se, että" endlessly."""
    backwards = speech_of(sample)[::-1].copy()
    found = transcribe_spans(backwards, find_speech(backwards), multilingual.transcriber, Request(language="fi"))
    assert not is_loop(found.words)
