"""Converter of CREMA-D's vote table to the votes that `training/fusion/judgments.py` reads."""

import csv
import re
from pathlib import Path

from training.corpora.tables import read_table

TABLE, VOTES = "tabulatedVotes.csv", "crema_d_votes.csv"
EMOTIONS = ("A", "D", "F", "H", "N", "S")  # anger, disgust, fear, happy, neutral, sad
# By the first digit of the row number, in the column without a header.
CONDITIONS = {"1": "voice", "2": "face", "3": "both"}
CLIP = re.compile(r"(\d{4})_[A-Z]{3}_[A-Z]{3}_[A-Z]{2}")  # actor, sentence, intended emotion, intensity


def convert_crema_d_votes(folder: Path, out: Path) -> dict[str, int]:
    """Write the votes of each clip and condition; return the number of rows by file name.

    Raises OSError, or ValueError with the row for another table.
    """
    columns, table = read_table(folder / TABLE)
    if not {"", "fileName", *EMOTIONS} <= set(columns):
        raise ValueError(f"{folder / TABLE} does not have the columns of CREMA-D's {TABLE}")
    rows = [_row(row, f"{folder / TABLE}, row {i}") for i, row in enumerate(table, start=2)]
    with (out / VOTES).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("clip", "actor", "condition", *EMOTIONS), *rows])
    return {VOTES: len(rows)}


def _row(row: dict[str, str | None], where: str) -> tuple[str, ...]:
    clip, condition = CLIP.fullmatch(row["fileName"] or ""), CONDITIONS.get((row[""] or "")[:1])
    counts = [row[letter] or "" for letter in EMOTIONS]
    if clip is None or condition is None or not all(count.isdecimal() for count in counts):
        raise ValueError(f"{where}: not the votes of a clip in one of three conditions")
    return clip[0], clip[1], condition, *counts
