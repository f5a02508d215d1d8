"""The queue in front of the API's Lambda: a burst of requests waits for its workers instead of starting one each.

A worker is a process with its own copy of the code in memory, on a machine that may have two cores. So few begin; more
are allowed only while requests have waited for some time, as behind long polls, and never more than MOST.
"""

import asyncio
import json
from collections import deque

from common import problems
from local.guard.server import App, Receive, Scope, Send

PREFIX = "/_aws/execute-api/"
FEW = 4  # requests at a time, which start as many workers
MOST = 16
GROWTH = 2.0  # seconds that a request waits before one more is allowed
PATIENCE = 20.0  # seconds that a request waits at most; the gateway gives up after 29, the waiting included
RETRY = 5  # seconds after which the caller is asked to come again
CODE = "busy"  # the API's own


class Queue:
    """ASGI middleware that passes on so many of the API's requests at a time; the others wait in their order."""

    def __init__(
        self, app: App, few: int = FEW, most: int = MOST, growth: float = GROWTH, patience: float = PATIENCE
    ) -> None:
        self._app, self._few, self._most, self._growth, self._patience = app, few, most, growth, patience
        self._allowed = few
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
        """Wait for a turn; return False when it did not come in time."""
        if self._running < self._allowed and not self._waiting:
            self._running += 1
            return True
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        if self._growing is None:
            self._growing = asyncio.create_task(self._grow())
        await asyncio.wait([turn], timeout=self._patience)
        if not turn.done():
            self._waiting.remove(turn)
        return turn.done()

    def _leave(self) -> None:
        self._running -= 1
        self._admit()
        if self._running == 0:
            self._allowed = self._few

    def _admit(self) -> None:
        while self._waiting and self._running < self._allowed:
            turn = self._waiting.popleft()
            self._running += 1
            turn.set_result(None)

    async def _grow(self) -> None:
        """Allow one more request at a time for as long as some wait."""
        while True:
            await asyncio.sleep(self._growth)
            if not self._waiting:
                self._growing = None
                return
            self._allowed = min(self._most, self._allowed + 1)
            self._admit()


async def _busy(send: Send) -> None:
    detail = f"too many requests wait for the functions of this machine; try again in {RETRY} s"
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
