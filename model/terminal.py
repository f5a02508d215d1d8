"""What the command line's parts share: consoles, exit codes, errors in a line, bars of downloads."""

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from model import weights

OK, FAILURE, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130  # exit codes

console = Console()
errors = Console(stderr=True)


def say_bad(message: str) -> None:
    """One line of what was wrong, on standard error."""
    errors.print("[bold red]error:[/] ", end="")
    errors.print(message, markup=False, highlight=False, soft_wrap=True)


def download_bar(disable: bool = False) -> Progress:
    """Bytes, and how fast they come. Where there is nothing to fetch an enabled bar leaves an empty line."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    return Progress(*columns, console=errors, disable=disable)


def report_to(bar: Progress) -> weights.Progress:
    tasks: dict[str, object] = {}

    def report(label: str, have: int, total: int) -> None:
        if label not in tasks:
            tasks[label] = bar.add_task(label)
        bar.update(tasks[label], completed=have, total=total or None)  # type: ignore[arg-type]

    return report
