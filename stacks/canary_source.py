"""Source of the synthetic canary, as one folder: `make smoke` and the operator's command that runs it, and no more."""

import re
from collections.abc import Iterator
from pathlib import Path

from stacks.built import copied
from stacks.bundle import OURS, REQUIREMENTS, ROOT

BUILD = ROOT / "build" / "canary"
KEPT = 3600  # seconds that a folder is kept after it was last asked for
FILES = (
    *OURS,
    *(
        "scripts/__init__.py",
        "scripts/audit.py",
        "scripts/deployed.py",
        "scripts/ops.py",
        "scripts/restoring.py",
        "scripts/smoke.py",
    ),
    *("stacks/__init__.py", "stacks/config.py", "requirements/api.txt", "tests/media/face_and_speech.mp4"),
)
BESIDE = ("typer", "httpx")  # what the scripts import that the Lambdas do without


def files() -> Iterator[Path]:
    """Yield its files, in order."""
    for pattern in FILES:
        yield from sorted(path for path in ROOT.glob(pattern) if path.is_file())


def requirements() -> list[str]:
    """Return the packages of BESIDE, as the lock for development pins them."""
    lock = REQUIREMENTS.with_name("dev.txt").read_text()
    return [match[0] for name in BESIDE if (match := re.search(rf"^{name}==[^ ]+", lock, re.MULTILINE))]


def build() -> Path:
    """The folder; made anew when a file has changed."""
    return copied(files(), ROOT, BUILD, KEPT)
