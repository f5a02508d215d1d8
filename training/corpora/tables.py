"""CSV files of corpora: rows by column, with errors that name the file and the row."""

import csv
from pathlib import Path


def read_table(path: Path) -> tuple[list[str], list[dict[str, str | None]]]:
    """Read a CSV with a header, as UTF-8: its columns, and its rows (None for fields that a row lacks).

    Raises OSError, and ValueError for a file that is no such CSV or a row that has more fields than the header.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns, rows = list(reader.fieldnames or ()), list(reader)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not text in UTF-8; save it again as a CSV in UTF-8 ({error.reason})") from error
    except csv.Error as error:
        raise ValueError(f'{path} is no whole CSV ({error}); does a quoted text lack its closing "?') from error
    for line, row in enumerate(rows, start=2):
        if None in row:  # where csv puts what has no column
            raise ValueError(f'{path}, row {line}: it has more fields than the header; text with commas needs "quotes"')
    return columns, rows
