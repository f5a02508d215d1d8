"""Parts of a local product for its tests: an emulator, the SageMaker adapter, and a container that misbehaves."""

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
PATIENCE = 30.0  # seconds: only so that a test that cannot pass ends


class Loop:
    """An event loop on a thread of its own, for parts that tests use from outside."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of a coroutine, run on the loop."""
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
    """Wait for something that must happen."""
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def free_ports() -> Ports:
    return Ports(web=free_port(), emulator=free_port())


def adapter_socket(settings: LocalSettings) -> Path:
    """Where the guard looks for the SageMaker adapter."""
    return settings.state / "sagemaker"


@contextmanager
def running_emulator(state: Path) -> Iterator[LocalSettings]:
    """The settings of a product whose emulator runs, and nothing else of it."""
    settings = LocalSettings(state=state, ports=free_ports())
    with loop() as running:
        child = running.do(emulator.start(settings, adapter_socket(settings)))
        try:
            yield settings
        finally:
            running.do(child.stop())


@contextmanager
def served(app: ASGIApp, port: int) -> Iterator[str]:
    """An application behind HTTP; its URL."""
    with loop() as running:
        server = Server(app, port)
        running.do(server.begin())
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            running.do(server.end())


BESIDE = b"beside"
WORK = 1.0  # seconds that BESIDE takes


def _vanished() -> Response:
    return StreamingResponse(_broken_off(), headers={"Content-Length": "100"})


class Container:
    """Takes the place of the model server where that would have to misbehave on purpose.

    Answers each invocation by the next of `answers`, and the last again and again. `vanish` closes the connection
    in the middle of the work, as a killed process does. It always does so over the body `deadly`, and takes
    along a request of the body BESIDE that it works on.
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
    """Bucket, topics and queues of one test, and the adapter between them."""

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
        """A client of the model server."""
        return httpx.AsyncClient(base_url=self.model_url, trust_env=False, timeout=None)

    def aws(self, service: str) -> Any:
        """A client as the worker uses them."""
        return emulator.client(self.settings, service, retries={"total_max_attempts": 1})

    @contextmanager
    def adapter(self, aws: Callable[[str], Any] | None = None) -> Iterator[Any]:
        """The adapter at work behind the guard; yields a sagemaker-runtime client to it."""
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
        """An object; its location."""
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return f"s3://{self.bucket}/{key}"

    def read(self, location: str) -> bytes:
        bucket, _, key = location.removeprefix("s3://").partition("/")
        body: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def message(self, kind: str) -> dict[str, Any]:
        """The next message of a topic."""
        found: list[dict[str, Any]] = []

        def came() -> bool:
            found.extend(self._receive(kind))
            return bool(found)

        until(came)
        self.sqs.delete_message(QueueUrl=self.queues[kind], ReceiptHandle=found[0]["ReceiptHandle"])
        read: dict[str, Any] = json.loads(found[0]["Body"])
        return read

    def silent(self, kind: str) -> bool:
        """Whether nothing more waits on a topic."""
        return not self._receive(kind, wait=0)

    def idle(self) -> None:
        """Wait until nothing is left to be done."""
        until(lambda: not self.queue.all())

    def _receive(self, kind: str, wait: int = 1) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(QueueUrl=self.queues[kind], WaitTimeSeconds=wait, MaxNumberOfMessages=1)
        found: list[dict[str, Any]] = answer.get("Messages", [])
        return found


def invoke(client: Any, location: str, **more: Any) -> dict[str, Any]:
    """An accepted request."""
    fields = {"EndpointName": ENDPOINT_NAME, "InputLocation": location, "ContentType": "video/mp4"} | more
    answer: dict[str, Any] = client.invoke_endpoint_async(**fields)
    return answer


def create_function(functions: Any, name: str, source: str) -> dict[str, Any]:
    """A Lambda of the emulator whose module is `source`, with a function `handler`. `functions`: Lambda's client."""
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
