"""Restarts of the crashing model server of `make up`: with growing delays, while everything else keeps running."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from local.product import MAX_RESTART_DELAY, RESTARTS, Product, restart_delay
from local.settings import LocalSettings


class StopTestError(Exception):
    """Raised by the test to end the loop under test."""


class ExitedServer:
    """Model server that has already exited."""

    returncode, log, pid = -9, Path("model.log"), 1

    async def wait(self) -> int:
        return -9


def test_crashes_of_the_model_server_do_not_end_the_product(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    said: list[str] = []
    slept: list[float] = []
    made = Product(LocalSettings(state=tmp_path), said.append)

    async def start(*_: Any) -> ExitedServer:
        return ExitedServer()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 12:
            raise StopTestError

    monkeypatch.setattr("local.product.model_server.start", start)
    monkeypatch.setattr("local.product.asyncio.sleep", sleep)
    monkeypatch.setattr(made, "_note", lambda: None)
    made._model = ExitedServer()  # type: ignore[assignment]
    with pytest.raises(StopTestError), caplog.at_level("WARNING", "local.product"):
        asyncio.run(made._watch_model("results", "media"))
    assert "the model server ended (exit code -9), restarting in 2 s" in caplog.text
    assert slept == [0.0] * RESTARTS + [2.0, 4.0, 8.0, 16.0, 32.0] + [MAX_RESTART_DELAY] * 4
    assert "restarting in 2 s; see its log: model.log" in said[RESTARTS]


def test_restart_delays_are_at_most_a_minute() -> None:
    assert restart_delay(10_000) == MAX_RESTART_DELAY
