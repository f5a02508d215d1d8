"""Put the demonstration on the landing page: its analysis, people's votes, and the video.

    python -m scripts.landing

Analyses examples/six_emotions.mp4 as `make demo` does. Run it again after a change of the bundle.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

from model.contract import EMOTIONS
from model.people import read_people

ROOT = Path(__file__).resolve().parents[1]
VIDEO = ROOT / "examples" / "six_emotions.mp4"
PEOPLE = VIDEO.with_suffix(".people.csv")
LANDING = ROOT / "frontend_site" / "src" / "features" / "landing"
PUBLIC = ROOT / "frontend_site" / "public" / "demonstration"


def main() -> None:
    """Write sample.json, people.json and the video."""
    command = [sys.executable, "-m", "model.cli", "analyze", str(VIDEO), "--json", str(LANDING / "sample.json")]
    subprocess.run(command, cwd=ROOT, check=True)
    (LANDING / "people.json").write_text(json.dumps(people(), indent=2) + "\n", encoding="utf-8")
    PUBLIC.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(VIDEO, PUBLIC / VIDEO.name)
    shutil.copyfile(VIDEO.with_name("LICENSE.txt"), PUBLIC / "LICENSE.txt")


def people() -> list[dict[str, object]]:
    """The stretches that people judged, as the page reads them: votes by what they had to go by and by emotion."""
    return [
        {
            "start": stretch.start,
            "end": stretch.end,
            "votes": {
                judged: {emotion: votes.counts.get(emotion, 0) for emotion in EMOTIONS}
                for judged, votes in stretch.votes.items()
            },
        }
        for stretch in read_people(PEOPLE).stretches
    ]


if __name__ == "__main__":
    main()
