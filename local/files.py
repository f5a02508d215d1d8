"""Atomic writes to the state folder, so that a killed process never leaves a partial file."""

import os
from pathlib import Path


def write_atomic(path: Path, text: str, mode: int = 0o666) -> None:
    """Replace a file's text atomically. `mode`: the file's permissions, less the umask."""
    scratch = path.with_suffix(".new")
    with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text)
    scratch.replace(path)
