"""Converter of the authors' GoEmotions files to the CSVs that training reads, in the authors' Ekman grouping."""

import csv
import json
from pathlib import Path

from model.contract import EMOTIONS
from training.corpora.goemotions import COLUMNS, FILES, SEPARATOR

NAMES, GROUPING = "emotions.txt", "ekman_mapping.json"
TSVS = {f"{Path(name).stem}.tsv": name for name in FILES.values()}  # the authors' file -> ours
NEUTRAL = "neutral"  # in no group of the mapping


def convert_goemotions(folder: Path, out: Path) -> dict[str, int]:
    """Write train.csv, dev.csv and test.csv from the authors' files; return the number of comments by file name.

    Raises OSError, or ValueError with the row for other files.
    """
    labels = _labels(folder)
    comments = {name: _read(folder / tsv, labels) for tsv, name in TSVS.items()}
    for name, rows in comments.items():
        with (out / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *rows])
    return {name: len(rows) for name, rows in comments.items()}


def _labels(folder: Path) -> list[str]:
    """Return our label for each of the authors' emotions, by number."""
    ours = {NEUTRAL: NEUTRAL} | _grouping(folder / GROUPING)
    names = (folder / NAMES).read_text(encoding="utf-8").split()
    unknown = [name for name in names if ours.get(name) not in EMOTIONS]
    if unknown:
        raise ValueError(f"{folder / GROUPING} maps to none of {', '.join(EMOTIONS)}: {', '.join(unknown)}")
    return [ours[name] for name in names]


def _grouping(path: Path) -> dict[str, str]:
    """Return the group of each of the authors' emotions."""
    try:
        groups = json.loads(path.read_text(encoding="utf-8"))
        return {name: group for group, names in groups.items() for name in names}
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} is not the authors' grouping of emotions ({error})") from error


def _read(path: Path, labels: list[str]) -> list[tuple[str, str]]:
    """Read comments and labels; each line has a comment, emotion numbers and an id, unquoted."""
    with path.open(encoding="utf-8", newline="\n") as file:
        return [_comment(line.rstrip("\r\n"), labels, f"{path}, row {i}") for i, line in enumerate(file, start=1)]


def _comment(line: str, labels: list[str], where: str) -> tuple[str, str]:
    text, *fields = line.split("\t")
    numbers = fields[0].split(",") if len(fields) == 2 else []
    if not numbers or not all(number.isdecimal() and int(number) < len(labels) for number in numbers):
        raise ValueError(
            f"{where}: expected a comment, emotion numbers below {len(labels)} and an id, separated by tabs"
        )
    return text, SEPARATOR.join(sorted({labels[int(number)] for number in numbers}))
