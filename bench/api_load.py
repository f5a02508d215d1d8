"""Load benchmark of a local product's API, fairness of its queue, and import time of its Lambda.

The emulator replaces AWS, so the results include its overhead. They are useful to compare versions, not to predict AWS.
The load is bounded in count and time, and only sent to 127.0.0.1.
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
from stacks import lambda_bundle

CLIENTS = 2  # concurrent; the emulator starts as many Lambdas, which share the machine's cores with it
REQUESTS = 300  # per kind
HERD = 200  # simultaneous requests, before any Lambdas are running
MAX_SECONDS = 60.0  # per kind
START_TIMEOUT = 240.0  # seconds for a product to become ready
STOP_TIMEOUT = 90.0  # seconds for it to stop
IMPORTS = 5  # of which the fastest is reported
STATE = "state"  # name of the product's folder
# Lifts the limits of request rate and pending uploads, which are not measured here.
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
    """Measure load, fairness and import time. Raises BenchError if no product can be started."""
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
    """Start a separate product with its data in a folder; yield its settings."""
    log = folder / "up.txt"
    settings = LocalSettings(state=folder / STATE, ports=Ports(web=free_port(), emulator=free_port()))
    options = ["--state", str(settings.state), "--transcriber", "tiny.en"]
    options += ["--port", str(settings.ports.web), "--emulator-port", str(settings.ports.emulator)]
    options += [part for name, value in CONTEXT.items() for part in ("-c", f"{name}={value}")]
    command = [sys.executable, "-m", "local", "up", *options]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    try:
        end = time.monotonic() + START_TIMEOUT
        while "  ready" not in log.read_text():
            if process.poll() is not None or time.monotonic() > end:
                raise BenchError(f"the local product could not be started:\n{log.read_text()}")
            time.sleep(0.2)
        yield settings
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(STOP_TIMEOUT)


async def drive(base: str, key: str, requests: int) -> list[ApiCall]:
    """Send simultaneous calls, then every kind of call, one kind after another."""
    headers = {"Authorization": f"Bearer {key}"}
    limits = httpx.Limits(max_connections=HERD)
    async with httpx.AsyncClient(base_url=base, headers=headers, trust_env=False, timeout=60, limits=limits) as client:
        herd = await one_kind(client, next(iter(CALLS)), HERD, clients=HERD)
        herd = herd.model_copy(update={"what": f"{herd.what}, {HERD} at once"})
        return [herd, *[await one_kind(client, what, requests) for what in CALLS]]


async def one_kind(client: httpx.AsyncClient, what: str, requests: int, clients: int = CLIENTS) -> ApiCall:
    """Send `requests` calls from `clients` concurrent clients, for at most MAX_SECONDS."""
    method, path, body = CALLS[what]
    times: list[float] = []
    errors = 0
    started = time.perf_counter()
    remaining = iter(range(requests))

    async def one_client() -> None:
        nonlocal errors
        for _ in remaining:
            if time.perf_counter() - started > MAX_SECONDS:
                return
            start = time.perf_counter()
            try:
                response = await client.request(method, path, json=body)
                errors += response.is_error
            except httpx.HTTPError:
                errors += 1
            times.append(time.perf_counter() - start)

    await asyncio.gather(*(one_client() for _ in range(clients)))
    return ApiCall(
        what=what,
        requests=len(times),
        errors=errors,
        per_second=len(times) / (time.perf_counter() - started),
        p50_ms=1000 * percentile(times, 0.5),
        p99_ms=1000 * percentile(times, 0.99),
        longest_ms=1000 * max(times),
    )


def import_time() -> Timing:
    """Measure the import of the API's module from its Lambda bundle, with files cached; return the fastest run."""
    folder = lambda_bundle.build("local")
    required = {name.upper(): "x" for name, field in Settings.model_fields.items() if field.is_required()}
    names = {"POWERTOOLS_SERVICE_NAME": "x", "POWERTOOLS_METRICS_NAMESPACE": "x", "AWS_REGION": "us-east-1"}
    in_lambda = {"LAMBDA_TASK_ROOT": str(folder)}  # keeps the tracer from setup that a Lambda does not do
    unchanged = {"PATH": os.defpath, "PYTHONDONTWRITEBYTECODE": "1"}  # does not write to the bundle
    environment = required | names | in_lambda | unchanged
    command = [str(ROOT / ".venv-local" / "bin" / "python"), "-c", IMPORT]
    times = []
    for _ in range(IMPORTS):
        run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise BenchError(f"the API could not be imported:\n{run.stderr[-2000:]}")
        wall, cpu = map(float, run.stdout.split())
        times.append(Timing(wall=wall, cpu=cpu))
    return min(times, key=lambda timing: timing.wall)
