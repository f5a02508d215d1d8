"""HTTP servers of this very process, on its one event loop."""

import asyncio
import contextlib
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

from local.problems import LocalError
from local.settings import HOST

GRACE = 5  # seconds for answers that are under way


class Server(uvicorn.Server):
    """A server that leaves signals to whoever runs it."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                HOST,
                port,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="on",
                ws="none",
                timeout_graceful_shutdown=GRACE,
            )
        )
        self._task: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def begin(self) -> None:
        """Serve; returns once it answers. Raises LocalError."""
        self._task = asyncio.create_task(self._serve_quietly())
        while not self.started:
            if self._task.done():
                await self._task
                raise LocalError(f"nothing could be served on port {self.config.port}")
            await asyncio.sleep(0.02)

    async def runs(self) -> None:
        """Goes on while it serves. Raises LocalError when it stops by itself."""
        assert self._task is not None, "the server was not begun"
        await asyncio.shield(self._task)
        raise LocalError(f"the server on port {self.config.port} stopped")

    async def end(self) -> None:
        """Stop serving; what is under way is answered."""
        self.should_exit = True
        if self._task is not None:
            await self._task

    async def _serve_quietly(self) -> None:
        try:
            await self.serve()
        except SystemExit as error:  # how uvicorn says that it cannot listen
            raise LocalError(f"nothing could be served on port {self.config.port}") from error
