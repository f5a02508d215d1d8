"""Spooling of pipes to files, because a video is read more than once and a pipe can be read only once."""

import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from model.media.errors import MediaError

STANDARD_INPUT = Path("-")
MAX_SPOOL_BYTES = 16 << 30
BLOCK_BYTES = 1 << 20


def is_pipe(path: Path) -> bool:
    """Return True for standard input and named pipes, including `<(command)` in a shell."""
    if path == STANDARD_INPUT:
        return True
    try:
        return stat.S_ISFIFO(path.stat().st_mode)
    except OSError:
        return False


@contextmanager
def spooled(path: Path, limit: int = MAX_SPOOL_BYTES) -> Iterator[Path]:
    """Yield the path of a file with the same content: `path` itself unless it is a pipe.

    Raises MediaError if standard input is a terminal, or if the pipe's content exceeds `limit` bytes or the free disk
    space. Errors about the copy name the pipe instead.
    """
    if not is_pipe(path):
        yield path
        return
    name = "standard input" if path == STANDARD_INPUT else str(path)
    if path == STANDARD_INPUT and (sys.stdin is None or sys.stdin.isatty()):
        raise MediaError(
            "standard input is a terminal or closed; pipe a video into it (cat talk.mp4 | video-sentiment analyze -)"
        )
    with tempfile.TemporaryDirectory(prefix="video-sentiment-") as folder:
        copy = Path(folder) / ("stdin" if path == STANDARD_INPUT else path.name)
        try:
            if path == STANDARD_INPUT:
                _copy(sys.stdin.buffer, copy, name, limit)
            else:
                with path.open("rb") as pipe:
                    _copy(pipe, copy, name, limit)
            yield copy
        except MediaError as error:
            raise MediaError(str(error).replace(str(copy), name)) from error


def _copy(source: BinaryIO, target: Path, name: str, limit: int) -> None:
    size = 0
    try:
        with target.open("wb") as file:
            while block := source.read(BLOCK_BYTES):
                size += len(block)
                if size > limit:
                    raise MediaError(f"{name} is larger than {limit} bytes; save it to a file first")
                file.write(block)
    except OSError as error:
        raise MediaError(
            f"{name} could not be copied to {target.parent.parent}: {error.strerror}; save it to a file first, "
            "or set TMPDIR to a folder with enough space"
        ) from error
