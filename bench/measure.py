"""Measurement of time and of a process's memory."""

import math
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

MIB = 1 << 20


class Timing(BaseModel):
    """Wall-clock time and processor time of all threads, in seconds.

    Processor time is hardly affected by other load, so it shows whether wall-clock time was.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    wall: float
    cpu: float

    def scaled(self, factor: float) -> "Timing":
        return Timing(wall=self.wall * factor, cpu=self.cpu * factor)


class Stopwatch:
    """Stopwatch that adds up the time spent in its `with` blocks."""

    def __init__(self) -> None:
        self._wall = self._cpu = 0.0

    @property
    def timing(self) -> Timing:
        return Timing(wall=self._wall, cpu=self._cpu)

    def __enter__(self) -> None:
        self._wall -= time.perf_counter()
        self._cpu -= time.process_time()

    def __exit__(self, *_: object) -> None:
        self._wall += time.perf_counter()
        self._cpu += time.process_time()


def timed(work: Callable[[], object], repeats: int = 1) -> Timing:
    """Return the timing of the fastest of `repeats` runs."""
    return min((_once(work) for _ in range(repeats)), key=lambda timing: timing.wall)


def _once(work: Callable[[], object]) -> Timing:
    watch = Stopwatch()
    with watch:
        work()
    return watch.timing


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest of the values that is no smaller than this share of them."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def peak_memory() -> float:
    """Return the peak resident set size of this process, in MiB.

    On Linux it is the process's own high-water mark, because `ru_maxrss` includes the parent's memory.
    """
    if (peak := _status("VmHWM")) is not None:
        return peak
    unit = 1 if sys.platform == "darwin" else 1024  # bytes on macOS, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MIB


def memory() -> float:
    """Return the resident set size of this process, in MiB; the peak if the system does not report it."""
    resident = _status("VmRSS")
    return peak_memory() if resident is None else resident


def _status(key: str) -> float | None:
    """Return a value of Linux's /proc/self/status in MiB; None elsewhere."""
    path = Path("/proc/self/status")
    if not path.exists():
        return None
    lines = (line.split() for line in path.read_text(encoding="ascii").splitlines())
    return next((int(line[1]) / 1024 for line in lines if line[0] == f"{key}:"), None)
