"""The Python client in both its forms, before a server whose answers the tests write."""

import functools
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from tests.clients.server import Server, serving
from video_sentiment_client import AsyncClient, Client, _retries

KEY = "vs_abcdefgh_0123456789"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for a pause; which pauses there are is in test_python_retries.py."""
    monkeypatch.setattr(_retries, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr("video_sentiment_client._operations.FIRST_PAUSE", 0.001)


class Both:
    """One client, synchronous or asynchronous, whose methods are called in the same way."""

    def __init__(self, url: str, asynchronous: bool) -> None:
        self._url, self._asynchronous = url, asynchronous

    def do(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Call a method of a new client; a list of what it iterates over."""
        settings = {"part_threshold": options.pop("part_threshold", 1_000_000)}
        if self._asynchronous:
            return anyio.run(functools.partial(self._await, method, arguments, options, settings))
        with Client(self._url, KEY, **settings) as client:
            answer = getattr(client, method)(*arguments, **options)
            return list(answer) if hasattr(answer, "__next__") else answer

    async def _await(self, method: str, arguments: Any, options: Any, settings: Any) -> Any:
        async with AsyncClient(self._url, KEY, **settings) as client:
            answer = getattr(client, method)(*arguments, **options)
            return [item async for item in answer] if hasattr(answer, "__anext__") else await answer


@pytest.fixture(params=["sync", "async"])
def client(request: pytest.FixtureRequest, server: Server) -> Both:
    return Both(server.url, asynchronous=request.param == "async")
