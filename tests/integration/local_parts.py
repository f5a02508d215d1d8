"""Parts of a local product for tests: the emulator, the SageMaker adapter, and a misbehaving container."""

import asyncio
import io
import json
import threading
import time
import uuid
import zipfile
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from bench.ports import free_port
from local import emulator
from local.sagemaker.api import create_app
from local.sagemaker.queue import JobQueue
from local.sagemaker.worker import Destination, Worker
from local.servers import Server
from local.settings import ACCOUNT, ENDPOINT_NAME, LocalSettings, Ports

T = TypeVar("T")
PATIENCE = 30.0  # seconds until a test that cannot pass is ended


class Loop:
    """Event loop in its own thread, for parts that tests use from another thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop; return its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()


@contextmanager
def loop() -> Iterator[Loop]:
    made = Loop()
    try:
        yield made
    finally:
        made.close()


def until(happened: Callable[[], bool]) -> None:
    """Wait until a condition holds; fail after PATIENCE seconds."""
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.02)


def free_ports() -> Ports:
    return Ports(web=free_port(), emulator=free_port())


def adapter_socket(settings: LocalSettings) -> Path:
    """Return the path at which the guard expects the SageMaker adapter's socket."""
    return settings.state / "sagemaker"


@contextmanager
def running_emulator(state: Path) -> Iterator[LocalSettings]:
    """Run only the emulator of a product for the block; yields the settings."""
    settings = LocalSettings(state=state, ports=free_ports())
    with loop() as running:
        child = running.do(emulator.start(settings, adapter_socket(settings)))
        try:
            yield settings
        finally:
            running.do(child.stop())


@contextmanager
def served(app: ASGIApp, port: int) -> Iterator[str]:
    """Serve an application over HTTP for the block; yields its URL."""
    with loop() as running:
        server = Server(app, port)
        running.do(server.begin())
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            running.do(server.end())


BESIDE = b"beside"
WORK = 1.0  # seconds that the request with the body BESIDE takes


def _vanished() -> Response:
    return StreamingResponse(_broken_off(), headers={"Content-Length": "100"})


class Container:
    """Fake model server that can misbehave.

    Responds to each invocation with the next of `answers`, and repeats the last one. `vanish` closes the connection
    during the work, like a killed process. That always happens for the body `deadly`, and also ends a concurrent
    request with the body BESIDE.
    """

    vanish = Response(status_code=599)
    hang = Response(status_code=598)
    busy = Response(status_code=503, headers={"Retry-After": "0"})

    def __init__(self, *answers: Response, deadly: bytes | None = None) -> None:
        self._answers = list(answers or [JSONResponse({"answer": 42})])
        self._deadly, self._died = deadly, asyncio.Event()
        self.invocations: list[tuple[dict[str, str], bytes]] = []
        self.app = Starlette(routes=[Route("/invocations", self._invoke, methods=["POST"])])

    async def _invoke(self, request: Request) -> Response:
        body = await request.body()
        self.invocations.append((dict(request.headers), body))
        if body == BESIDE and self._deadly is not None and await self._dies_meanwhile():
            return _vanished()
        if body == self._deadly:
            await asyncio.sleep(WORK / 4)
            died, self._died = self._died, asyncio.Event()
            died.set()
            return _vanished()
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if answer is self.vanish:
            return _vanished()
        if answer is self.hang:
            await asyncio.sleep(PATIENCE)
        return answer

    async def _dies_meanwhile(self) -> bool:
        try:
            await asyncio.wait_for(self._died.wait(), WORK)
        except TimeoutError:
            return False
        return True


class Rig:
    """Bucket, topics and queues of one test, with the adapter."""

    def __init__(self, settings: LocalSettings, model_url: str, file: Path) -> None:
        self.settings, self.model_url = settings, model_url
        self.queue = JobQueue(file)
        name = uuid.uuid4().hex
        self.s3, self.sqs = (emulator.client(settings, service) for service in ("s3", "sqs"))
        sns = emulator.client(settings, "sns")
        self.bucket = f"bucket-{name}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.topics: dict[str, str] = {}
        self.queues: dict[str, str] = {}
        for kind in ("success", "error"):
            self.topics[kind] = sns.create_topic(Name=f"{kind}-{name}")["TopicArn"]
            self.queues[kind] = self.sqs.create_queue(QueueName=f"{kind}-{name}")["QueueUrl"]
            arn = self.sqs.get_queue_attributes(QueueUrl=self.queues[kind], AttributeNames=["QueueArn"])
            sns.subscribe(
                TopicArn=self.topics[kind],
                Protocol="sqs",
                Endpoint=arn["Attributes"]["QueueArn"],
                Attributes={"RawMessageDelivery": "true"},
            )

    def model(self) -> httpx.AsyncClient:
        """Return a client of the model server."""
        return httpx.AsyncClient(base_url=self.model_url, trust_env=False, timeout=None)

    def aws(self, service: str) -> Any:
        """Return an AWS client like the worker's."""
        return emulator.client(self.settings, service, retries={"total_max_attempts": 1})

    @contextmanager
    def adapter(self, aws: Callable[[str], Any] | None = None) -> Iterator[Any]:
        """Run the adapter behind the guard; yields a sagemaker-runtime client for it."""
        worker = Worker(
            self.queue,
            self.model,
            Destination(self.topics["success"], self.topics["error"]),
            aws or self.aws,
            retry=0.05,
        )
        with loop() as running:
            server = Server(create_app(self.queue, self.bucket, worker.take), adapter_socket(self.settings))
            running.do(server.begin())

            async def begin() -> asyncio.Task[None]:
                return asyncio.create_task(worker.run())

            work = running.do(begin())
            try:
                yield self.aws("sagemaker-runtime")
            finally:
                running.do(_cancelled(work))
                running.do(server.end())

    def put(self, body: bytes, key: str = "inputs/a/1.mp4") -> str:
        """Put an object; return its location."""
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def read(self, location: str) -> bytes:
        bucket, _, key = location.removeprefix("s3://").partition("/")
        body: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def message(self, kind: str) -> dict[str, Any]:
        """Return the next message of a topic."""
        found: list[dict[str, Any]] = []

        def came() -> bool:
            found.extend(self._receive(kind))
            return bool(found)

        until(came)
        self.sqs.delete_message(QueueUrl=self.queues[kind], ReceiptHandle=found[0]["ReceiptHandle"])
        read: dict[str, Any] = json.loads(found[0]["Body"])
        return read

    def silent(self, kind: str) -> bool:
        """Return True if a topic has no more messages."""
        return not self._receive(kind, wait=0)

    def idle(self) -> None:
        """Wait until all accepted requests are processed."""
        until(lambda: not self.queue.all())

    def _receive(self, kind: str, wait: int = 1) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(QueueUrl=self.queues[kind], WaitTimeSeconds=wait, MaxNumberOfMessages=1)
        found: list[dict[str, Any]] = answer.get("Messages", [])
        return found


def invoke(client: Any, location: str, **more: Any) -> dict[str, Any]:
    """Invoke the endpoint asynchronously; return the response."""
    fields = {"EndpointName": ENDPOINT_NAME, "InputLocation": location, "ContentType": "video/mp4"} | more
    answer: dict[str, Any] = client.invoke_endpoint_async(**fields)
    return answer


def create_function(functions: Any, name: str, source: str) -> dict[str, Any]:
    """Create a Lambda from the source of its module, which has a function `handler`. `functions`: Lambda's client."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", source)
    made: dict[str, Any] = functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=f"arn:aws:iam::{ACCOUNT}:role/none",
        Handler="main.handler",
        Code={"ZipFile": code.getvalue()},
        Timeout=30,
    )
    return made


async def _broken_off() -> AsyncIterator[bytes]:
    yield b"{"


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
