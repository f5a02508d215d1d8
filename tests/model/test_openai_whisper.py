"""The openai-whisper engine transcribes the same as faster-whisper with the same weights.

The checkpoint is converted from the CTranslate2 model of `model.weights.catalog` by `bench.whisper_checkpoint`. Words
are compared in lower case and without punctuation, in order (difflib's longest matching blocks). Most must be equal,
but not all: arithmetic in int8 and fp32 may differ on a word, and the engines split the audio differently.
"""

import difflib
import re
from pathlib import Path

import pytest

from bench.whisper_checkpoint import checkpoint
from model.asr.base import SpeechError, Transcriber
from model.asr.openai_whisper import OpenAIWhisper
from model.asr.registry import load_transcriber
from model.asr.transcription import Request, transcribe_spans
from model.asr.vad import find_speech
from model.features import FloatArray
from model.media import read_audio
from model.pipeline import Models
from model.utterances import Word

SAME_WORDS = 0.85  # of those that either engine transcribed
SAME_TIME = 1.0  # seconds of difference of a word's start, in the median


@pytest.fixture(scope="module")
def sound(sample: Path) -> FloatArray:
    return read_audio(sample)


@pytest.fixture(scope="module")
def openai() -> Transcriber:
    return load_transcriber(f"openai-whisper:{checkpoint('tiny.en')}")


@pytest.fixture(scope="module")
def transcribed(sound: FloatArray, openai: Transcriber) -> list[Word]:
    found = transcribe_spans(sound, find_speech(sound), openai, Request())
    assert [run.language for run in found.runs] == ["en"] and not found.untranscribed
    return found.words


@pytest.fixture(scope="module")
def expected(sound: FloatArray, models: Models) -> list[Word]:
    """Words of faster-whisper with the same weights."""
    return transcribe_spans(sound, find_speech(sound), models.transcriber, Request()).words


def test_the_engine_is_chosen_by_name(openai: Transcriber) -> None:
    assert isinstance(openai, OpenAIWhisper)
    assert openai.name == "openai-whisper tiny.en"
    assert not openai.multilingual


def test_it_transcribes_the_same_words(transcribed: list[Word], expected: list[Word]) -> None:
    ours, theirs = _plain(transcribed), _plain(expected)
    assert len(theirs) > 30
    assert difflib.SequenceMatcher(None, ours, theirs, autojunk=False).ratio() >= SAME_WORDS, (ours, theirs)


def test_words_lie_within_the_clip_and_in_order(transcribed: list[Word], sound: FloatArray) -> None:
    end = len(sound) / 16_000
    assert all(0.0 <= word.start <= word.end <= end for word in transcribed)
    starts = [word.start for word in transcribed]
    assert starts == sorted(starts)


def test_words_come_at_the_same_times(transcribed: list[Word], expected: list[Word]) -> None:
    ours, theirs = _plain(transcribed), _plain(expected)
    blocks = difflib.SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks()
    apart = sorted(
        abs(transcribed[block.a + i].start - expected[block.b + i].start) for block in blocks for i in range(block.size)
    )
    assert apart[len(apart) // 2] <= SAME_TIME


def test_an_invalid_checkpoint_is_rejected_with_a_message(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pt"
    broken.write_bytes(b"not a checkpoint")
    with pytest.raises(SpeechError, match="broken.pt"):
        load_transcriber(f"openai-whisper:{broken}")


def _plain(words: list[Word]) -> list[str]:
    """Return the words in lower case, reduced to letters and digits."""
    return [re.sub(r"[^a-z0-9]", "", word.text.lower()) for word in words]
