"""GoEmotions (Demszky et al. 2020) in the Ekman grouping: Reddit comments, labeled by people from the words alone."""

from pathlib import Path

from rich.console import Console

from model.features import Sample
from model.modalities.base import Tokenizer
from training.corpora.base import Example, Split, targets
from training.corpora.tables import read_table
from training.data.content_hash import content_of

FILES: dict[Split, str] = {"train": "train.csv", "held-out": "dev.csv", "test": "test.csv"}
COLUMNS = ("text", "emotions")
SEPARATOR = "|"  # several labels of one comment


def read_goemotions(data: Path, split: Split, tokenizer: Tokenizer | None) -> list[Example]:
    """Read the comments with one label, from one CSV (`text`, `emotions`), of whichever split, or from their folder.

    Comments with several labels or without words are left out and counted. Raises FileNotFoundError where there is
    no such file, ValueError, with the row, for one that is not in this form.
    """
    if tokenizer is None:
        raise ValueError("GoEmotions is read with a tokenizer")
    files = [data / f for s, f in FILES.items() if split in ("all", s)] if data.is_dir() else [data]
    there = [path for path in files if path.is_file()]
    if not there:
        names = f"{data} holds none of {', '.join(path.name for path in files)}" if data.is_dir() else f"no file {data}"
        raise FileNotFoundError(f"{names}; docs/training-data.md says which files GoEmotions has")
    return [example for path in there for example in _read(path, tokenizer)]


def _read(path: Path, tokenizer: Tokenizer) -> list[Example]:
    columns, rows = read_table(path)
    if not set(COLUMNS) <= set(columns):
        raise ValueError(
            f"{path} should have the columns {' and '.join(COLUMNS)}, and has {', '.join(columns) or 'none'}"
        )
    examples: list[Example] = []
    several = 0
    for line, row in enumerate(rows, start=2):
        text, labels = row["text"], row["emotions"]
        where = f"{path}, row {line}"
        if text is None or labels is None:
            raise ValueError(f"{where}: it ends before its last column; is the file whole?")
        (emotion, sentiment), *others = [targets(label, "", where) for label in labels.split(SEPARATOR)]
        several += bool(others)
        tokens = None if others else tokenizer(text)
        if tokens is not None:
            content = content_of(text.encode())
            sample, group = Sample(text=tokens), f"comment {content}"
            examples.append(Example(sample, emotion, sentiment, group, content, line=(text, ())))
    if len(examples) < len(rows):
        count = f"{path.name}: {len(rows) - len(examples)} of {len(rows)} comments are left out"
        wordless = len(rows) - len(examples) - several
        Console(stderr=True).print(f"{count}, {several} with several labels and {wordless} without words")
    return examples
