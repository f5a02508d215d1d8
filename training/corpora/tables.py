"""CSV files of corpora, with errors that name file and row."""

import csv
from pathlib import Path


def read_table(path: Path) -> tuple[list[str], list[dict[str, str | None]]]:
    """Read a CSV with a header, as UTF-8; return columns and rows (None for missing fields).

    Raises OSError, or ValueError for another format or a row with more fields than the header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns, rows = list(reader.fieldnames or ()), list(reader)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text; save it as a CSV in UTF-8 ({error.reason})") from error
    except csv.Error as error:
        raise ValueError(f'{path} is not a complete CSV ({error}); is a closing " missing?') from error
    for line, row in enumerate(rows, start=2):
        if None in row:  # key of surplus fields
            raise ValueError(f'{path}, row {line}: it has more fields than the header; text with commas needs "quotes"')
    return columns, rows
