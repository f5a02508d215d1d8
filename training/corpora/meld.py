"""MELD (Poria et al. 2019): scenes of *Friends*, one clip per utterance, cut at the transcript's times.

The official layout is a CSV and a folder of clips for each of train, dev (held out here) and test. The archives nest
the folders up to two levels deep, depending on how they were unpacked; copies may do so as well.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from model.features import Sample
from model.modalities.base import Tokenizer
from model.modalities.text import CONTEXT_UTTERANCES, PLAIN_MARKS
from training.corpora.base import Example, Split, targets
from training.corpora.clips import Clip, features_folder, read_clips
from training.data.content_hash import hash_bytes

# Control characters in the official CSVs are punctuation of the same byte value in Windows code page 1252.
WINDOWS_MARKS = {code: bytes([code]).decode("cp1252", errors="ignore") for code in range(0x80, 0xA0)}


@dataclass(frozen=True)
class Part:
    """One of MELD's splits: CSV, folder of clips, and expected number of utterances."""

    csv: str
    clips: str
    utterances: int


PARTS: dict[Split, Part] = {
    "train": Part("train_sent_emo.csv", "train_splits", 9_989),
    "held-out": Part("dev_sent_emo.csv", "dev_splits_complete", 1_109),
    "test": Part("test_sent_emo.csv", "output_repeated_splits_test", 2_610),
}


@dataclass(frozen=True)
class Row:
    """One utterance of a CSV."""

    dialogue: int
    utterance: int
    text: str
    emotion: int
    sentiment: int

    @property
    def clip(self) -> str:
        return f"dia{self.dialogue}_utt{self.utterance}.mp4"


def read_meld(data: Path, split: Split, tokenizer: Tokenizer | None) -> Sequence[Example]:
    """Read MELD with audio and video from a folder in the official layout, through the feature cache.

    Missing and unusable clips are skipped; their text remains context of later utterances.
    """
    parts = [part for part in parts_of(data, split) if split != "all" or has_clips(data, part)]
    clips = [clip for part in parts for clip in clips_of(data, part)]
    return read_clips(clips, features_folder(data), tokenizer)


def read_meld_text(data: Path, split: Split, tokenizer: Tokenizer | None, plain: bool = False) -> list[Example]:
    """Read MELD's transcripts from one CSV, or from a folder of the official ones.

    The context of an utterance is the preceding ones of its dialogue; speakers' names are not used. `plain` removes
    case and punctuation, as some transcribers do.
    """
    if tokenizer is None:
        raise ValueError("MELD needs a tokenizer")
    files = [(data, "")] if data.is_file() else [(find(data, PARTS[p].csv), f"{p} ") for p in parts_of(data, split)]
    examples = []
    for path, prefix in files:
        for row, earlier in with_context(read_rows(path)):
            text, *context = (_without_marks(t) if plain else t for t in (row.text, *earlier))
            tokens = tokenizer(text, context)
            if tokens is not None:
                group = f"{prefix}dialogue {row.dialogue}"
                content = hash_bytes(row.text.encode())
                line = row.text, tuple(earlier)
                sample = Sample(text=tokens)
                examples.append(Example(sample, row.emotion, row.sentiment, group, content, line=line))
    return examples


def parts_of(data: Path, split: Split) -> list[Split]:
    """Return the parts of a split; for "all", those whose CSV exists."""
    return [split] if split != "all" else [part for part in PARTS if _found(data, PARTS[part].csv)]


def has_clips(data: Path, part: Split) -> bool:
    """Return True if both the CSV and the folder of a part exist."""
    return all(_found(data, name) is not None for name in (PARTS[part].csv, PARTS[part].clips))


def clips_of(data: Path, part: Split) -> list[Clip]:
    """Read one of MELD's parts, including missing clips. Raises FileNotFoundError without CSV or folder."""
    rows, folder = read_rows(find(data, PARTS[part].csv)), find(data, PARTS[part].clips)
    return [
        Clip(row.text, tuple(earlier), row.emotion, row.sentiment, f"{part} dialogue {row.dialogue}", folder / row.clip)
        for row, earlier in with_context(rows)
    ]


def read_rows(path: Path) -> list[Row]:
    """Read a CSV's utterances by dialogue and time. Raises ValueError for another format."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:  # as saved by spreadsheets
        text = raw.decode("cp1252", errors="replace")
    rows = []
    for line, fields in enumerate(csv.DictReader(io.StringIO(text, newline="")), start=2):
        where = f"{path}, row {line}"
        if None in fields.values():
            raise ValueError(f"{where}: it has too few columns; is the file complete?")
        try:
            emotion, sentiment = targets(fields["Emotion"], fields["Sentiment"], where)
            utterance = fields["Utterance"].translate(WINDOWS_MARKS)
            rows.append(Row(*_numbers(fields, where), utterance, emotion, sentiment))
        except KeyError as error:
            raise ValueError(f"{path} has no column {error.args[0]!r}; is it one of MELD's *_sent_emo.csv?") from error
    return sorted(rows, key=lambda row: (row.dialogue, row.utterance))


def _numbers(fields: dict[str, str], where: str) -> tuple[int, int]:
    """Return the numbers of the dialogue, and of the utterance within it."""
    numbers = fields["Dialogue_ID"], fields["Utterance_ID"]
    try:
        return int(numbers[0]), int(numbers[1])
    except ValueError as error:
        raise ValueError(f"{where}: Dialogue_ID and Utterance_ID must be integers, got {numbers}") from error


def with_context(rows: Sequence[Row]) -> Iterator[tuple[Row, list[str]]]:
    """Yield each utterance with the preceding ones of its dialogue, up to CONTEXT_UTTERANCES."""
    earlier: list[str] = []
    dialogue = -1
    for row in rows:
        if row.dialogue != dialogue:
            dialogue, earlier = row.dialogue, []
        yield row, earlier[-CONTEXT_UTTERANCES:]
        earlier.append(row.text)


def find(data: Path, name: str) -> Path:
    """Find a file or folder of the layout, up to two levels deep. Raises FileNotFoundError."""
    path = _found(data, name)
    if path is None:
        raise FileNotFoundError(f"{data} has no {name}; is it a copy of MELD.Raw with its inner archives unpacked?")
    return path


def _found(data: Path, name: str) -> Path | None:
    return next((path for depth in ("", "*/", "*/*/") for path in sorted(data.glob(depth + name))), None)


def _without_marks(text: str) -> str:
    return re.sub(r"[^a-z0-9' ]+", " ", text.translate(PLAIN_MARKS).lower()).strip()
