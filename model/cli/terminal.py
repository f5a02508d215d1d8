"""Shared parts of the command line: consoles, exit codes, one-line errors, download bars."""

import sys
from io import TextIOWrapper
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from model.weights import catalog

OK, FAILURE, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130  # exit codes
DEBUG_VARIABLE = "VIDEO_SENTIMENT_DEBUG"  # set: a traceback instead of a line

console = Console()
errors = Console(stderr=True)


def tolerate_any_encoding() -> None:
    """Show a question mark for what the terminal has no letter for, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def print_error(message: str) -> None:
    """Print one line of what was wrong to standard error."""
    errors.print("[bold red]error:[/] ", end="")
    errors.print(message, markup=False, highlight=False, soft_wrap=True)


def print_fault(error: Exception, path: Path | None = None) -> None:
    """Print an error that is not the user's to standard error, and of which file, and what to do about it."""
    what = str(error) or type(error).__name__
    print_error(what if path is None else f"{path} could not be analyzed: {what}")
    if not isinstance(error, catalog.WeightsError | OSError):
        errors.print(f"This is a fault of ours. {DEBUG_VARIABLE}=1 shows where it happened.")


def download_bar(disable: bool = False) -> Progress:
    """Bytes, and how fast they come. Where there is nothing to fetch an enabled bar leaves an empty line."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=errors, disable=disable)


def report_to(bar: Progress) -> catalog.Progress:
    tasks: dict[str, object] = {}

    def report(label: str, have: int, total: int) -> None:
        if label not in tasks:
            tasks[label] = bar.add_task(label)
        bar.update(tasks[label], completed=have, total=total or None)  # type: ignore[arg-type]

    return report
