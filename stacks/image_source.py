"""Source of the image, as one folder: the files that .dockerignore lets through, and nothing else."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from stacks.built import becoming, keep_recent
from stacks.bundle import ROOT

BUILD = ROOT / "build" / "image"
KEPT = 3600  # seconds that a folder is kept after it was last asked for: each is as large as the model
LEFT_OUT = ("__pycache__",)


def patterns() -> list[str]:
    """The exceptions of .dockerignore, which begins by leaving everything out."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return [line[1:] for line in lines if line.startswith("!")]


def files() -> Iterator[Path]:
    """Yield every file that `docker build .` would see, in order."""
    for pattern in patterns():
        for found in sorted(ROOT.glob(pattern)):
            inside = sorted(found.rglob("*")) if found.is_dir() else [found]
            yield from (path for path in inside if path.is_file() and not set(LEFT_OUT) & set(path.parts))


def build() -> Path:
    """The folder; made anew when a file has changed."""
    digest = hashlib.sha256()
    found = list(files())
    for path in found:
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    folder = BUILD / digest.hexdigest()[:16]
    if not folder.exists():
        with becoming(folder) as draft:
            for path in found:
                place = draft / path.relative_to(ROOT)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, place)
    keep_recent(folder, KEPT)
    return folder
