"""Training commands, run in the test's process."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from training import evaluate as evaluate_module
from training import fuse as fuse_module
from training import train as train_module


def run_evaluate(*arguments: str | Path) -> tuple[int, str]:
    """Run `python -m training.evaluate`; return exit code and output, without line breaks and frames."""
    return _run(evaluate_module.main, arguments)


def run_train(*arguments: str | Path) -> tuple[int, str]:
    """Run `python -m training.train` likewise."""
    return _run(train_module.main, arguments)


def run_fuse(*arguments: str | Path) -> tuple[int, str]:
    """Run `python -m training.fuse` likewise."""
    return _run(fuse_module.main, arguments)


def _run(command: Callable[..., Any], arguments: tuple[str | Path, ...]) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(command)
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    return done.exit_code, " ".join(done.output.replace("│", " ").split())
