"""Drivers that perform the steps of operations, with threads or in an event loop."""

import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Any, TypeVar

import anyio
import httpx

from video_sentiment_client._steps import Body, Parallel, Request, Sleep, Step, Steps
from video_sentiment_client.errors import NetworkError

T = TypeVar("T")

_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


class SyncDriver:
    """Performs steps one after the other, and parallel ones in threads."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def run(self, steps: Steps[T]) -> T:
        """Perform an operation and return its result."""
        try:
            step = next(steps)
            while True:
                try:
                    result = self._perform(step)
                except Exception as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(result)
        except StopIteration as stop:
            returned: T = stop.value
            return returned

    def _perform(self, step: Step) -> Any:
        match step:
            case Sleep():
                time.sleep(step.seconds)
                return None
            case Parallel():
                return self._parallel(step)
            case Request():
                content = _chunks(step.body) if step.body is not None else None
                try:
                    return self._http.request(**_arguments(step), content=content)
                except httpx.TransportError as error:
                    raise _network_error(error) from error

    def _parallel(self, step: Parallel) -> list[Any]:
        with ThreadPoolExecutor(step.limit) as pool:
            futures = [pool.submit(self.run, branch) for branch in step.branches]
            try:
                done = wait(futures, return_when=FIRST_EXCEPTION).done
                for future in done:
                    future.result()
                return [future.result() for future in futures]
            finally:
                pool.shutdown(wait=False, cancel_futures=True)


class AsyncDriver:
    """Performs steps in an event loop, and parallel ones as its tasks."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def run(self, steps: Steps[T]) -> T:
        """Perform an operation and return its result."""
        try:
            step = next(steps)
            while True:
                try:
                    result = await self._perform(step)
                except Exception as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(result)
        except StopIteration as stop:
            returned: T = stop.value
            return returned

    async def _perform(self, step: Step) -> Any:
        match step:
            case Sleep():
                await anyio.sleep(step.seconds)
                return None
            case Parallel():
                return await self._parallel(step)
            case Request():
                content = _async_chunks(step.body) if step.body is not None else None
                try:
                    return await self._http.request(**_arguments(step), content=content)
                except httpx.TransportError as error:
                    raise _network_error(error) from error

    async def _parallel(self, step: Parallel) -> list[Any]:
        results: dict[int, Any] = {}
        failures: list[Exception] = []
        limiter = anyio.CapacityLimiter(step.limit)

        async def work(index: int, branch: Steps[Any]) -> None:
            async with limiter:
                try:
                    results[index] = await self.run(branch)
                except Exception as error:
                    failures.append(error)
                    group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            for index, branch in enumerate(step.branches):
                group.start_soon(work, index, branch)
        if failures:
            raise failures[0]
        return [results[index] for index in range(len(step.branches))]


def _arguments(request: Request) -> dict[str, Any]:
    headers = dict(request.headers)
    if request.body is not None:
        headers["Content-Length"] = str(request.body.size)  # the store takes no chunked uploads
    return {
        "method": request.method,
        "url": request.url,
        "headers": headers,
        "params": request.params or None,  # even an empty mapping would remove the URL's own query
        "json": request.json,
    }


def _chunks(body: Body) -> Iterator[bytes]:
    for offset, size in body.spans():
        body.sent_until(offset)
        yield body.source.read(offset, size)


async def _async_chunks(body: Body) -> AsyncIterator[bytes]:
    for offset, size in body.spans():
        body.sent_until(offset)
        yield await anyio.to_thread.run_sync(body.source.read, offset, size)


def _network_error(error: httpx.TransportError) -> NetworkError:
    unsent = isinstance(error, _UNSENT)
    try:
        host = error.request.url.netloc.decode()
    except RuntimeError:  # raised before there was a request
        host = "the server"
    reason = str(error) or type(error).__name__
    return NetworkError(f"{host} cannot be reached: {reason}" if unsent else f"{host}: {reason}", unsent=unsent)
