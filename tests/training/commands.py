"""Training's commands, run within the test's process."""

from pathlib import Path

import typer
from typer.testing import CliRunner

from training import evaluate as evaluate_module


def run_evaluate(*arguments: str | Path) -> tuple[int, str]:
    """`python -m training.evaluate`: its exit code, and what it prints, without line breaks and frames."""
    app = typer.Typer()
    app.command()(evaluate_module.main)
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    return done.exit_code, " ".join(done.output.replace("│", " ").split())
