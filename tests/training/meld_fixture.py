"""Small folder in MELD's official layout: real clips, cut from the committed sample, with MELD's known faults."""

import csv
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np

from model.contract import EMOTIONS, SENTIMENT_OF_EMOTION
from model.features import SAMPLE_RATE, ByteArray
from tests.model.media_files import Sound, frames_of, speech_of, write
from training.corpora.meld import PARTS

SAMPLE = Path(__file__).parents[1] / "media" / "face_and_speech.mp4"
SECONDS = 1.0
RATE = 12.0  # frames per second
WIDTH, HEIGHT = 256, 144
SHARES = {"train": 7, "held-out": 3, "test": 2}  # of twelve clips
DIALOGUE = 2  # utterances
WORDS = ("I", "you", "they", "saw", "lost", "found", "love", "hate", "fear", "the", "old", "day", "night", "door")


def make_meld(folder: Path, clips: int = 12) -> Path:
    """Create `clips` readable clips of a second each, and MELD's known faults.

    With twelve clips or more, train has every emotion. Faults: train dia125_utt3 is unreadable, dev dia110_utt7 is
    missing, and some clips and hidden files are in no CSV.
    """
    frames, speech = _small(frames_of(SAMPLE, RATE)), speech_of(SAMPLE)
    made = 0
    for split, share in SHARES.items():
        part = PARTS[split]  # type: ignore[index]
        count = round(clips * share / 12)
        directory = folder / part.clips
        directory.mkdir(parents=True, exist_ok=True)
        rows = [_row(i // DIALOGUE, i % DIALOGUE, made + i) for i in range(count)]
        for i, row in enumerate(rows):
            _clip(directory / f"dia{row[3]}_utt{row[4]}.mp4", frames, speech, made + i)
        rows += {"train": [_row(125, 3, 0)], "held-out": [_row(110, 7, 1)]}.get(split, [])
        with (folder / part.csv).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["Utterance", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID", "Speaker"])
            writer.writerows([*row, "Joey"] for row in rows)
        made += count
    _faults(folder)
    return folder


def write_lines(file: Path, rows: Iterable[tuple[int, int, str, str, str]]) -> None:
    """Write a split's CSV without clips: dialogue, utterance, text, emotion and sentiment of each line."""
    file.parent.mkdir(exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines)
        writer.writerow(["Dialogue_ID", "Utterance_ID", "Utterance", "Speaker", "Emotion", "Sentiment"])
        writer.writerows([dialogue, number, words, "Joey", *labels] for dialogue, number, words, *labels in rows)


def _faults(folder: Path) -> None:
    train, dev, test = (folder / part.clips for part in PARTS.values())
    complete = (train / "dia0_utt0.mp4").read_bytes()
    (train / "dia125_utt3.mp4").write_bytes(
        complete[: len(complete) // 2]
    )  # truncated before its index, like the real one
    (dev / "dia66_utt9.mp4").write_bytes(complete)
    (test / "final_videos_testdia101_utt0.mp4").write_bytes(complete)
    (test / "._dia0_utt0.mp4").write_bytes(b"\0\5\x16\7" + bytes(100))  # macOS metadata, as in the official archive


def _row(dialogue: int, utterance: int, number: int) -> list[str]:
    emotion = EMOTIONS[number % len(EMOTIONS)]
    sentiment = SENTIMENT_OF_EMOTION.get(emotion, "negative")
    rng = np.random.default_rng(number)
    text = " ".join(rng.choice(WORDS, 5)) + "."
    return [text, emotion, sentiment, str(dialogue), str(utterance)]


def _clip(path: Path, frames: list[tuple[float, ByteArray]], speech: np.ndarray, number: int) -> None:
    """Write a second of the sample; starting points repeat with a lower volume."""
    starts = np.arange(0.6, 16.0, 0.7)
    start = float(starts[number % len(starts)])
    shown = [(time - start, image) for time, image in frames if start <= time < start + SECONDS]
    audio = speech[round(start * SAMPLE_RATE) : round((start + SECONDS) * SAMPLE_RATE)]
    write(path, shown, [Sound((audio * 0.9 ** (number // len(starts))).astype(np.float32))])


def _small(frames: list[tuple[float, ByteArray]]) -> list[tuple[float, ByteArray]]:
    size = (WIDTH, HEIGHT)
    return [(t, np.asarray(cv2.resize(f, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)) for t, f in frames]
