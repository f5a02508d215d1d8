"""The help, the README and docs/training.md only mention commands that exist."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.launch.conftest import ROOT, Account

COMMANDS = ("train", "status", "register", "deploy")


@pytest.fixture(scope="module")
def helps(account: Account) -> dict[str, str]:
    return {command: account.launch(command, "--help").stdout for command in COMMANDS}


@pytest.fixture(scope="module")
def guide() -> str:
    environment = os.environ | {"COLUMNS": "100"}
    command = [sys.executable, "-m", "training.launch", "--help"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_the_help_covers_all_steps(guide: str) -> None:
    """From the download to the endpoint, in this order."""
    steps = ("training.fetch meld", "training.prepare --meld", "aws s3 sync", "training/Dockerfile", "--dry-run",
             "launch status", "launch register", "Approved", "launch deploy")  # fmt: skip
    places = [guide.index(step) for step in steps]
    assert places == sorted(places)


@pytest.mark.parametrize("document", ["README.md", "docs/training.md", "--help"])
def test_documented_commands_exist(document: str, guide: str, helps: dict[str, str]) -> None:
    text = guide if document == "--help" else (ROOT / Path(document)).read_text()
    documented = re.findall(r"training\.launch (\w+)((?:.*\\\n)*.*)", text)
    assert {command for command, _ in documented} == set(COMMANDS)
    for command, rest in documented:
        for option in re.findall(r"(?<!\S)--[a-z-]+", rest.partition("  ")[0] if "\\\n" not in rest else rest):
            assert option in helps[command], f"{command} {option}"
