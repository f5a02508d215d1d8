"""Examination of a file by a process of its own, before this process opens it.

How much memory reading a container takes, only the reading shows: an MP4 of 900 bytes may declare eighty million
samples a track, for which FFmpeg builds an index of 2 GB in one call that nothing can interrupt. So a process that
may be lost opens the file and walks through its packets first, and ends itself as soon as that has taken more than
MAX_BYTES. This module is also what it runs, which is why it imports nothing of ours.
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

MAX_BYTES = 256 << 20  # that opening and demuxing a file may take; an hour of video takes some 20 MB
INTERVAL = 0.005  # seconds between two looks at the memory: it fills by a gigabyte a second
POLL = 0.02  # seconds between two looks at whether the process has ended
PATIENCE = 600.0  # seconds; a file of 1 GB takes a few
TOO_MUCH = 3  # exit code: more memory than it may have

Part = tuple[int, int]
"""First byte and end of a part of a file that holds several."""


class ExaminationError(Exception):
    """Reading the file takes more memory, or more time, than it may. The message says which."""


def examine(
    path: Path, parts: Sequence[Part], options: Mapping[str, str], keep_waiting: Callable[[], None] = lambda: None
) -> None:
    """Open the file, or each of its parts, and walk through the packets. Raises ExaminationError.

    What is wrong with a file in any other way is left to those who read it. `keep_waiting` is called now and then,
    and ends the examination by raising.
    """
    command = [sys.executable, "-P", __file__, json.dumps(dict(options)), str(path.absolute()), json.dumps(parts)]
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError:  # no process to be had: the limits on frames and packets still hold
        return
    end = time.monotonic() + PATIENCE
    try:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                if process.wait(POLL) == TOO_MUCH:
                    raise ExaminationError(f"reading it takes more than {MAX_BYTES >> 20} MB of memory")
                return
            keep_waiting()
            if time.monotonic() > end:
                raise ExaminationError(f"reading it takes more than {PATIENCE:.0f} s")
    finally:
        process.kill()
        process.wait()


def resident_bytes() -> int | None:
    """Memory that this process holds; None where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


class FileRange(io.RawIOBase):
    """Bytes `start` to `end` of a file, as a file of their own."""

    def __init__(self, path: Path, start: int, end: int) -> None:
        self._file = path.open("rb")
        self._start, self._size, self._position = start, end - start, 0
        self.name = str(path)

    @property
    def part(self) -> Part:
        """First byte and end in the file."""
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
        left = max(0, self._size - self._position)
        self._file.seek(self._start + self._position)
        data = self._file.read(left if size < 0 else min(size, left))
        self._position += len(data)
        return data

    def close(self) -> None:
        self._file.close()
        super().close()


def _watch_memory() -> None:
    """End this process where it takes more than MAX_BYTES from now on; FFmpeg's calls cannot be interrupted."""
    before = resident_bytes()
    if before is None:
        return

    def watch() -> None:
        while (resident_bytes() or 0) - before <= MAX_BYTES:
            time.sleep(INTERVAL)
        os._exit(TOO_MUCH)

    threading.Thread(target=watch, daemon=True).start()


def _walk(options: dict[str, str], path: Path, parts: Sequence[Part]) -> None:
    """Open a file, or its parts one after the other, and demux what holds audio or video."""
    import av
    from av.container import InputContainer

    _watch_memory()
    containers = []  # all stay open, as they do for the reader: there may be a million parts
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
