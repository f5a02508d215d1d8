"""Source of the image, as one folder: the files that .dockerignore lets through, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

from stacks.built import copied
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
    return copied(files(), ROOT, BUILD, KEPT)
