"""Fixtures that several folders of tests share. Real parts: the committed bundle, real weights, real media."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Browser

from model.contract import Analysis
from model.pipeline import Models, analyze, load_models
from tests.browsers import MISSING, chromium, find_chromium

# Real parts load slowly the first time: a deadline would test the machine, not the code.
settings.register_profile("project", deadline=None, max_examples=60)
settings.load_profile("project")

MEDIA = Path(__file__).parent / "media"
collect_ignore = ["launch"]  # in an environment of its own: `make test-launch`


@pytest.fixture(scope="session")
def sample() -> Path:
    """19 s of a real face with real (not its own) English speech."""
    return MEDIA / "face_and_speech.mp4"


@pytest.fixture(scope="session")
def models() -> Models:
    """The starter bundle and the smallest recogniser, loaded once."""
    return load_models(whisper_model="tiny.en", device="cpu")


@pytest.fixture(scope="session")
def analysis(sample: Path, models: Models) -> Analysis:
    """The sample, analysed."""
    return analyze(sample, models)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium. Of a module, for Playwright's event loop keeps others from running while it is open."""
    if find_chromium() is None:
        pytest.skip(MISSING)
    with chromium() as browser:
        yield browser
