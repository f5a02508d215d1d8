"""Terminal output of the training commands: tables of figures and progress bars."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
TABLE_WIDTH = 140  # characters; narrower tables truncate figures


def table_console() -> Console:
    """Return a console on standard output that is wide enough for a table of figures."""
    console = Console()
    return console if console.width >= TABLE_WIDTH else Console(width=TABLE_WIDTH)
