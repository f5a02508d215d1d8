"""Queue in front of the API's Lambda, so that a burst of requests does not start one worker per request.

A worker is a process with its own copy of the code in memory, on a machine that may have only two cores. The limit
starts low and grows, up to MAX_CONCURRENCY, only while requests keep waiting, as behind long polls.
"""

import asyncio
import json
from collections import deque

from common import problems
from local.guard.server import App, Receive, Scope, Send

PREFIX = "/_aws/execute-api/"
MIN_CONCURRENCY = 4  # concurrent requests, and so workers, allowed at first
MAX_CONCURRENCY = 16
GROWTH_INTERVAL = 2.0  # seconds of waiting after which one more request is allowed
MAX_WAIT = 20.0  # seconds that a request waits at most; the gateway's timeout of 29 s includes the wait
RETRY = 5  # seconds, for Retry-After
CODE = "busy"  # as in the API's own error


class Queue:
    """ASGI middleware that limits concurrent requests to the API; further ones wait in order of arrival.

    `minimum` and `maximum`: the limit at first and at most; `growth`: seconds until it grows by one while requests
    wait; `max_wait`: seconds after which a waiting request is answered with 503.
    """

    def __init__(
        self,
        app: App,
        minimum: int = MIN_CONCURRENCY,
        maximum: int = MAX_CONCURRENCY,
        growth: float = GROWTH_INTERVAL,
        max_wait: float = MAX_WAIT,
    ) -> None:
        self._app, self._minimum, self._maximum = app, minimum, maximum
        self._growth, self._max_wait = growth, max_wait
        self._allowed = minimum
        self._running = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._growing: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await self._app(scope, receive, send)
        elif not await self._enter():
            await _busy(send)
        else:
            try:
                await self._app(scope, receive, send)
            finally:
                self._leave()

    async def _enter(self) -> bool:
        """Wait to be admitted; return False after the longest wait."""
        if self._running < self._allowed and not self._waiting:
            self._running += 1
            return True
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        if self._growing is None:
            self._growing = asyncio.create_task(self._grow())
        await asyncio.wait([turn], timeout=self._max_wait)
        if not turn.done():
            self._waiting.remove(turn)
        return turn.done()

    def _leave(self) -> None:
        self._running -= 1
        self._admit()
        if self._running == 0:
            self._allowed = self._minimum

    def _admit(self) -> None:
        while self._waiting and self._running < self._allowed:
            turn = self._waiting.popleft()
            self._running += 1
            turn.set_result(None)

    async def _grow(self) -> None:
        """Raise the limit by one at each interval while requests wait."""
        while True:
            await asyncio.sleep(self._growth)
            if not self._waiting:
                self._growing = None
                return
            self._allowed = min(self._maximum, self._allowed + 1)
            self._admit()


async def _busy(send: Send) -> None:
    detail = f"too many concurrent requests; retry in {RETRY} s"
    document = {
        "type": problems.TYPE_PREFIX + CODE,
        "title": "Service temporarily busy; retry shortly",
        "status": 503,
        "code": CODE,
    }
    body = json.dumps(document | {"detail": detail, "error": detail}).encode()
    headers = [
        (b"content-type", problems.MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"retry-after", str(RETRY).encode()),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
