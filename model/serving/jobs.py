"""Bounded job queue: a number of jobs run, a number more wait, and further ones are rejected."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from model.serving.problems import QueueFullError, StoppingError

T = TypeVar("T")


class JobQueue:
    """Runs `workers` jobs on threads while `waiting` more wait. Used from one event loop."""

    def __init__(self, workers: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="analysis")
        self._capacity = workers + waiting
        self._places: set[Place] = set()
        self._stopping = False

    @property
    def taken(self) -> int:
        """Number of occupied places."""
        return len(self._places)

    @property
    def running(self) -> bool:
        """True while any thread runs a job, wanted or not."""
        return any(place.running for place in self._places)

    def take(self) -> "Place":
        """A place, to be left as a context manager. Raises QueueFullError or StoppingError."""
        if self._stopping:
            raise StoppingError("the server is being stopped")
        if len(self._places) >= self._capacity:
            raise QueueFullError("as many videos are waiting as may; try again later")
        place = Place(self._pool, self._places.discard)
        self._places.add(place)
        return place

    def stop(self) -> None:
        """Give out no more places and send away all whose job has not begun."""
        self._stopping = True
        for place in list(self._places):
            if not place.running:
                place.end(StoppingError("the server was stopped before the analysis began"))

    def abort(self) -> None:
        """Send everybody away; threads end when they next look whether they are still wanted."""
        for place in list(self._places):
            place.end(StoppingError("the server was stopped before the analysis was done"))

    def close(self) -> None:
        """Let the idle threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class Place:
    """A place in the queue, from before a job's input arrives until its thread is free again.

    `abandoned` is set once nobody waits for the job any more: a job looks at it now and then.
    """

    def __init__(self, pool: ThreadPoolExecutor, leave: Callable[["Place"], None]) -> None:
        self._pool = pool
        self._leave = leave
        self._end: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        self._watchers: list[asyncio.Task[None]] = []
        self._job: Future[Any] | None = None
        self.abandoned = threading.Event()

    def __enter__(self) -> "Place":
        return self

    def __exit__(self, *_: object) -> None:
        self.abandoned.set()
        self._end.cancel()
        for watcher in self._watchers:
            watcher.cancel()
        if self._job is None:
            self._leave(self)
        else:  # a thread cannot be ended from outside: the place is free when it is
            self._job.add_done_callback(lambda _: self._leave(self))

    @property
    def running(self) -> bool:
        return self._job is not None and self._job.running()

    def end(self, reason: Exception) -> None:
        """Have whoever waits on this place stop waiting and raise `reason`."""
        if not self._end.done():
            self._end.set_result(reason)

    def end_when(self, happening: Coroutine[Any, Any, Exception]) -> None:
        """End it when `happening` returns a reason; watched until the place is left."""

        async def watch() -> None:
            self.end(await happening)

        self._watchers.append(asyncio.create_task(watch()))

    async def unless_ended(self, work: Awaitable[T]) -> T:
        """The result of `work`; when the place is ended first, `work` is cancelled and the reason raised."""
        task = asyncio.ensure_future(work)
        either: set[asyncio.Future[Any]] = {task, self._end}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise self._end.result()
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    async def run(self, job: Callable[[], T]) -> T:
        """The result of a blocking job, run on a thread when it is its turn."""
        self._job = self._pool.submit(job)
        return await self.unless_ended(asyncio.wrap_future(self._job))
