"""What the build gives, and that it follows from the product's own sources. Needs no browser."""

import json
import subprocess
from pathlib import Path

from model.bundle import find_bundle, read_manifest
from model.contract import Analysis
from model.people import read_people
from scripts import landing
from tests.e2e.test_site.conftest import SITE

FIRST_LOAD = 250_000  # bytes of JavaScript, gzipped


def test_pages_are_light(built_site: Path) -> None:
    assert built_site.is_dir()
    done = subprocess.run(["node", "scripts/size.mjs", "--json"], cwd=SITE, capture_output=True, text=True, check=True)
    weights: dict[str, int] = json.loads(done.stdout)
    assert "/dashboard/" in weights
    assert {page: weight for page, weight in weights.items() if weight > FIRST_LOAD} == {}


def test_nothing_is_inline(built_site: Path) -> None:
    assert json.loads((built_site / "csp.json").read_text()) == {"script-src": []}
    pages = list(built_site.rglob("*.html"))
    assert len(pages) > 8
    for page in pages:
        html = page.read_text()
        assert "<style" not in html and "<script>" not in html and " style=" not in html, page


def test_the_example_of_the_landing_page_is_the_starters() -> None:
    """The bundle in the checkout made it; frontend_site/README.md has the command that makes it anew. The votes and the
    video are those of `make demo`."""
    example = Analysis.model_validate_json((landing.LANDING / "sample.json").read_bytes())
    assert json.loads((landing.LANDING / "people.json").read_bytes()) == landing.people(example)
    assert (landing.PUBLIC / landing.VIDEO.name).read_bytes() == landing.VIDEO.read_bytes()
    people = read_people(landing.PEOPLE)
    assert all(people.of(utterance) for utterance in example.utterances) and len(example.utterances) == 6
    starter = read_manifest(find_bundle("starter"))
    made_by = (example.model.bundle, example.model.version, example.model.speech)
    assert made_by == (starter.name, starter.version, "faster-whisper base")


def test_its_own_checks_pass(built_site: Path) -> None:
    """Colours and limits as in Python, types as in docs/openapi.json, prettier, tsc, eslint, vitest."""
    assert built_site.is_dir()
    done = subprocess.run(["npm", "run", "check"], cwd=SITE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
