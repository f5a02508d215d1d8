"""Conversations composed of recordings of known speakers: the turns are known to the sample.

Speakers of one conversation come from one corpus, so that no microphone or room tells them apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model.features import SAMPLE_RATE, FloatArray, rms
from model.media import read_audio

SPEECH_FLOOR = 0.03  # of the loudest frame; quieter ones are no speech
SPEECH_FRAME = 160  # samples
INNER_PAUSE = 0.5  # seconds; longer pauses of a recording are no part of its turn
LEVEL = 0.05  # root mean square of a recording
LEVELS_DB = (-4.0, 4.0)  # of a speaker, relative to that
PAUSES = (0.05, 0.8)  # seconds between turns
OVERLAPS = (0.3, 1.0)  # seconds by which a turn begins before the one before it ends
OVERLAP_SHARE = 0.25  # of the turns, where a conversation has overlaps
REPLY_SHARE = 0.15  # of the turns that are short replies; nobody's first is one
REPLY_SECONDS = (0.5, 0.9)
MOST_RECORDINGS = 3  # of one turn
NOISE_DB = (10.0, 20.0)  # speech above noise, where a conversation has noise

Speakers = Mapping[str, Sequence[Path]]
"""Recordings by speaker."""


@dataclass(frozen=True)
class Turn:
    """A part of the audio in which a speaker speaks, in seconds."""

    start: float
    end: float
    speaker: str


@dataclass(frozen=True)
class Conversation:
    """Audio float32 [n] at SAMPLE_RATE and the turns in it, in order of their starts."""

    audio: FloatArray
    turns: tuple[Turn, ...]

    @property
    def speakers(self) -> frozenset[str]:
        return frozenset(turn.speaker for turn in self.turns)


@dataclass(frozen=True)
class Kind:
    """The make-up of a conversation."""

    speakers: int
    seconds: float = 60.0
    overlaps: bool = False
    noise: bool = False


def compose(recordings: Speakers, kind: Kind, random: np.random.Generator) -> Conversation:
    """Compose a conversation of `kind`; every speaker has at least one turn. Raises ValueError for too few speakers."""
    if len(recordings) < kind.speakers:
        raise ValueError(f"{len(recordings)} speakers are too few for a conversation of {kind.speakers}")
    names = [str(name) for name in random.choice(sorted(recordings), kind.speakers, replace=False)]
    levels = {name: 10 ** (random.uniform(*LEVELS_DB) / 20) for name in names}
    audio = np.zeros(round((kind.seconds + 60.0) * SAMPLE_RATE), np.float32)
    turns: list[Turn] = []
    position, order = round(0.3 * SAMPLE_RATE), list(random.permutation(names))
    while position < kind.seconds * SAMPLE_RATE or order:
        others = [name for name in names if not turns or name != turns[-1].speaker] or names
        first = bool(order)
        speaker = str(order.pop() if order else random.choice(others))
        speech, parts = _turn(recordings[speaker], random, reply=not first and random.random() < REPLY_SHARE)
        if kind.overlaps and turns and random.random() < OVERLAP_SHARE:
            earlier = min(random.uniform(*OVERLAPS), (turns[-1].end - turns[-1].start) / 2)
            start = round((turns[-1].end - earlier) * SAMPLE_RATE)
        else:
            start = position + round(random.uniform(*PAUSES) * SAMPLE_RATE)
        audio[start : start + len(speech)] += levels[speaker] * speech
        turns += [Turn((start + a) / SAMPLE_RATE, (start + b) / SAMPLE_RATE, speaker) for a, b in parts]
        position = max(position, start + len(speech))
    audio = audio[: position + round(0.3 * SAMPLE_RATE)]
    return Conversation(_noisy(audio, random) if kind.noise else audio, tuple(sorted(turns, key=lambda t: t.start)))


def _turn(paths: Sequence[Path], random: np.random.Generator, reply: bool) -> tuple[FloatArray, list[tuple[int, int]]]:
    """Return the audio of one turn, and the spans of speech in it, in samples."""
    if reply:
        short = _recording(paths, random)[0][: round(random.uniform(*REPLY_SECONDS) * SAMPLE_RATE)]
        return short, [(0, len(short))]
    audio, parts, length = list[FloatArray](), list[tuple[int, int]](), 0
    for _ in range(random.integers(1, MOST_RECORDINGS + 1)):
        recording, spans = _recording(paths, random)
        pause = np.zeros(round(random.uniform(0.1, 0.4) * SAMPLE_RATE) if audio else 0, np.float32)
        length += len(pause)
        parts += [(length + a, length + b) for a, b in spans]
        audio += [pause, recording]
        length += len(recording)
    return np.concatenate(audio), _joined(parts)


def _recording(paths: Sequence[Path], random: np.random.Generator) -> tuple[FloatArray, list[tuple[int, int]]]:
    """Return one recording from its first to its last sound, at a fixed level, and its spans of speech, in samples."""
    audio = read_audio(paths[int(random.integers(len(paths)))])
    frames = audio[: len(audio) // SPEECH_FRAME * SPEECH_FRAME].reshape(-1, SPEECH_FRAME)
    level = np.sqrt(np.square(frames).mean(axis=1))
    loud = np.flatnonzero(level >= SPEECH_FLOOR * level.max())
    first, last = int(loud[0]), int(loud[-1]) + 1
    parts = _joined([((i - first) * SPEECH_FRAME, (i - first + 1) * SPEECH_FRAME) for i in loud.tolist()])
    speech = audio[first * SPEECH_FRAME : last * SPEECH_FRAME]
    return speech * (LEVEL / max(rms(speech), 1e-6)), parts


def _joined(parts: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join parts over pauses up to INNER_PAUSE."""
    joined: list[tuple[int, int]] = []
    for start, end in parts:
        if joined and start - joined[-1][1] <= INNER_PAUSE * SAMPLE_RATE:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _noisy(audio: FloatArray, random: np.random.Generator) -> FloatArray:
    """Add pink noise."""
    spectrum = np.fft.rfft(random.standard_normal(len(audio)))
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    noise = np.fft.irfft(spectrum, len(audio)).astype(np.float32)
    wanted = LEVEL / 10 ** (random.uniform(*NOISE_DB) / 20)
    return audio + noise * np.float32(wanted / rms(noise))
