"""Launcher of `bench.worker`: one fresh process per measurement, one after another."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from typing import IO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bench.clip import ROOT
from bench.worker import Task


class BenchError(Exception):
    """A measurement failed. The message contains the end of the process's output."""


class Launcher:
    """Runner of tasks that shows their progress."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def run(self, task: Task, label: str) -> object:
        """Run a task and return the worker's result. Raises BenchError."""
        with self.progress() as progress, tempfile.TemporaryFile("w+") as log:
            bar = progress.add_task(label, total=1.0)
            command = [sys.executable, "-m", "bench.worker", task.model_dump_json()]
            with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True) as process:
                try:
                    result = _follow(process.stdout or [], lambda share: progress.update(bar, completed=share))
                except BaseException:
                    process.kill()
                    raise
            if process.returncode != 0:
                log.seek(0)
                raise BenchError(f"{label} failed ({process.returncode}):\n{log.read()[-2000:]}")
            progress.update(bar, completed=1.0)
        return result

    def progress(self) -> Progress:
        """Return a progress display whose tasks have a total of 1."""
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        return Progress(*columns, console=self._console)


def _follow(lines: Iterable[str] | IO[str], show: Callable[[float], None]) -> object:
    """Read all of a worker's messages; return the result."""
    result: object = None
    for line in lines:
        message = json.loads(line)
        if "progress" in message:
            show(float(message["progress"]))
        else:
            result = message["result"]
    return result
