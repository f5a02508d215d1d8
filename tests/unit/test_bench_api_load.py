"""The API load benchmark counts requests and failures correctly. These tests assert no times."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.api_load import CALLS, one_kind
from bench.fairness import QUEUED, User, analyze_beside
from bench.goals import goals
from bench.measure import Timing, percentile
from bench.product_memory import PARTS, WORKERS, resident
from bench.report import tables
from bench.results import Api, ApiCall, Clip, Fairness, Machine, Memory, Results, Waits


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1.0))
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)


def test_every_request_is_counted_and_so_is_every_failure() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        if len(seen) % 5 == 0:
            raise httpx.ReadError("gone", request=request)
        return httpx.Response(503 if len(seen) % 10 == 1 else 200)

    async def load() -> ApiCall:
        transport = httpx.MockTransport(answer)
        async with httpx.AsyncClient(base_url="http://test", transport=transport) as client:
            return await one_kind(client, "GET /usage", 50)

    found = asyncio.run(load())
    assert seen == ["/api/usage"] * 50
    assert (found.requests, found.errors) == (50, 15)
    assert found.longest_ms is not None and 0 < found.p50_ms <= found.p99_ms <= found.longest_ms


def test_memory_is_that_of_the_products_processes_and_no_others(tmp_path: Path) -> None:
    """Each part is a process group; children of the emulator are Lambda workers."""
    script = "import subprocess, sys, time; subprocess.Popen(['sleep', '600']); print(flush=True); time.sleep(600)"
    parts = {
        name: subprocess.Popen([sys.executable, "-c", script], start_new_session=True, stdout=subprocess.PIPE)
        for name in PARTS
    }
    try:
        for part in parts.values():
            assert part.stdout is not None and part.stdout.readline()
        (tmp_path / "run.json").write_text(json.dumps({name: {"pid": part.pid} for name, part in parts.items()}))
        found = resident(tmp_path)
    finally:
        for part in parts.values():
            os.killpg(part.pid, signal.SIGKILL)
            part.wait()
            assert part.stdout is not None
            part.stdout.close()
    assert {what: kind.processes for what, kind in found.items()} == dict.fromkeys((*PARTS.values(), WORKERS), 1)
    assert all(0 < kind.mib < 1000 for kind in found.values())


def test_the_figures_get_into_the_tables() -> None:
    call = ApiCall(
        what="GET /usage", requests=300, errors=0, per_second=41.2, p50_ms=23.4, p99_ms=99.9, longest_ms=140.2
    )
    memory = Memory(what="Lambda workers", processes_before=2, mib_before=100.6, processes_after=16, mib_after=802.4)
    clip = Clip(seconds=1, width=1, height=1, pictures=1)
    results = Results(
        measured_at="now",
        machine=Machine.this(),
        whisper_model="base",
        clip=clip,
        api=Api(importing=Timing(wall=0.3124, cpu=0.2), clients=2, calls=(call,), memory=(memory,)),
    )
    table, of_memory = [table for table in tables(results) if "local" in table.title]
    assert list(of_memory.rows) == [("Lambda workers", "2", "101", "16", "802")]
    assert "312 ms (200 ms of CPU)" in table.title
    assert list(table.rows) == [("GET /usage", "300", "0", "41", "23", "100", "140")]
    assert set(CALLS) >= {"GET /usage", "POST /upload-url"}


class Analyses:
    """An API of two users: it finishes an analysis of the second one at the second request for it."""

    def __init__(self) -> None:
        self.queued = 0
        self.queued_then: list[int] = []  # when the second user started one
        self._asked: set[str] = set()
        self._uploads = 0

    def user(self, name: str) -> User:
        """Return one of the two users."""
        transport = httpx.MockTransport(lambda request: self._answer(name, request))
        headers = {"Authorization": "Bearer key"}
        return User(httpx.Client(base_url="http://test/api", headers=headers, transport=transport))

    def _answer(self, name: str, request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            return httpx.Response(400 if "authorization" in request.headers else 200)
        if request.url.path == "/api/upload-url":
            self._uploads += 1
            url = f"http://storage/{self._uploads}"
            return httpx.Response(200, json={"url": url, "key": url, "headers": {"Content-Type": "video/mp4"}})
        if request.url.path.startswith("/api/analyses/"):
            return httpx.Response(
                200, json={"createdAt": "2026-11-24T09:30:00.000Z", "updatedAt": "2026-11-24T09:30:01.250Z"}
            )
        if request.url.path == "/api/analyses":
            statuses = ["processing", *["queued"] * self.queued]
            return httpx.Response(200, json={"analyses": [{"status": status} for status in statuses]})
        if name == "first":
            self.queued += 1
            return httpx.Response(202, json={"id": "a"})
        if (key := json.loads(request.content)["key"]) not in self._asked:
            self._asked.add(key)
            self.queued_then.append(self.queued)
            return httpx.Response(202, json={"id": key})
        self.queued -= 1  # of the flood, one has begun meanwhile
        return httpx.Response(200, json={"id": "b", "analysis": {}})


def test_whenever_a_clip_is_started_the_flood_beside_it_has_some_queued() -> None:
    api = Analyses()
    first, second = api.user("first"), api.user("second")
    waits = [analyze_beside(first, b"long", second, b"short") for _ in range(4)]
    assert api.queued_then == [QUEUED] * 4
    assert waits == [1.25] * 4


@pytest.mark.parametrize(("beside", "is_met"), [(2.9, True), (3.2, False)])
def test_the_wait_beside_a_flood_is_a_goal(beside: float, *, is_met: bool) -> None:
    fairness = Fairness(
        clips=20,
        seconds=5,
        flood_seconds=49.5,
        alone=Waits(p50_s=0.9, p95_s=1),
        beside_a_flood=Waits(p50_s=2, p95_s=beside),
    )
    results = Results(
        measured_at="now",
        machine=Machine.this(),
        whisper_model="base",
        clip=Clip(seconds=1, width=1, height=1, pictures=1),
        api=Api(importing=Timing(wall=0.3, cpu=0.2), clients=2, calls=(), fairness=fairness),
    )
    (table,) = [table for table in tables(results) if "flood" in table.title]
    assert list(table.rows) == [("alone", "0.9", "1.0"), ("beside a flood", "2.0", f"{beside:.1f}")]
    (goal,) = [goal for goal in goals(results) if "flood" in goal.what]
    assert (goal.measured, goal.met) == (f"{beside:.1f} x", is_met)
