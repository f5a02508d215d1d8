"""Names for what an item is made of: the first 16 hex digits of a SHA-256 over its source's bytes.

The same text, picture or stretch of a recording gets the same name wherever it lies, so that the feature
cache finds what moved, and an item that stands in two splits can be found. A recording's name is taken over
its file's digest and the stretch's times.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

DIGITS = 16


def content_of(data: bytes) -> str:
    """The name of a text (as UTF-8) or of a picture's bytes."""
    return hashlib.sha256(data).hexdigest()[:DIGITS]


def content_of_file(path: Path, start: float = 0.0, end: float | None = None) -> str:
    """The name of a stretch of a recording; times in seconds, None for the file's end. Raises OSError."""
    return stretch_content(file_digest(path), start, end)


def stretch_content(digest: str, start: float, end: float | None) -> str:
    """Return the content hash of a part of a file, from the file's digest."""
    return content_of(f"{digest} {start:.3f} {'end' if end is None else f'{end:.3f}'}".encode())


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def drawn(name: str) -> float:
    """A number in [0, 1) that follows from the name alone: splits by it stay when items are added."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) / 2**32


class FileDigests:
    """Digests of files, remembered for their size and modification time: reading MELD takes a minute."""

    def __init__(self, memory: Path) -> None:
        self._memory = memory
        self._known: dict[tuple[str, int, int], str] = {}
        if memory.exists():
            for line in memory.read_text(encoding="utf-8").splitlines():
                try:
                    path, size, modified, digest = json.loads(line)
                except ValueError:  # a line that was being written when its process ended
                    continue
                self._known[path, size, modified] = digest

    def of(self, paths: Iterable[Path]) -> dict[Path, str]:
        """The digest of each file; those not known yet are read, several at a time. Raises OSError."""
        states = {path: _state(path) for path in paths}
        new = [path for path, state in states.items() if state not in self._known]
        if new:
            with ThreadPoolExecutor() as readers:  # hashing leaves the interpreter free
                digests = dict(zip(new, readers.map(file_digest, new), strict=True))
            self._known.update({states[path]: digest for path, digest in digests.items()})
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            lines = [json.dumps([*states[path], digest]) + "\n" for path, digest in digests.items()]
            with self._memory.open("a", encoding="utf-8") as file:
                file.write("".join(lines))
        return {path: self._known[state] for path, state in states.items()}


def _state(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    return os.fspath(path.absolute()), status.st_size, status.st_mtime_ns
