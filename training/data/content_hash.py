"""Content hashes of items: the first 16 hex digits of a SHA-256 over the source's bytes.

Equal text, images or spans of recordings have equal hashes wherever they are stored, so that the feature cache finds
moved files, and duplicates across splits can be found. A recording's hash is computed from its file's digest and the
span's times.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

DIGITS = 16


def hash_bytes(data: bytes) -> str:
    """Hash a text (as UTF-8) or an image's bytes."""
    return hashlib.sha256(data).hexdigest()[:DIGITS]


def hash_recording(path: Path, start: float = 0.0, end: float | None = None) -> str:
    """Hash a span of a recording; times in seconds, None for the file's end. Raises OSError."""
    return hash_span(file_digest(path), start, end)


def hash_span(digest: str, start: float, end: float | None) -> str:
    """Hash a span of a file from the file's digest."""
    return hash_bytes(f"{digest} {start:.3f} {'end' if end is None else f'{end:.3f}'}".encode())


def file_digest(path: Path) -> str:
    """Compute the SHA-256 of a file, in hex. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_fraction(name: str) -> float:
    """Map a name to a number in [0, 1) by its hash, for splits that are stable when items are added."""
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) / 2**32


class FileDigests:
    """File digests, cached by size and modification time: reading MELD takes a minute."""

    def __init__(self, store: Path) -> None:
        self._path = store
        self._known: dict[tuple[str, int, int], str] = {}
        if store.exists():
            for line in store.read_text(encoding="utf-8").splitlines():
                try:
                    path, size, modified, digest = json.loads(line)
                except ValueError:  # incomplete line of a killed process
                    continue
                self._known[path, size, modified] = digest

    def of(self, paths: Iterable[Path]) -> dict[Path, str]:
        """Return the digest of each file, computing unknown ones in parallel. Raises OSError."""
        states = {path: _state(path) for path in paths}
        new = [path for path, state in states.items() if state not in self._known]
        if new:
            with ThreadPoolExecutor() as readers:  # hashing releases the GIL
                digests = dict(zip(new, readers.map(file_digest, new), strict=True))
            self._known.update({states[path]: digest for path, digest in digests.items()})
            self._path.parent.mkdir(parents=True, exist_ok=True)
            lines = [json.dumps([*states[path], digest]) + "\n" for path, digest in digests.items()]
            with self._path.open("a", encoding="utf-8") as file:
                file.write("".join(lines))
        return {path: self._known[state] for path, state in states.items()}


def _state(path: Path) -> tuple[str, int, int]:
    status = path.stat()
    return os.fspath(path.absolute()), status.st_size, status.st_mtime_ns
