"""Fills the feature cache: clips decoded on several processes, written by this one, with a progress bar."""

import contextlib
import os
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.spawn import get_preparation_data
from pathlib import Path

from filelock import FileLock
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from model.weights import catalog
from training.data.extraction import EXTRACTION_ID, Parts, Results, Stretch, extract, ready, start_worker
from training.data.feature_cache import Cache, Writer

AHEAD = 4  # files handed to each worker at once: enough that none waits, few enough to hold their results


class FillError(Exception):
    """The cache could not be filled. The message says why and what to do."""


@dataclass
class Filled:
    """Outcome of filling the cache: items decoded now, items that failed now, and the time it took in seconds."""

    decoded: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


def fill(
    cache: Cache, wanted: Mapping[str, Stretch], workers: int | None = None, retry: bool = False, show: bool = True
) -> Filled:
    """Decode what the cache lacks of `wanted` (key -> stretch), on several processes.

    What failed before is left alone unless `retry`. Killed in the middle, the next call goes on. Raises
    FillError, or WeightsError where the face detector cannot be had.
    """
    filled, began = Filled(), time.monotonic()
    if not _lacking(cache, wanted, retry):
        return filled
    # In a worker that runs its parent's script again: RuntimeError, and what the script lacks. It would wait below for
    # the lock of the parent, which waits for it.
    get_preparation_data("worker")
    cache.folder.mkdir(parents=True, exist_ok=True)
    (cache.folder / "extraction.txt").write_text(EXTRACTION_ID + "\n")
    # Another process may be filling it: when it lets go of the lock, what it did is not done again.
    with FileLock(cache.folder / ".lock"), contextlib.closing(Writer(cache)) as writer, _bar(show) as progress:
        lacking = _lacking(cache, wanted, retry)
        task = progress.add_task("decoding", total=len(lacking))
        for key, result in _decode(lacking, workers or default_workers()):
            if isinstance(result, str):
                writer.fail(key, result)
                filled.failed[key] = result
            else:
                writer.add(key, result)
                filled.decoded += 1
            progress.advance(task)
    filled.seconds = time.monotonic() - began
    return filled


def default_workers() -> int:
    """Return the number of cores that this process may use."""
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def _lacking(cache: Cache, wanted: Mapping[str, Stretch], retry: bool) -> dict[str, Stretch]:
    return {k: s for k, s in wanted.items() if k not in cache and (retry or k not in cache.failures)}


def _decode(wanted: Mapping[str, Stretch], workers: int) -> Iterator[tuple[str, Parts | str]]:
    """Yield each item with its parts, or the reason why it has none, as workers finish."""
    keys = {stretch: key for key, stretch in wanted.items()}
    files: dict[Path, list[Stretch]] = defaultdict(list)
    for stretch in keys:
        files[stretch.path].append(stretch)
    while files:
        try:
            for results in _together(list(files.values()), min(workers, len(files))):
                del files[results[0][0].path]
                yield from ((keys[stretch], result) for stretch, result in results)
        except BrokenProcessPool:
            # One of the files at work ended its process, nobody knows which; they are the first that are left.
            suspects = [files.pop(path) for path in list(files)[: AHEAD * workers]]
            for results in _one_by_one(suspects):
                yield from ((keys[stretch], result) for stretch, result in results)


def _together(tasks: Sequence[list[Stretch]], workers: int) -> Iterator[Results]:
    """Results of all tasks, in the order in which they are finished. Raises BrokenProcessPool."""
    running: set[Future[Results]] = set()
    with _pool(workers) as pool:
        try:
            for task in tasks:
                if len(running) >= AHEAD * workers:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
                running.add(pool.submit(extract, task))
            yield from (future.result() for future in running)
        finally:
            pool.shutdown(cancel_futures=True)


def _one_by_one(tasks: list[list[Stretch]]) -> Iterator[Results]:
    """Results of tasks that may end their process. Raises FillError where no worker can be started."""
    while tasks:
        with _pool(1) as pool:
            try:
                pool.submit(ready).result()
            except BrokenProcessPool as error:
                raise FillError("worker processes cannot be started; what they printed says why") from error
            while tasks:
                task = tasks.pop(0)
                try:
                    yield pool.submit(extract, task).result()
                except BrokenProcessPool:
                    reason = "decoding it ended the process: the decoder crashed, or the memory did not suffice"
                    yield [(stretch, reason) for stretch in task]
                    break


def _pool(workers: int) -> ProcessPoolExecutor:
    detector = catalog.fetch("centerface") / "centerface.onnx"
    context = get_context("spawn")  # torch's and OpenCV's threads do not survive a fork
    return ProcessPoolExecutor(workers, context, start_worker, (detector,))


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0.0:.1f} clips/s")


def _bar(show: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not show)
