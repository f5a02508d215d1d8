"""Clocks and scales: how long a piece of work takes, and how much memory a process holds."""

import math
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

MIB = 1 << 20


class Timing(BaseModel):
    """`wall` is what a user waits; `cpu` what all threads of the process computed: both in seconds.

    The second hardly changes when other programs share the machine, so it tells whether the first did.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    wall: float
    cpu: float

    def scaled(self, factor: float) -> "Timing":
        return Timing(wall=self.wall * factor, cpu=self.cpu * factor)


class Stopwatch:
    """Adds up the time of the stretches between `with` blocks' begin and end."""

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
    """The least disturbed of `repeats` runs: the one with the shortest wall time."""
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
    """The most that this process ever held in memory (peak resident set size), in MiB.

    On Linux from the process's own high-water mark: `ru_maxrss` starts at what the parent held.
    """
    if (held := _status("VmHWM")) is not None:
        return held
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MIB


def memory() -> float:
    """What this process holds in memory now (resident set size), in MiB; the peak where that is not told."""
    held = _status("VmRSS")
    return peak_memory() if held is None else held


def _status(key: str) -> float | None:
    """A figure of Linux's /proc/self/status, which gives KiB, in MiB."""
    path = Path("/proc/self/status")
    if not path.exists():
        return None
    lines = (line.split() for line in path.read_text(encoding="ascii").splitlines())
    return next((int(line[1]) / 1024 for line in lines if line[0] == f"{key}:"), None)
