"""A conversation of real voices whose turns are known: two women, composed of the committed recordings."""

from pathlib import Path

import numpy as np

from model.asr.vad import detect_voice
from model.features import SAMPLE_RATE, FloatArray, rms
from model.media import read_audio
from training.diarization.composing import Turn

ROOT = Path(__file__).parents[2]
READER = ROOT / "tests/media/face_and_speech.mp4"  # a woman reads
ACTRESS = ROOT / "examples/six_emotions.mp4"  # another acts six emotions


def two_people() -> tuple[FloatArray, list[Turn]]:
    """The reader and the actress in turns, and the turns."""
    pause = np.zeros(SAMPLE_RATE // 4, np.float32)
    audio, turns, position = [pause], list[Turn](), len(pause)
    for pair in zip(parts(READER, 3.0), parts(ACTRESS, 3.0), strict=False):
        for name, piece in zip(("reader", "actress"), pair, strict=True):
            turns.append(Turn(position / SAMPLE_RATE, (position + len(piece)) / SAMPLE_RATE, name))
            audio += [piece, pause]
            position += len(piece) + len(pause)
    return np.concatenate(audio), turns


def parts(path: Path, seconds: float) -> list[FloatArray]:
    """A recording's speech in pieces of about this length, cut where nobody speaks, all equally loud."""
    audio, pieces = read_audio(path), list[FloatArray]()
    for span in detect_voice(audio).speech:
        if pieces and len(pieces[-1]) < seconds * SAMPLE_RATE:
            pieces[-1] = np.concatenate([pieces[-1], audio[span.start : span.end]])
        else:
            pieces.append(audio[span.start : span.end])
    return [loud(piece) for piece in pieces]


def loud(audio: FloatArray) -> FloatArray:
    return np.asarray(audio * (0.05 / rms(audio)), np.float32)
