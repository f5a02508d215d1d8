"""HTTP servers on this process's event loop."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.types import ASGIApp

from local.errors import LocalError
from local.settings import HOST

GRACE = 5  # seconds for requests in progress


class Server(uvicorn.Server):
    """Server that does not handle signals. `at`: a port of the loopback interface, or the path of a Unix socket."""

    def __init__(self, app: ASGIApp, at: int | Path) -> None:
        self.at = at
        where: dict[str, Any] = {"uds": str(at)} if isinstance(at, Path) else {"host": HOST, "port": at}
        super().__init__(
            uvicorn.Config(
                app,
                **where,
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
        """Start serving; return once the server answers. Raises LocalError."""
        self._task = asyncio.create_task(self._serve_quietly())
        while not self.started:
            if self._task.done():
                await self._task
                raise LocalError(f"could not listen at {self.at}")
            await asyncio.sleep(0.02)

    async def runs(self) -> None:
        """Wait until the server stops. Raises LocalError when it stops by itself."""
        assert self._task is not None, "the server was not started"
        await asyncio.shield(self._task)
        raise LocalError(f"the server at {self.at} stopped")

    async def end(self) -> None:
        """Stop serving once the requests in progress are answered."""
        self.should_exit = True
        if self._task is not None:
            await self._task

    async def _serve_quietly(self) -> None:
        try:
            await self.serve()
        except SystemExit as error:  # raised by uvicorn when it cannot listen
            raise LocalError(f"could not listen at {self.at}") from error


def client_of(socket: Path, timeout: float | None) -> httpx.AsyncClient:
    """Return a client of the server at a Unix socket. `timeout`: seconds; None for no limit."""
    transport = httpx.AsyncHTTPTransport(uds=str(socket))
    return httpx.AsyncClient(base_url="http://localhost", transport=transport, trust_env=False, timeout=timeout)
