"""Source of the synthetic canary, as one folder: the smoke test and the operator's command that runs it."""

import re
from collections.abc import Iterator
from pathlib import Path

from stacks.build_cache import copy_sources
from stacks.lambda_bundle import REQUIREMENTS, ROOT, SOURCES

BUILD = ROOT / "build" / "canary"
RETENTION_SECONDS = 3600  # that a folder is kept after its last use
FILES = (
    *SOURCES,
    *(
        "scripts/__init__.py",
        "scripts/audit.py",
        "scripts/stage_outputs.py",
        "scripts/ops.py",
        "scripts/restore_records.py",
        "scripts/smoke.py",
    ),
    *("stacks/__init__.py", "stacks/config.py", "requirements/api.txt", "tests/media/face_and_speech.mp4"),
)
EXTRA_PACKAGES = ("typer", "httpx")  # imported by the scripts, but not by the Lambdas


def files() -> Iterator[Path]:
    """Yield the source files in a fixed order."""
    for pattern in FILES:
        yield from sorted(path for path in ROOT.glob(pattern) if path.is_file())


def requirements() -> list[str]:
    """Return EXTRA_PACKAGES with the versions pinned in the development lock, as pip requirements."""
    lock = REQUIREMENTS.with_name("dev.txt").read_text()
    return [match[0] for name in EXTRA_PACKAGES if (match := re.search(rf"^{name}==[^ ]+", lock, re.MULTILINE))]


def build() -> Path:
    """Return the folder with the current files, building it if needed."""
    return copy_sources(files(), ROOT, BUILD, RETENTION_SECONDS)
