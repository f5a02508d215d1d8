"""The README's example is what a reader gets, within the tolerance between processors."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.agreement import OTHER_PROCESSOR

ROOT = Path(__file__).parents[2]
NUMBER = re.compile(r"\d+(?:\.\d+)?")


def demo_of_the_readme() -> list[str]:
    """The lines that the README shows below `make demo`, from the table's title to its last row."""
    block = re.search(r"```\n(six_emotions\.mp4.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    return [line.rstrip() for line in block[1].splitlines() if line.strip() and not line.startswith("written:")]


@pytest.mark.slow
def test_make_demo_prints_what_the_readme_shows(tmp_path: Path) -> None:
    """Every word, and every number within the tolerance; `overall` may name near-ties in another order."""
    demonstration = ROOT / "examples" / "six_emotions"
    inputs = [f"{demonstration}.mp4", "--people", f"{demonstration}.people.csv"]
    command = [sys.executable, "-m", "model.cli", "analyze", *inputs, "--json", str(tmp_path / "demo.json")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    printed = [line.rstrip() for line in done.stdout.splitlines() if line.strip()]
    shown = demo_of_the_readme()
    for ours, theirs in zip(printed[:-1], shown[:-1], strict=True):
        assert NUMBER.sub("#", ours).split() == NUMBER.sub("#", theirs).split()
    for ours, theirs in zip(printed, shown, strict=True):
        assert times(ours) == pytest.approx(times(theirs), abs=OTHER_PROCESSOR.edge + 0.01)
        assert percents(ours) == pytest.approx(percents(theirs), abs=100 * OTHER_PROCESSOR.probability + 1)


def times(line: str) -> list[float]:
    """In seconds."""
    return [60 * int(minutes) + float(seconds) for minutes, seconds in re.findall(r"(\d+):(\d\d\.\d)", line)]


def percents(line: str) -> list[int]:
    """Probabilities, rounded: half a percent may be missing on either side.

    The shares "(45%)" hang on small margins."""
    return [int(number) for number in re.findall(r"(?<![(\d])(\d+)%", line)]
