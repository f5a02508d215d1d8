"""Benchmark of peak memory by length of video, which should be nearly constant.

Each length is analyzed in a fresh process with the starter bundle and the smallest transcriber. The videos repeat the
sample at its own bit rate and size.
"""

from pathlib import Path

from bench.clip import looped
from bench.launch import Launcher
from bench.results import LongRun
from bench.worker import Task

SHORT, LONG = 5.0, 60.0  # minutes
BUNDLE, WHISPER_MODEL = "starter", "tiny.en"


def measure_long_runs(launcher: Launcher, minutes: tuple[float, ...] = (SHORT, LONG)) -> list[LongRun]:
    """Analyze one video per length, in minutes. An hour of video takes several minutes."""
    return [_measure(launcher, length) for length in minutes]


def growth(runs: tuple[LongRun, ...]) -> float | None:
    """Return the relative increase of peak memory from the shortest to the longest run; None for fewer than two."""
    if len(runs) < 2:
        return None
    shortest, longest = (select(runs, key=lambda run: run.minutes) for select in (min, max))
    return longest.peak_mib / shortest.peak_mib - 1.0


def _measure(launcher: Launcher, minutes: float) -> LongRun:
    task = Task(kind="long", clip=_clip(launcher, minutes), bundle=BUNDLE, whisper_model=WHISPER_MODEL)
    return LongRun.model_validate(launcher.run(task, f"memory, {minutes:g} minutes of video"))


def _clip(launcher: Launcher, minutes: float) -> Path:
    with launcher.progress() as progress:
        bar = progress.add_task(f"creating a video of {minutes:g} minutes", total=1.0)
        return looped(minutes, progress=lambda share: progress.update(bar, completed=share))
