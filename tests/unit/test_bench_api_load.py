"""The API load benchmark counts requests and failures correctly. These tests assert no times."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
from hypothesis import given
from hypothesis import strategies as st

from bench.api_load import CALLS, one_kind, percentile
from bench.measure import Timing
from bench.product_memory import PARTS, WORKERS, resident
from bench.report import tables
from bench.results import Api, ApiCall, Clip, Machine, Memory, Results


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
    assert 0 < found.p50_ms <= found.p99_ms


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
    call = ApiCall(what="GET /usage", requests=300, errors=0, per_second=41.2, p50_ms=23.4, p99_ms=99.9)
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
    assert list(table.rows) == [("GET /usage", "300", "0", "41", "23", "100")]
    assert set(CALLS) >= {"GET /usage", "POST /upload-url"}
