"""Fixtures shared by several test folders, with real parts: the committed bundle, real weights, real media.

Slow imports are made inside the fixtures, since most tests do not need them.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from model.contract import Analysis

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from model.pipeline import Models

# No deadline: real parts load slowly the first time, so a deadline would test the machine, not the code.
settings.register_profile("project", deadline=None, max_examples=60)
settings.load_profile("project")

MEDIA = Path(__file__).parent / "media"
collect_ignore = ["launch"]  # needs its own environment: `make test-launch`


@pytest.fixture(autouse=True)
def credentials_of_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reset boto3's default session, which would keep the credentials of an earlier test."""
    if boto3 := sys.modules.get("boto3"):
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)


@pytest.fixture(scope="session")
def sample() -> Path:
    """19 s of a real face with real (not its own) English speech."""
    return MEDIA / "face_and_speech.mp4"


@pytest.fixture(scope="session")
def models() -> "Models":
    """The starter bundle and the smallest transcriber, loaded once."""
    from model.pipeline import load_models

    return load_models(transcriber="tiny.en", device="cpu")


@pytest.fixture(scope="session")
def multilingual() -> "Models":
    """The starter bundle and the default transcriber, loaded once."""
    from model.pipeline import load_models

    return load_models(device="cpu")


@pytest.fixture(scope="session")
def analysis(sample: Path, models: "Models") -> Analysis:
    """The sample, analyzed."""
    from model.pipeline import analyze

    return analyze(sample, models)


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A real Chromium, per module, since Playwright's open event loop keeps other loops from running."""
    from tests.browsers import MISSING, chromium, find_chromium

    if find_chromium() is None:
        pytest.skip(MISSING)
    with chromium() as browser:
        yield browser
