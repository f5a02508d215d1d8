"""Bounded job queue: a number of jobs run, a number more are queued, and further ones are rejected."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from model.serving.problems import QueueFullError, StoppingError

T = TypeVar("T")


class JobQueue:
    """Queue that runs `workers` jobs on threads and holds `queued` more. It must be used from one event loop."""

    def __init__(self, workers: int, queued: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="analysis")
        self._capacity = workers + queued
        self._slots: set[Slot] = set()
        self._stopping = False

    @property
    def occupied(self) -> int:
        """Number of occupied slots."""
        return len(self._slots)

    @property
    def running(self) -> bool:
        """True while any thread runs a job, even a cancelled one."""
        return any(slot.running for slot in self._slots)

    def acquire(self) -> "Slot":
        """Return a slot, to be released as a context manager. Raises QueueFullError or StoppingError."""
        if self._stopping:
            raise StoppingError("the server is shutting down; retry shortly")
        if len(self._slots) >= self._capacity:
            raise QueueFullError("the queue is full; retry later")
        slot = Slot(self._pool, self._slots.discard)
        self._slots.add(slot)
        return slot

    def stop(self) -> None:
        """Reject new jobs and cancel those that have not started."""
        self._stopping = True
        for slot in list(self._slots):
            if not slot.running:
                slot.cancel(StoppingError("the server shut down before the analysis started; retry shortly"))

    def abort(self) -> None:
        """Cancel all jobs; running ones stop at their next check of `Slot.abandoned`."""
        for slot in list(self._slots):
            slot.cancel(StoppingError("the server shut down before the analysis was complete; retry shortly"))

    def close(self) -> None:
        """Shut down the thread pool without waiting."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class Slot:
    """A slot in the queue, held from before a job's input is received until its thread is free again.

    `abandoned` is set once the job's result is no longer needed; jobs check it periodically.
    """

    def __init__(self, pool: ThreadPoolExecutor, release: Callable[["Slot"], None]) -> None:
        self._pool = pool
        self._release = release
        self._cancelled: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        self._watchers: list[asyncio.Task[None]] = []
        self._job: Future[Any] | None = None
        self.abandoned = threading.Event()

    def __enter__(self) -> "Slot":
        return self

    def __exit__(self, *_: object) -> None:
        self.abandoned.set()
        self._cancelled.cancel()
        for watcher in self._watchers:
            watcher.cancel()
        if self._job is None:
            self._release(self)
        else:  # a thread cannot be stopped from outside, so the slot is released when it ends
            self._job.add_done_callback(lambda _: self._release(self))

    @property
    def running(self) -> bool:
        return self._job is not None and self._job.running()

    def cancel(self, reason: Exception) -> None:
        """Make `unless_cancelled` and `run` raise `reason`."""
        if not self._cancelled.done():
            self._cancelled.set_result(reason)

    def cancel_when(self, event: Coroutine[Any, Any, Exception]) -> None:
        """Cancel the slot with the reason that `event` returns, if it does so before the slot is released."""

        async def watch() -> None:
            self.cancel(await event)

        self._watchers.append(asyncio.create_task(watch()))

    async def unless_cancelled(self, work: Awaitable[T]) -> T:
        """Return the result of `work`; if the slot is cancelled first, cancel `work` and raise the reason."""
        task = asyncio.ensure_future(work)
        either: set[asyncio.Future[Any]] = {task, self._cancelled}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise self._cancelled.result()
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    async def run(self, job: Callable[[], T]) -> T:
        """Run a blocking job on a thread, once one is free, and return its result."""
        self._job = self._pool.submit(job)
        return await self.unless_cancelled(asyncio.wrap_future(self._job))
