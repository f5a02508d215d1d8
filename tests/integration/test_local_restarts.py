"""The model server of `make up` dies again and again: it is started ever later, and everything else goes on."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from local.product import MAX_RESTART_DELAY, RESTARTS, Product, restart_delay
from local.settings import LocalSettings


class Enough(Exception):
    """The test has seen what it wants to see."""


class Dead:
    """A model server that has died already."""

    returncode, log, pid = -9, Path("model.log"), 1

    async def wait(self) -> int:
        return -9


def test_deaths_of_the_model_server_do_not_end_the_product(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    said: list[str] = []
    slept: list[float] = []
    made = Product(LocalSettings(state=tmp_path), said.append)

    async def start(*_: Any) -> Dead:
        return Dead()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 12:
            raise Enough

    monkeypatch.setattr("local.product.model_server.start", start)
    monkeypatch.setattr("local.product.asyncio.sleep", sleep)
    monkeypatch.setattr(made, "_note", lambda: None)
    made._model = Dead()  # type: ignore[assignment]
    with pytest.raises(Enough), caplog.at_level("WARNING", "local.product"):
        asyncio.run(made._watch_model("results", "media"))
    assert "the model server ended (exit code -9), restarting in 2 s" in caplog.text
    assert slept == [0.0] * RESTARTS + [2.0, 4.0, 8.0, 16.0, 32.0] + [MAX_RESTART_DELAY] * 4
    assert "restarting in 2 s; see its log: model.log" in said[RESTARTS]


def test_however_often_it_waits_no_longer_than_a_minute() -> None:
    assert restart_delay(10_000) == MAX_RESTART_DELAY
