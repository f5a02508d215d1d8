"""Atomic file replacement, and the default work folder of training."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, and rename it to `path` when the block succeeds."""
    partial = path.with_suffix(".part")
    yield partial
    os.replace(partial, path)


def work_folder(recipe: str) -> Path:
    """Return the default work folder of the recipe with this name."""
    return ROOT / "build" / "training" / recipe
