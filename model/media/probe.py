"""Examination of a file in a subprocess, before this process opens it.

The memory that a container takes is known only after reading it: an MP4 of 900 bytes may declare 80 million samples per
track, for which FFmpeg builds an index of 2 GB in one uninterruptible call. So a subprocess opens the file and demuxes
its packets first, and exits as soon as that takes more than MAX_BYTES. It runs this module, which therefore imports
nothing from this project.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

MAX_BYTES = 256 << 20  # of memory to open and demux a file; an hour of video takes about 20 MB
INTERVAL = 0.005  # seconds between memory checks: memory may grow by a gigabyte per second
POLL = 0.02  # seconds between checks whether the subprocess has exited
TIMEOUT = 600.0  # seconds; a file of 1 GB takes a few
MEMORY_EXCEEDED = 3  # exit code of the subprocess

Part = tuple[int, int]
"""First byte and end of a part of a file that consists of several."""


class ExaminationError(Exception):
    """Reading the file exceeds the limit of memory or time. The message says which."""


def examine(
    path: Path, parts: Sequence[Part], options: Mapping[str, str], keep_waiting: Callable[[], None] = lambda: None
) -> None:
    """Open and demux the file, or each of its parts, in a subprocess. Raises ExaminationError.

    Other faults of the file are ignored; the reader reports them. `keep_waiting` is called periodically and aborts the
    examination by raising.
    """
    command = [sys.executable, "-P", __file__, json.dumps(dict(options)), str(path.absolute()), json.dumps(parts)]
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError:  # no process can be started; the limits on frames and packets still apply
        return
    end = time.monotonic() + TIMEOUT
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                if process.wait(POLL) == MEMORY_EXCEEDED:
                    raise ExaminationError(f"reading it takes more than {MAX_BYTES >> 20} MB of memory")
                return
            keep_waiting()
            if time.monotonic() > end:
                raise ExaminationError(f"reading it takes more than {TIMEOUT:.0f} s")
    finally:
        process.kill()
        process.wait()


def resident_bytes() -> int | None:
    """Return the resident memory of this process; None if the system does not report it."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


class FileRange(io.RawIOBase):
    """File object of the bytes `start` to `end` of a file."""

    def __init__(self, path: Path, start: int, end: int) -> None:
        self._file = path.open("rb")
        self._start, self._size, self._position = start, end - start, 0
        self.name = str(path)

    @property
    def part(self) -> Part:
        """First byte and end within the file."""
        return self._start, self._start + self._size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def read(self, size: int = -1) -> bytes:
        remaining = max(0, self._size - self._position)
        self._file.seek(self._start + self._position)
        data = self._file.read(remaining if size < 0 else min(size, remaining))
        self._position += len(data)
        return data

    def close(self) -> None:
        self._file.close()
        super().close()


def _watch_memory() -> None:
    """Exit this process when it takes more than MAX_BYTES from now on: FFmpeg's calls cannot be interrupted."""
    before = resident_bytes()
    if before is None:
        return

    def watch() -> None:
        while (resident_bytes() or 0) - before <= MAX_BYTES:
            time.sleep(INTERVAL)
        os._exit(MEMORY_EXCEEDED)

    threading.Thread(target=watch, daemon=True).start()


def _walk(options: dict[str, str], path: Path, parts: Sequence[Part]) -> None:
    """Open a file, or its parts one after another, and demux their audio and video streams."""
    import av
    from av.container import InputContainer

    _watch_memory()
    containers = []  # kept open, as the reader does: there may be a million parts
    sources: list[FileRange | str] = [FileRange(path, *part) for part in parts]
    for source in sources or [str(path)]:
        with contextlib.suppress(Exception):
            container = av.open(source, options=options, metadata_errors="replace")
            assert isinstance(container, InputContainer)
            containers.append(container)
            for _ in container.demux([*container.streams.video, *container.streams.audio]):
                pass


if __name__ == "__main__":
    _walk(json.loads(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]))
