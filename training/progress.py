"""How the commands of training show on a terminal how far they are."""

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
