"""Builder of the feature cache: decodes clips in worker processes, and writes them from this one."""

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
from training.data.extraction import EXTRACTION_ID, MediaSpan, Parts, Results, extract, init_worker, ping
from training.data.feature_cache import FeatureCache, FeatureCacheWriter

FILES_PER_WORKER = 4  # queued per worker: enough to keep it busy, few enough to hold the results in memory


class FillError(Exception):
    """The cache could not be built. The message has the reason and what to do."""


@dataclass
class FillResult:
    """Number of items decoded, items that failed with the reason, and the time in seconds."""

    decoded: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


def fill(
    cache: FeatureCache,
    wanted: Mapping[str, MediaSpan],
    workers: int | None = None,
    retry: bool = False,
    show: bool = True,
) -> FillResult:
    """Decode the items of `wanted` (key -> span) that the cache lacks, in several processes.

    Items that failed before are skipped unless `retry`. Resumes after a kill. Raises FillError, or WeightsError if the
    face detector is unavailable.
    """
    filled, began = FillResult(), time.monotonic()
    if not _missing(cache, wanted, retry):
        return filled
    # Raises RuntimeError in a worker that reruns a script without a main guard; it would otherwise wait for the lock of
    # its parent, which waits for the worker.
    get_preparation_data("worker")
    cache.folder.mkdir(parents=True, exist_ok=True)
    (cache.folder / "extraction.txt").write_text(EXTRACTION_ID + "\n")
    # Another process may be filling the cache; its items are not decoded again once it releases the lock.
    with (
        FileLock(cache.folder / ".lock"),
        contextlib.closing(FeatureCacheWriter(cache)) as writer,
        _bar(show) as progress,
    ):
        missing = _missing(cache, wanted, retry)
        task = progress.add_task("decoding", total=len(missing))
        for key, result in _decode(missing, workers or default_workers()):
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
    """Return the number of cores available to this process."""
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def _missing(cache: FeatureCache, wanted: Mapping[str, MediaSpan], retry: bool) -> dict[str, MediaSpan]:
    return {k: s for k, s in wanted.items() if k not in cache and (retry or k not in cache.failures)}


def _decode(wanted: Mapping[str, MediaSpan], workers: int) -> Iterator[tuple[str, Parts | str]]:
    """Yield items with their features, or the reason for failure, as workers finish."""
    keys = {span: key for key, span in wanted.items()}
    files: dict[Path, list[MediaSpan]] = defaultdict(list)
    for span in keys:
        files[span.path].append(span)
    while files:
        try:
            for results in _decode_in_parallel(list(files.values()), min(workers, len(files))):
                del files[results[0][0].path]
                yield from ((keys[span], result) for span, result in results)
        except BrokenProcessPool:
            # One of the files in progress crashed its worker. They are the first of those that remain.
            suspects = [files.pop(path) for path in list(files)[: FILES_PER_WORKER * workers]]
            for results in _decode_in_isolation(suspects):
                yield from ((keys[span], result) for span, result in results)


def _decode_in_parallel(tasks: Sequence[list[MediaSpan]], workers: int) -> Iterator[Results]:
    """Yield the results of tasks as they finish. Raises BrokenProcessPool."""
    running: set[Future[Results]] = set()
    with _pool(workers) as pool:
        try:
            for task in tasks:
                if len(running) >= FILES_PER_WORKER * workers:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    yield from (future.result() for future in done)
                running.add(pool.submit(extract, task))
            yield from (future.result() for future in running)
        finally:
            pool.shutdown(cancel_futures=True)


def _decode_in_isolation(tasks: list[list[MediaSpan]]) -> Iterator[Results]:
    """Yield the results of tasks that may crash their worker. Raises FillError if no worker can be started."""
    while tasks:
        with _pool(1) as pool:
            try:
                pool.submit(ping).result()
            except BrokenProcessPool as error:
                raise FillError("worker processes cannot be started; see their output above") from error
            while tasks:
                task = tasks.pop(0)
                try:
                    yield pool.submit(extract, task).result()
                except BrokenProcessPool:
                    reason = "decoding crashed the worker process: decoder error or out of memory"
                    yield [(span, reason) for span in task]
                    break


def _pool(workers: int) -> ProcessPoolExecutor:
    detector = catalog.fetch("centerface") / "centerface.onnx"
    context = get_context("spawn")  # torch's and OpenCV's threads do not survive a fork
    return ProcessPoolExecutor(workers, context, init_worker, (detector,))


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        return Text(f"{task.speed or 0.0:.1f} clips/s")


def _bar(show: bool) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not show)
