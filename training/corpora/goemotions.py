"""GoEmotions (Demszky et al. 2020) in the Ekman grouping: Reddit comments, labelled by people from the words alone."""

import csv
from pathlib import Path

from model.features import Sample
from model.modalities.base import Tokenizer
from training.corpora.base import Example, Split, targets
from training.data.content_hash import content_of

FILES: dict[Split, str] = {"train": "train.csv", "held-out": "dev.csv", "test": "test.csv"}
COLUMNS = ("text", "emotions")
BETWEEN = "|"  # several labels of one comment


def read_goemotions(data: Path, split: Split, tokenizer: Tokenizer | None) -> list[Example]:
    """The comments with one label, from one CSV (`text`, `emotions`), of whichever split, or from the folder of them.

    Raises ValueError for a file that is not one, FileNotFoundError where a folder holds none.
    """
    if tokenizer is None:
        raise ValueError("GoEmotions is read with a tokenizer")
    files = [data] if data.is_file() else [data / f for s, f in FILES.items() if split in ("all", s)]
    there = [path for path in files if path.is_file()]
    if not there:
        raise FileNotFoundError(f"{data} holds none of {', '.join(path.name for path in files)}")
    return [example for path in there for example in _read(path, tokenizer)]


def _read(path: Path, tokenizer: Tokenizer) -> list[Example]:
    examples = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if not set(COLUMNS) <= set(reader.fieldnames or ()):
            raise ValueError(f"{path} should have the columns {' and '.join(COLUMNS)}")
        for line, row in enumerate(reader, start=2):
            tokens = tokenizer(row["text"]) if BETWEEN not in row["emotions"] else None
            if tokens is not None:
                content = content_of(row["text"].encode())
                emotion, sentiment = targets(row["emotions"], "", f"{path}, row {line}")
                examples.append(Example(Sample(text=tokens), emotion, sentiment, f"comment {content}", content))
    return examples
