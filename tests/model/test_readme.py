"""The README's example matches the real output, within the tolerance between processors."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.agreement import OTHER_PROCESSOR

ROOT = Path(__file__).parents[2]
TIMES = re.compile(r"(?=^\d+:\d\d\.\d-)", re.MULTILINE)
UTTERANCE = re.compile(
    r"(?P<start>[\d:.]+)-(?P<end>[\d:.]+) (?P<emotion>\w+) +(?P<first>\d+)% [━─]+ sentiment (?P<sentiment>\w+)"
    r" (?P<second>\d+)%(?P<marks>.*?) (?P<words>Don't forget a jacket\.) (?P<reasons>The .*?\.) people (?P<mark>.)"
    r" (?P<people>.*)"
)


def demo_of_the_readme() -> str:
    """Return the example below `make demo` in the README, from the table's title to its last row."""
    block = re.search(r"```\n(six_emotions\.mp4.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert block is not None
    return re.sub(r"^written:.*\n", "", block[1], flags=re.MULTILINE)


def parts_of(printed: str) -> tuple[str, list[re.Match[str]], str]:
    """Return the title, the utterances, and the rest, each as one line."""
    title, *blocks = TIMES.split(printed.strip())
    last, _, rest = blocks[-1].partition("overall")
    found = [UTTERANCE.fullmatch(" ".join(block.split())) for block in (*blocks[:-1], last)]
    assert all(found), printed
    return title.strip(), [each for each in found if each is not None], " ".join(rest.split())


@pytest.mark.slow
def test_make_demo_prints_what_the_readme_shows(tmp_path: Path) -> None:
    """Results and text must be equal, and probabilities within the tolerance.

    The second emotion may differ in near-ties, and with it the explanation and its factors such as "(×1.6)".
    """
    demonstration = ROOT / "examples" / "six_emotions"
    inputs = [f"{demonstration}.mp4", "--people", f"{demonstration}.people.csv"]
    command = [sys.executable, "-m", "model.cli.main", "analyze", *inputs, "--json", str(tmp_path / "demo.json")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    (title, printed, rest), (same, shown, wanted) = parts_of(done.stdout), parts_of(demo_of_the_readme())
    assert title == same and rest.rpartition("people")[2] == wanted.rpartition("people")[2]
    for ours, theirs in zip(printed, shown, strict=True):
        for name in ("emotion", "sentiment", "marks", "words", "mark", "people"):
            assert ours[name] == theirs[name], name
        for name in ("start", "end"):
            assert seconds(ours[name]) == pytest.approx(seconds(theirs[name]), abs=OTHER_PROCESSOR.edge + 0.01)
        for name in ("first", "second"):  # rounding may add half a percent on either side
            assert int(ours[name]) == pytest.approx(int(theirs[name]), abs=100 * OTHER_PROCESSOR.probability + 1)
        named = [set(re.findall(r"the (text|voice|face)", each["reasons"].lower())) for each in (ours, theirs)]
        assert named[0] == named[1]


def seconds(time: str) -> float:
    minutes, rest = time.split(":")
    return 60 * int(minutes) + float(rest)
