"""Bursts of requests to the API: they share a few workers, wait in a queue, and time out with a retry time."""

import asyncio
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local import emulator
from local.credentials import Credentials
from local.guard.concurrency_limit import MAX_CONCURRENCY, MIN_CONCURRENCY, PREFIX, Queue
from local.guard.rules import TOKEN
from local.guard.server import Message, Receive, Scope, Send
from local.settings import REGION, LocalSettings
from tests.integration.local_parts import create_function, free_ports, loop

BURST = 200
# The work does not matter here: the handler sleeps, and returns the id of its process.
HANDLER = """
import os, time
def handler(event, context):
    time.sleep(0.05)
    return {"statusCode": 200, "body": str(os.getpid())}
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    left = tmp_path / "emulator" / "tmp" / "ministack-lambda-of-a-killed-one"
    left.mkdir(parents=True)
    return tmp_path


@pytest.fixture
def herd(state: Path) -> Iterator[tuple[LocalSettings, list[httpx.Response], int]]:
    """Send a burst to a cold emulator; yields its settings, the responses and the number of its processes."""
    settings = LocalSettings(state=state, ports=free_ports())
    with loop() as running:
        child = running.do(emulator.start(settings))
        try:
            url = deployed(settings)
            answers = asyncio.run(send_burst(settings, url))
            yield settings, answers, children(child.pid)
        finally:
            running.do(child.stop())


def deployed(settings: LocalSettings) -> str:
    """Deploy an API in front of a function; return its URL."""
    function = create_function(emulator.client(settings, "lambda"), "api", HANDLER)
    gateway = emulator.client(settings, "apigateway")
    api = gateway.create_rest_api(name="api")["id"]
    (root,) = gateway.get_resources(restApiId=api)["items"]
    method = {"restApiId": api, "resourceId": root["id"], "httpMethod": "GET"}
    gateway.put_method(**method, authorizationType="NONE")
    invoke = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function['FunctionArn']}/invocations"
    gateway.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=invoke)
    gateway.create_deployment(restApiId=api, stageName="v1")
    return f"{settings.emulator_url}{PREFIX}{api}/v1/"


async def send_burst(settings: LocalSettings, url: str) -> list[httpx.Response]:
    headers = {TOKEN: Credentials.read(settings.state).token}
    limits = httpx.Limits(max_connections=BURST)
    async with httpx.AsyncClient(headers=headers, trust_env=False, timeout=120, limits=limits) as client:
        return await asyncio.gather(*(client.get(url) for _ in range(BURST)))


def children(pid: int) -> int:
    found = subprocess.run(["ps", "-A", "-o", "ppid="], capture_output=True, text=True, check=True).stdout
    return sum(int(line) == pid for line in found.split())


def test_a_cold_burst_is_served_by_a_few_workers(
    herd: tuple[LocalSettings, list[httpx.Response], int],
) -> None:
    settings, answers, processes = herd
    assert Counter(answer.status_code for answer in answers).keys() <= {200, 503}
    assert all("Retry-After" in answer.headers for answer in answers if answer.status_code == 503)
    workers = {answer.text for answer in answers if answer.status_code == 200}
    assert 1 <= len(workers) <= MAX_CONCURRENCY
    assert processes <= MAX_CONCURRENCY + 1  # beside a resource tracker, for example
    scratch = settings.state / "emulator" / "tmp"
    folders = [path for path in scratch.iterdir() if path.name.startswith("ministack-lambda-")]
    assert len(folders) <= MAX_CONCURRENCY
    assert not any("killed" in path.name for path in folders)
    # All workers share one copy of the code on disk.
    assert len({(folder / "code").resolve() for folder in folders}) == 1
    assert not any((folder / "code.zip").exists() for folder in folders)


def test_no_files_of_workers_are_left(state: Path) -> None:
    settings = LocalSettings(state=state, ports=free_ports())
    with loop() as running:
        child = running.do(emulator.start(settings))
        url = deployed(settings)
        proof = {TOKEN: Credentials.read(settings.state).token}
        assert httpx.get(url, headers=proof, trust_env=False, timeout=60).status_code == 200
        running.do(child.stop())
    assert not list((state / "emulator" / "tmp").glob("ministack-lambda-*"))


class Slow:
    """Application that responds once it is released, and counts concurrent requests."""

    def __init__(self) -> None:
        self.inside = self.most = 0
        self.opened = asyncio.Event()

    async def __call__(self, _: Scope, __: Receive, send: Send) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        await self.opened.wait()
        self.inside -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})


async def call(queue: Queue, path: str = f"{PREFIX}api/v1/") -> tuple[int, dict[bytes, bytes], bytes]:
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    await queue({"type": "http", "path": path, "method": "GET"}, receive, send)
    body = b"".join(message.get("body", b"") for message in messages[1:])
    return messages[0]["status"], dict(messages[0]["headers"]), body


def test_a_request_that_waits_too_long_gets_a_retry_time() -> None:
    async def scenario() -> tuple[Any, Any, int]:
        slow = Slow()
        queue = Queue(slow, minimum=2, maximum=2, max_wait=0.05)
        inside = [asyncio.create_task(call(queue)) for _ in range(2)]
        await asyncio.sleep(0)
        refused = await call(queue)
        elsewhere = asyncio.create_task(call(queue, "/_ministack/health"))  # only requests to the API are queued
        while slow.inside < 3:
            await asyncio.sleep(0.01)
        slow.opened.set()
        await asyncio.gather(*inside, elsewhere)
        return refused, await call(queue), slow.most

    (status, headers, body), after, most = asyncio.run(scenario())
    assert (status, after[0], most) == (503, 200, 3)
    assert int(headers[b"retry-after"]) > 0
    problem = json.loads(body)
    assert (problem["code"], problem["status"]) == ("busy", 503)


def test_the_limit_grows_while_requests_wait_up_to_the_maximum() -> None:
    async def scenario() -> tuple[list[int], int]:
        slow = Slow()
        queue = Queue(slow, minimum=1, maximum=3, growth=0.01, max_wait=60)
        tasks = [asyncio.create_task(call(queue)) for _ in range(6)]
        while slow.inside < 3:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        slow.opened.set()
        return [answer[0] for answer in await asyncio.gather(*tasks)], slow.most

    assert asyncio.run(scenario()) == ([200] * 6, 3)
    assert 1 <= MIN_CONCURRENCY <= MAX_CONCURRENCY
