"""Put the demonstration on the landing page: its analysis, people's votes, and the video.

    python -m scripts.landing

Analyses examples/six_emotions.mp4 as `make demo` does. Run it again after a change of the bundle.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from model.contract import Analysis, Emotion
from model.people import Judged, read_people

ROOT = Path(__file__).resolve().parents[1]
VIDEO = ROOT / "examples" / "six_emotions.mp4"
PEOPLE = VIDEO.with_suffix(".people.csv")
LANDING = ROOT / "frontend_site" / "src" / "features" / "landing"
PUBLIC = ROOT / "frontend_site" / "public" / "demonstration"


def main() -> None:
    """Write sample.json, people.json and the video."""
    command = [sys.executable, "-m", "model.cli", "analyze", str(VIDEO), "--json", str(LANDING / "sample.json")]
    subprocess.run(command, cwd=ROOT, check=True)
    analysis = Analysis.model_validate_json((LANDING / "sample.json").read_bytes())
    (LANDING / "people.json").write_text(json.dumps(people(analysis), indent=2) + "\n", encoding="utf-8")
    PUBLIC.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(VIDEO, PUBLIC / VIDEO.name)
    shutil.copyfile(VIDEO.with_name("LICENSE.txt"), PUBLIC / "LICENSE.txt")


def people(analysis: Analysis) -> list[dict[Judged, Mapping[Emotion, int]]]:
    """Return people's votes on each utterance, as the page reads them: by what people had to go by, and by emotion."""
    judgments = read_people(PEOPLE)
    return [
        {judged: votes.counts for judged, votes in judgments.of(utterance).items()} for utterance in analysis.utterances
    ]


if __name__ == "__main__":
    main()
