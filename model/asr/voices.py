"""The voice of each word, so that utterances end where the speaker changes."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from model.asr.base import WindowVoices
from model.utterances import Word

MIN_SECONDS = 0.6  # a voice with less amid another's words is taken for that one
MAX_PAUSE = 0.3  # between words that are amid one another; a reply of one word has a pause before it


def with_voices(words: Sequence[Word], voices: WindowVoices, start: float) -> list[Word]:
    """Return the words, in order of time, with their voices; their times are seconds from `start` of the video."""
    found = voices.at([start + (word.start + word.end) / 2 for word in words])
    named = [replace(word, voice=voice) for word, voice in zip(words, found, strict=True)]
    steady: list[Word] = []
    for _, group in groupby(named, key=lambda word: word.voice):
        run = list(group)
        if steady and run[-1].end - run[0].start < MIN_SECONDS and run[0].start - steady[-1].end < MAX_PAUSE:
            run = [replace(word, voice=steady[-1].voice) for word in run]
        steady += run
    return steady
