"""Size and content of the build, and its consistency with the Python sources. Needs no browser."""

import json
import subprocess
from pathlib import Path

import pytest

from model.bundle import find_bundle, read_manifest
from model.reports.people import read_judgments
from scripts import landing
from tests.e2e.test_site.conftest import SITE

FIRST_LOAD = 250_000  # bytes of JavaScript, gzipped
MAX_VIDEO = 1_500_000  # bytes


def test_first_load_is_small(built_site: Path) -> None:
    assert built_site.is_dir()
    done = subprocess.run(["node", "scripts/size.mjs", "--json"], cwd=SITE, capture_output=True, text=True, check=True)
    sizes: dict[str, int] = json.loads(done.stdout)
    assert "/dashboard/" in sizes
    assert {page: size for page, size in sizes.items() if size > FIRST_LOAD} == {}


def test_nothing_is_inline(built_site: Path) -> None:
    assert json.loads((built_site / "csp.json").read_text()) == {"script-src": []}
    pages = list(built_site.rglob("*.html"))
    assert len(pages) > 8
    for page in pages:
        html = page.read_text()
        assert "<style" not in html and "<script>" not in html and " style=" not in html, page


@pytest.mark.parametrize("video", [landing.VIDEO, landing.SILENT], ids=lambda video: video.stem)
def test_the_examples_come_from_the_starter_bundle(video: Path) -> None:
    """The site's videos, analyses and exports match examples/ and the bundle in the checkout.

    If this fails, run `python -m scripts.landing` (see frontend_site/README.md).
    """
    example = landing.read(video)
    assert (landing.PUBLIC / video.name).read_bytes() == video.read_bytes()
    assert len(video.read_bytes()) <= MAX_VIDEO
    for suffix, text in landing.exports(example).items():
        assert (landing.PUBLIC / video.with_suffix(suffix).name).read_bytes() == text.encode(), suffix
    starter = read_manifest(find_bundle("starter"))
    assert (example.model.bundle, example.model.version) == (starter.name, starter.version)
    assert example.model.speech == ("faster-whisper base" if example.video.has_audio else "")


def test_every_utterance_of_the_first_example_has_human_ratings() -> None:
    example, people = landing.read(landing.VIDEO), read_judgments(landing.PEOPLE)
    assert json.loads((landing.SOURCES / "six_emotions.people.json").read_bytes()) == landing.people(example)
    assert all(people.of(utterance) for utterance in example.utterances) and len(example.utterances) == 6


def test_the_second_example_uses_the_face_only() -> None:
    """Its two utterances, tears and laughter, differ in sentiment; the license file names the author."""
    example = landing.read(landing.SILENT)
    assert not example.video.has_audio
    assert [set(utterance.modalities) for utterance in example.utterances] == [{"face"}, {"face"}]
    assert example.utterances[0].sentiments[0].label == "negative"
    assert example.utterances[1].sentiments[0].label == "positive"
    for name in landing.LICENCES:
        assert (landing.PUBLIC / name).read_bytes() == (landing.EXAMPLES / name).read_bytes()
    assert "Wolfgang Langer" in (landing.PUBLIC / "without_words.LICENSE.txt").read_text()


def test_the_sites_own_checks_pass(built_site: Path) -> None:
    """Run `npm run check`: generated files are current; prettier, tsc, eslint and vitest pass."""
    assert built_site.is_dir()
    done = subprocess.run(["npm", "run", "check"], cwd=SITE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
