"""Source of the engine's image, as one folder: exactly the files that .dockerignore admits."""

from collections.abc import Iterator
from pathlib import Path

from stacks.build_cache import copy_sources
from stacks.lambda_bundle import ROOT

BUILD = ROOT / "build" / "image"
RETENTION_SECONDS = 3600  # that a folder is kept after its last use; short, since each is as large as the model
EXCLUDED = ("__pycache__",)


def patterns() -> list[str]:
    """Return the exceptions of .dockerignore, which first excludes everything."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return [line[1:] for line in lines if line.startswith("!")]


def files() -> Iterator[Path]:
    """Yield the files of the context of `docker build .` in a fixed order."""
    for pattern in patterns():
        for found in sorted(ROOT.glob(pattern)):
            inside = sorted(found.rglob("*")) if found.is_dir() else [found]
            yield from (path for path in inside if path.is_file() and not set(EXCLUDED) & set(path.parts))


def build() -> Path:
    """Return the folder with the current files, building it if needed."""
    return copy_sources(files(), ROOT, BUILD, RETENTION_SECONDS)
