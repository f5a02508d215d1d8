"""Shared parts of the command line: consoles, exit codes, one-line errors, download bars."""

import sys
from io import TextIOWrapper
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from model.weights import catalog

OK, FAILURE, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130  # exit codes
DEBUG_VARIABLE = "VIDEO_SENTIMENT_DEBUG"  # if set, errors show a traceback

console = Console()
errors = Console(stderr=True)


def replace_unencodable() -> None:
    """Print a question mark for characters that the terminal's encoding lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def print_error(message: str) -> None:
    """Print a one-line error to standard error."""
    errors.print("[bold red]error:[/] ", end="")
    errors.print(message, markup=False, highlight=False, soft_wrap=True)


def print_failure(error: Exception, path: Path | None = None) -> None:
    """Print an unexpected error to standard error, with the file it concerns, and how to report a bug."""
    message = str(error) or type(error).__name__
    print_error(message if path is None else f"{path} could not be analyzed: {message}")
    if not isinstance(error, catalog.WeightsError | OSError):
        errors.print(f"This is a bug. Set {DEBUG_VARIABLE}=1 for a traceback to report.")


def download_bar(disable: bool = False) -> Progress:
    """Return a progress bar for downloads. Disable it if there is nothing to fetch, else it prints an empty line."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=errors, disable=disable)


def report_to(bar: Progress) -> catalog.Progress:
    """Return a download callback that shows its progress in a bar."""
    tasks: dict[str, object] = {}

    def report(label: str, have: int, total: int) -> None:
        if label not in tasks:
            tasks[label] = bar.add_task(label)
        bar.update(tasks[label], completed=have, total=total or None)  # type: ignore[arg-type]

    return report
