"""Converters of cloned nEMO, EmoGator and emotiontts repositories to `voices` folders with manifests."""

import csv
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from model.contract import Emotion
from model.media import MediaError, read_audio
from training.corpora.manifest import NAME

NEMO_TABLE, NEMO_SAMPLES, NEMO_COLUMNS = "data.tsv", "samples", ("file_id", "emotion", "speaker_id")
NEMO_EMOTIONS: dict[str, Emotion] = {
    "anger": "anger", "fear": "fear", "happiness": "joy", "neutral": "neutral", "sadness": "sadness",
    "surprised": "surprise",
}  # fmt: skip

EMOGATOR_SAMPLES = "data/mp3"
EMOGATOR_NAME = re.compile(r"(\d{6})-(\d{2})-\d\.mp3")  # person, category, instance
# Categories that match our emotions: amusement and elation count as joy, both surprises as surprise.
EMOGATOR_EMOTIONS: dict[str, Emotion] = {
    "02": "joy", "03": "anger", "10": "disgust", "13": "joy", "15": "fear", "18": "neutral", "24": "sadness",
    "27": "surprise", "28": "surprise",
}  # fmt: skip
EMOGATOR_MAX = 2  # recordings per person and emotion; more of the same voice add little

EMOTIONTTS_SAMPLES = "Dataset/SpeechCorpus/Emotional"
EMOTIONTTS_NAME = re.compile(r"([a-z]{3})00([0-3])\d{2}\.wav")  # person, emotion, sentence
EMOTIONTTS_EMOTIONS: tuple[Emotion, ...] = ("neutral", "joy", "anger", "sadness")  # by the hundreds digit of the number


@dataclass(frozen=True)
class Recording:
    """A file with its speaker's name, unique among all corpora, and the intended emotion."""

    path: Path
    speaker: str
    emotion: Emotion


def convert_nemo(folder: Path, out: Path) -> dict[str, int]:
    """Copy the recordings of a clone of amu-cai/nEMO and write their manifest; return their number by file name.

    Raises OSError, or ValueError with the row for another folder.
    """
    return _write(sorted(_nemo(folder), key=lambda recording: recording.path), out)


def convert_emogator(folder: Path, out: Path) -> dict[str, int]:
    """Copy recordings of a clone of fredbuhl/EmoGator and write their manifest; return their number by file name.

    At most EMOGATOR_MAX per person and emotion are copied. Raises OSError, or ValueError for another folder.
    """
    return _write(_emogator(folder), out, EMOGATOR_MAX)


def convert_emotiontts(folder: Path, out: Path) -> dict[str, int]:
    """Copy the emotional recordings of a clone of emotiontts/emotiontts_open_db and write their manifest.

    Returns the number of recordings by file name. Raises OSError, or ValueError for another folder.
    """
    return _write(_emotiontts(folder), out)


def _nemo(folder: Path) -> Iterator[Recording]:
    table = folder / NEMO_TABLE
    if not table.is_file():
        raise ValueError(f"{folder} has no {NEMO_TABLE}; is it a clone of https://github.com/amu-cai/nEMO?")
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        if not set(NEMO_COLUMNS) <= set(rows.fieldnames or ()):
            raise ValueError(f"{table} does not have the columns {', '.join(NEMO_COLUMNS)}")
        for line, row in enumerate(rows, start=2):
            name, label, speaker = ((row[column] or "").strip() for column in NEMO_COLUMNS)
            path, emotion = folder / NEMO_SAMPLES / name, NEMO_EMOTIONS.get(label)
            if emotion is None or not speaker:
                raise ValueError(f"{table}, row {line}: no speaker, or emotion not one of {', '.join(NEMO_EMOTIONS)}")
            if not path.is_file():
                raise ValueError(f"{table}, row {line}: {path} does not exist; is the clone complete?")
            yield Recording(path, f"nemo_{speaker}", emotion)


def _emogator(folder: Path) -> list[Recording]:
    return [
        Recording(path, f"emogator_{person}", EMOGATOR_EMOTIONS[category])
        for path, person, category in _named(folder, f"{EMOGATOR_SAMPLES}/*.mp3", EMOGATOR_NAME, "fredbuhl/EmoGator")
        if category in EMOGATOR_EMOTIONS
    ]


def _emotiontts(folder: Path) -> list[Recording]:
    repository = "emotiontts/emotiontts_open_db"
    return [
        Recording(path, f"korean_emotiontts_{person}", EMOTIONTTS_EMOTIONS[int(hundreds)])
        for path, person, hundreds in _named(folder, f"{EMOTIONTTS_SAMPLES}/*/*/wav/*.wav", EMOTIONTTS_NAME, repository)
    ]


def _named(folder: Path, pattern: str, name: re.Pattern[str], repository: str) -> list[tuple[Path, str, str]]:
    """Find files whose name has two parts, person and emotion. Raises ValueError if there are none."""
    matches = [(path, name.fullmatch(path.name)) for path in sorted(folder.glob(pattern))]
    found = [(path, match[1], match[2]) for path, match in matches if match is not None]
    if not found:
        raise ValueError(f"{folder} has no recordings {pattern}; is it a clone of https://github.com/{repository}?")
    return found


def _write(recordings: Iterable[Recording], out: Path, most: int | None = None) -> dict[str, int]:
    """Copy the readable recordings, at most `most` per speaker and emotion, and write their manifest."""
    kept = _readable(recordings, most)
    rows = []
    for recording in kept:
        copy = out / recording.emotion / recording.path.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(recording.path, copy)
        rows.append((copy.relative_to(out).as_posix(), recording.speaker, recording.emotion))
    with (out / NAME).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("path", "speaker", "emotion"), *sorted(rows)])
    return {NAME: len(rows)}


def _readable(recordings: Iterable[Recording], most: int | None) -> list[Recording]:
    """Report and skip recordings that cannot be decoded. Raises ValueError if none remains."""
    kept: list[Recording] = []
    faulty: list[str] = []
    taken: Counter[tuple[str, Emotion]] = Counter()
    for recording in recordings:
        kind = (recording.speaker, recording.emotion)
        if taken[kind] == most:
            continue
        try:
            read_audio(recording.path)
        except MediaError as error:
            faulty.append(str(error))
            continue
        taken[kind] += 1
        kept.append(recording)
    if not kept:
        raise ValueError(f"none of {len(faulty)} recordings can be read; the first error: {', '.join(faulty[:1])}")
    if faulty:
        Console(stderr=True).print(f"skipped {len(faulty)} unreadable recordings: {'; '.join(faulty)}", markup=False)
    return kept
