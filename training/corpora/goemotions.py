"""GoEmotions (Demszky et al. 2020) in the Ekman grouping: Reddit comments, labeled from the text alone."""

from pathlib import Path

from rich.console import Console

from model.features import Sample
from model.modalities.base import Tokenizer
from training.corpora.base import Example, Split, targets
from training.corpora.tables import read_table
from training.data.content_hash import hash_bytes

FILES: dict[Split, str] = {"train": "train.csv", "held-out": "dev.csv", "test": "test.csv"}
COLUMNS = ("text", "emotions")
SEPARATOR = "|"  # several labels of one comment


def read_goemotions(data: Path, split: Split, tokenizer: Tokenizer | None) -> list[Example]:
    """Read the comments with one label from a CSV (`text`, `emotions`), or from a folder of one per split.

    Comments with several labels or without words are skipped and counted. Raises FileNotFoundError without files, and
    ValueError with the row for files of another format.
    """
    if tokenizer is None:
        raise ValueError("GoEmotions needs a tokenizer")
    files = [data / f for s, f in FILES.items() if split in ("all", s)] if data.is_dir() else [data]
    existing = [path for path in files if path.is_file()]
    if not existing:
        names = f"{data} has none of {', '.join(path.name for path in files)}" if data.is_dir() else f"no file {data}"
        raise FileNotFoundError(f"{names}; docs/training-data.md lists the files of GoEmotions")
    return [example for path in existing for example in _read(path, tokenizer)]


def _read(path: Path, tokenizer: Tokenizer) -> list[Example]:
    columns, rows = read_table(path)
    if not set(COLUMNS) <= set(columns):
        raise ValueError(
            f"{path} must have the columns {' and '.join(COLUMNS)}, but has {', '.join(columns) or 'none'}"
        )
    examples: list[Example] = []
    several = 0
    for line, row in enumerate(rows, start=2):
        text, labels = row["text"], row["emotions"]
        where = f"{path}, row {line}"
        if text is None or labels is None:
            raise ValueError(f"{where}: it has too few columns; is the file complete?")
        (emotion, sentiment), *others = [targets(label, "", where) for label in labels.split(SEPARATOR)]
        several += bool(others)
        tokens = None if others else tokenizer(text)
        if tokens is not None:
            content = hash_bytes(text.encode())
            sample, group = Sample(text=tokens), f"comment {content}"
            examples.append(Example(sample, emotion, sentiment, group, content, line=(text, ())))
    if len(examples) < len(rows):
        count = f"{path.name}: skipped {len(rows) - len(examples)} of {len(rows)} comments"
        wordless = len(rows) - len(examples) - several
        Console(stderr=True).print(f"{count}, {several} with several labels and {wordless} without words")
    return examples
