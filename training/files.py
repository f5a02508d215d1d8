"""Files that are whole, old or new, wherever a process is killed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A file to write beside `path`, which it replaces in one step when all of it is there."""
    partial = path.with_suffix(".part")
    yield partial
    os.replace(partial, path)


def work_folder(recipe: str) -> Path:
    """Return the folder that training by the recipe of this name keeps its stages in, unless it is told another."""
    return ROOT / "build" / "training" / recipe
