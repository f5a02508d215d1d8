"""Update the demonstration on the site: videos, analyses, people's votes, subtitles and other exports.

    python -m scripts.landing

Analyzes the videos of examples/ as `make demo` does. Run it again when the bundle has changed.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from model.contract import Analysis, Emotion
from model.reports.formats import to_csv, to_srt, to_vtt
from model.reports.people import Condition, read_judgments

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
VIDEO = EXAMPLES / "six_emotions.mp4"
SILENT = EXAMPLES / "without_words.mp4"
PEOPLE = VIDEO.with_suffix(".people.csv")
LICENCES = ("LICENSE.txt", "without_words.LICENSE.txt")
SOURCES = ROOT / "frontend_site" / "src" / "features" / "demonstration"
PUBLIC = ROOT / "frontend_site" / "public" / "demonstration"
EXPORTS = {".vtt": to_vtt, ".srt": to_srt, ".csv": to_csv}


def main() -> None:
    """Write the analyses and votes that pages import, and the files that browsers download."""
    PUBLIC.mkdir(parents=True, exist_ok=True)
    for video in (VIDEO, SILENT):
        result = result_of(video)
        command = [sys.executable, "-m", "model.cli.main", "analyze", str(video), "--json", str(result)]
        subprocess.run(command, cwd=ROOT, check=True)
        for suffix, text in exports(read(video)).items():
            with (PUBLIC / video.with_suffix(suffix).name).open("w", encoding="utf-8", newline="") as file:
                file.write(text)
        shutil.copyfile(video, PUBLIC / video.name)
    for name in LICENCES:
        shutil.copyfile(EXAMPLES / name, PUBLIC / name)
    votes = json.dumps(people(read(VIDEO)), indent=2) + "\n"
    (SOURCES / "six_emotions.people.json").write_text(votes, encoding="utf-8")


def result_of(video: Path) -> Path:
    """Return the path of a video's analysis, which the pages import."""
    return SOURCES / video.with_suffix(".json").name


def read(video: Path) -> Analysis:
    """Read the analysis of a video that the pages show."""
    return Analysis.model_validate_json(result_of(video).read_bytes())


def exports(analysis: Analysis) -> dict[str, str]:
    """Return the exports of an analysis, as the API returns them, by file suffix; .vtt are the player's captions."""
    return {suffix: write(analysis) for suffix, write in EXPORTS.items()}


def people(analysis: Analysis) -> list[dict[Condition, Mapping[Emotion, int]]]:
    """Return people's votes on each utterance, as the page reads them: by what people had to go by, and by emotion."""
    judgments = read_judgments(PEOPLE)
    return [
        {condition: votes.counts for condition, votes in judgments.of(utterance).items()}
        for utterance in analysis.utterances
    ]


if __name__ == "__main__":
    main()
