"""The API of a local product under load, how fair its queue is, and how long its Lambda takes to import.

The emulator takes the place of AWS: what is measured is our own code and the emulator's handling together, so the
figures are a floor, and a comparison between versions, rather than what AWS does. Everything is bounded in count and
time, and goes to 127.0.0.1 alone.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.clip import ROOT
from bench.fairness import CLIPS, measure_fairness
from bench.launch import BenchError
from bench.measure import Timing, percentile
from bench.ports import free_port
from bench.product_memory import resident
from bench.results import Api, ApiCall, Memory
from lambdas.core.settings import Settings
from local.settings import LocalSettings, Ports
from stacks import bundle

CLIENTS = 2  # at a time: the emulator starts as many Lambdas, and they share this machine's cores with it
REQUESTS = 300  # of each kind
HERD = 200  # requests at once, before there are Lambdas for them
LONGEST = 60.0  # seconds for each kind
READY = 240.0  # seconds for a product to be ready
STOPPING = 90.0  # seconds for it to stop
IMPORTS = 5  # the best counts
STATE = "state"  # the product's folder
# Neither the gateway's throttle nor the number of uploads that may wait is what is measured here.
CONTEXT = {
    "requestsPerSecond": "10000",
    "lambdaOverrides": json.dumps({"max_outstanding_uploads": "100000"}),
}
CALLS = {
    "GET /usage": ("GET", "/api/usage", None),
    "POST /upload-url": ("POST", "/api/upload-url", {"fileType": ".mp4"}),
    "GET /analyses": ("GET", "/api/analyses", None),
}
IMPORT = """
import time
wall, cpu = time.perf_counter(), time.process_time()
import lambdas.api.app
print(time.perf_counter() - wall, time.process_time() - cpu)
"""


def measure_api(requests: int = REQUESTS, clips: int = CLIPS) -> Api:
    """Return all measurements. Raises BenchError when no product can be started here."""
    with tempfile.TemporaryDirectory(prefix="bench-local-") as folder, running_product(Path(folder)) as settings:
        key = json.loads((settings.state / "demo.json").read_text())["api_key"]
        before = resident(settings.state)
        calls = asyncio.run(drive(settings.web_address, key, requests))
        after = resident(settings.state)
        fairness = measure_fairness(settings, key, clips)
    memory = [
        Memory(
            what=what,
            processes_before=before[what].processes,
            mib_before=before[what].mib,
            processes_after=after[what].processes,
            mib_after=after[what].mib,
        )
        for what in before
    ]
    return Api(importing=import_time(), clients=CLIENTS, calls=tuple(calls), memory=tuple(memory), fairness=fairness)


@contextmanager
def running_product(folder: Path) -> Iterator[LocalSettings]:
    """Start a product of its own, with its data in a folder, and stop it at the end; its settings."""
    said = folder / "up.txt"
    settings = LocalSettings(state=folder / STATE, ports=Ports(web=free_port(), emulator=free_port()))
    options = ["--state", str(settings.state), "--transcriber", "tiny.en"]
    options += ["--port", str(settings.ports.web), "--emulator-port", str(settings.ports.emulator)]
    options += [part for name, value in CONTEXT.items() for part in ("-c", f"{name}={value}")]
    command = [sys.executable, "-m", "local", "up", *options]
    with said.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    try:
        end = time.monotonic() + READY
        while "  ready" not in said.read_text():
            if process.poll() is not None or time.monotonic() > end:
                raise BenchError(f"no local product could be started:\n{said.read_text()}")
            time.sleep(0.2)
        yield settings
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(STOPPING)


async def drive(base: str, key: str, requests: int) -> list[ApiCall]:
    """A herd of calls at once, then every kind of call, one kind after the other."""
    headers = {"Authorization": f"Bearer {key}"}
    limits = httpx.Limits(max_connections=HERD)
    async with httpx.AsyncClient(base_url=base, headers=headers, trust_env=False, timeout=60, limits=limits) as client:
        herd = await one_kind(client, next(iter(CALLS)), HERD, clients=HERD)
        herd = herd.model_copy(update={"what": f"{herd.what}, {HERD} at once"})
        return [herd, *[await one_kind(client, what, requests) for what in CALLS]]


async def one_kind(client: httpx.AsyncClient, what: str, requests: int, clients: int = CLIENTS) -> ApiCall:
    """`requests` calls, so many clients at a time; fewer when they take longer than LONGEST."""
    method, path, body = CALLS[what]
    times: list[float] = []
    errors = 0
    began = time.perf_counter()
    left = iter(range(requests))

    async def one_client() -> None:
        nonlocal errors
        for _ in left:
            if time.perf_counter() - began > LONGEST:
                return
            start = time.perf_counter()
            try:
                answer = await client.request(method, path, json=body)
                errors += answer.is_error
            except httpx.HTTPError:
                errors += 1
            times.append(time.perf_counter() - start)

    await asyncio.gather(*(one_client() for _ in range(clients)))
    return ApiCall(
        what=what,
        requests=len(times),
        errors=errors,
        per_second=len(times) / (time.perf_counter() - began),
        p50_ms=1000 * percentile(times, 0.5),
        p99_ms=1000 * percentile(times, 0.99),
        longest_ms=1000 * max(times),
    )


def import_time() -> Timing:
    """How long the API's module takes to import from its bundle, files in the cache; the best of some."""
    folder = bundle.build("local")
    required = {name.upper(): "x" for name, field in Settings.model_fields.items() if field.is_required()}
    names = {"POWERTOOLS_SERVICE_NAME": "x", "POWERTOOLS_METRICS_NAMESPACE": "x", "AWS_REGION": "us-east-1"}
    in_lambda = {"LAMBDA_TASK_ROOT": str(folder)}  # or the tracer prepares for what it never does there
    as_it_is = {"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"}  # the bundle stays so
    environment = required | names | in_lambda | as_it_is
    command = [str(ROOT / ".venv-local" / "bin" / "python"), "-c", IMPORT]
    times = []
    for _ in range(IMPORTS):
        run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise BenchError(f"the API could not be imported:\n{run.stderr[-2000:]}")
        wall, cpu = map(float, run.stdout.split())
        times.append(Timing(wall=wall, cpu=cpu))
    return min(times, key=lambda timing: timing.wall)
