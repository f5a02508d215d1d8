"""Properties of the repository that no type checker verifies: light imports, help texts, documented names."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("module", ["model.contract", "model.reports.formats", "model.cli.main"])
def test_light_modules_leave_torch_alone(module: str) -> None:
    """Lambdas import the contract and the exports, and `--help` must be fast, so none may import torch."""
    script = f"import sys, {module}; sys.exit(any(m in sys.modules for m in ('torch', 'cv2', 'av', 'transformers')))"
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize(
    "command",
    [("model.cli.main", "analyze"), ("model.cli.main", "serve"), ("local", "up")],
    ids=lambda command: command[1],
)
def test_help_of_the_transcriber_option_mentions_engines(command: tuple[str, str]) -> None:
    environment = os.environ | {"COLUMNS": "200", "TERM": "dumb"}
    done = subprocess.run(
        [sys.executable, "-m", *command, "--help"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "ENGINE:MODEL" in done.stdout, done.stdout + done.stderr


def test_every_target_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    readme = (ROOT / "README.md").read_text()
    for line in readme.splitlines():
        if line.startswith("make "):
            assert f"\n{line.split()[1]}:" in makefile, line


def test_files_linked_from_the_readme_exist() -> None:
    import re

    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text()):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target
