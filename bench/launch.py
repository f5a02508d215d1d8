"""The parent's side of `bench.worker`: one fresh process a measurement, one after the other."""

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
    """A measurement failed. The message holds what the process said last."""


class Launcher:
    """Runs tasks and shows how far the one under way is."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def run(self, task: Task, label: str) -> object:
        """A task's result, as the worker gave it. Raises BenchError."""
        with self.progress() as progress, tempfile.TemporaryFile("w+") as said:
            bar = progress.add_task(label, total=1.0)
            command = [sys.executable, "-m", "bench.worker", task.model_dump_json()]
            with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=said, text=True) as process:
                try:
                    result = _follow(process.stdout or [], lambda share: progress.update(bar, completed=share))
                except BaseException:
                    process.kill()
                    raise
            if process.returncode != 0:
                said.seek(0)
                raise BenchError(f"{label} failed ({process.returncode}):\n{said.read()[-2000:]}")
            progress.update(bar, completed=1.0)
        return result

    def progress(self) -> Progress:
        """A progress display in the launcher's style; its tasks count to 1."""
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        return Progress(*columns, console=self._console)


def _follow(lines: Iterable[str] | IO[str], show: Callable[[float], None]) -> object:
    """Read a worker's messages to their end; the result among them."""
    result: object = None
    for line in lines:
        message = json.loads(line)
        if "progress" in message:
            show(float(message["progress"]))
        else:
            result = message["result"]
    return result
