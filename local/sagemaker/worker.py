"""Worker that sends accepted requests to the model server, as SageMaker does, and publishes their outcome.

A job stays in the queue until its message has been published, so interrupted work is repeated after a restart: results
are written at least once, and messages are published at least once, as on AWS.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from typing import Any

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from local.sagemaker import messages
from local.sagemaker.queue import Job, JobQueue, now

BLOCK = 1 << 20  # bytes read from S3 at a time
RETRY = 2.0  # seconds until an unavailable service is called again
MAX_RETRY = 5.0  # seconds; limit for the model server's Retry-After
CONCURRENT_JOBS = 2  # the free plan allows one per owner, so one owner does not block another
ATTEMPTS = 2  # for a job during which the model server disappears; then the job fails
STORAGE_ATTEMPTS = 3  # to read an object from S3
FINAL = ("NoSuchKey", "NoSuchBucket", "AccessDenied")  # S3 errors for which a retry is useless

logger = logging.getLogger("local.sagemaker")


@dataclass(frozen=True)
class Destination:
    """ARNs of the topics that outcomes are published to."""

    success_topic: str
    error_topic: str


class FailedError(Exception):
    """The job has failed; the message is SageMaker's reason.

    `body` goes into the failure object, with its content type.
    """

    def __init__(self, reason: str, body: bytes = b"", content_type: str | None = None) -> None:
        super().__init__(reason)
        self.body, self.content_type = body, content_type


class BusyError(Exception):
    """The model server is busy. `wait`: seconds until the next attempt."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"retry in {wait:g} s")
        self.wait = wait


class GoneError(Exception):
    """The model server disappeared while it processed the job."""


class StorageError(Exception):
    """S3 did not return the input. `code`: S3's error code; `final`: retrying will not help."""

    def __init__(self, code: str, *, final: bool = False) -> None:
        super().__init__(f"ClientError: the input could not be read from S3: {code}")
        self.final = final


class Worker:
    """Worker that processes a few jobs concurrently.

    Concurrency does not make jobs faster, since they share the model server's cores, but a short video need not wait
    for another owner's long one. A job during which the model server disappeared is retried without other jobs, so that
    only a job that crashes the server itself fails.
    """

    def __init__(
        self,
        queue: JobQueue,
        model: Callable[[], httpx.AsyncClient],
        destination: Destination,
        aws: Callable[[str], Any],
        retry: float = RETRY,
    ) -> None:
        """`model`: factory of a model server client without a timeout; `aws`: factory of boto3 clients by service."""
        self._queue, self._model, self._destination, self._retry = queue, model, destination, retry
        self._s3, self._sns = aws("s3"), aws("sns")
        self._waiting: asyncio.Queue[Job] = asyncio.Queue()
        self._turns = _Turns()

    def take(self, job: Job) -> None:
        """Schedule a job that is in the queue. Call it from the event loop."""
        self._waiting.put_nowait(job)

    async def run(self) -> None:
        """Process the stored jobs, then new ones, until cancelled."""
        for job in self._queue.all():
            self.take(job)
        async with self._model() as model, asyncio.TaskGroup() as group:
            for _ in range(CONCURRENT_JOBS):
                group.create_task(self._work(model))

    async def _work(self, model: httpx.AsyncClient) -> None:
        while True:
            job = await self._waiting.get()
            await self._finish(await self._answer(model, job))

    async def _answer(self, model: httpx.AsyncClient, job: Job) -> Job:
        """Invoke the model for a job, write its result or failure, and return the job with the message to publish."""
        if job.message:
            return job
        try:
            body, content_type = await self._invoke(model, job)
            await self._write(job.output_location, body, content_type)
            message, succeeded = messages.success(job, content_type, now()), True
        except FailedError as error:
            logger.warning("%s failed: %s", job.inference_id, error)
            if error.content_type is not None:
                await self._write(job.failure_location, error.body, error.content_type)
            message, succeeded = messages.failure(job, str(error), now(), content_type=error.content_type), False
        except Exception as error:  # one job's error must not stop the worker
            logger.exception("%s failed", job.inference_id)
            message = messages.failure(job, f"InternalServerError: {error}", now(), content_type=None)
            succeeded = False
        job = replace(job, message=message, succeeded=succeeded)
        self._queue.put(job)
        return job

    async def _finish(self, job: Job) -> None:
        """Publish a job's message, retrying as long as needed, and delete the job."""
        topic = self._destination.success_topic if job.succeeded else self._destination.error_topic
        await self._persist(lambda: self._sns.publish(TopicArn=topic, Message=job.message), f"message to {topic}")
        self._queue.remove(job)

    async def _invoke(self, model: httpx.AsyncClient, job: Job) -> tuple[bytes, str]:
        """Return the model server's response and its content type, retrying while it is unavailable.

        Raises FailedError.
        """
        storage_attempts = 0
        while True:
            if now() - job.received > job.request_ttl:
                raise FailedError(f"ClientError: the request waited longer than RequestTTLSeconds ({job.request_ttl})")
            wait = self._retry
            try:
                async with self._turns.turn(exclusive=job.attempts > 0), asyncio.timeout(job.invocation_timeout):
                    return await self._call(model, job)
            except TimeoutError:
                limit = job.invocation_timeout
                raise FailedError(
                    f"ClientError: the model took longer than InvocationTimeoutSeconds ({limit})"
                ) from None
            except BusyError as error:
                wait = error.wait
            except StorageError as error:
                storage_attempts += 1
                if error.final or storage_attempts >= STORAGE_ATTEMPTS:
                    raise FailedError(str(error)) from error
            except GoneError as error:
                job = replace(job, attempts=job.attempts + 1)
                self._queue.put(job)
                if job.attempts >= ATTEMPTS:
                    raise FailedError(f"InternalServerError: {error}") from error
            await asyncio.sleep(wait)

    async def _call(self, model: httpx.AsyncClient, job: Job) -> tuple[bytes, str]:
        """Invoke the model server once. Raises FailedError, BusyError, GoneError or StorageError."""
        try:
            found = await self._open(job.input_location)
            with closing(found["Body"]) as body:
                headers = _headers(job) | {"Content-Length": str(found["ContentLength"])}
                response = await model.post("/invocations", content=_blocks(body), headers=headers)
        except httpx.ConnectError as error:
            raise BusyError(self._retry) from error  # starting or restarting
        except httpx.TransportError as error:
            raise GoneError("the container disappeared while it processed the request") from error
        except BotoCoreError as error:
            raise StorageError(type(error).__name__) from error
        content_type = response.headers.get("Content-Type", "application/octet-stream")
        if response.status_code == 503:
            raise BusyError(_retry_after(response, self._retry))
        if response.is_error:
            raise FailedError(messages.refused(response.status_code), response.content, content_type)
        return response.content, content_type

    async def _open(self, location: str) -> dict[str, Any]:
        """Return an open S3 object. Raises StorageError or a BotoCoreError."""
        bucket, key = _parts(location)
        try:
            found: dict[str, Any] = await asyncio.to_thread(self._s3.get_object, Bucket=bucket, Key=key)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            raise StorageError(code, final=code in FINAL) from error
        return found

    async def _write(self, location: str, body: bytes, content_type: str) -> None:
        bucket, key = _parts(location)
        put = {"Bucket": bucket, "Key": key, "Body": body, "ContentType": content_type}
        await self._persist(lambda: self._s3.put_object(**put), location)

    async def _persist(self, call: Callable[[], object], what: str) -> None:
        """Retry a write to AWS until it succeeds."""
        while True:
            try:
                await asyncio.to_thread(call)
                return
            except (ClientError, BotoCoreError) as error:
                logger.warning("%s could not be written, retrying: %s", what, error)
                await asyncio.sleep(self._retry)


class _Turns:
    """Shared and exclusive access to the model server, as with a readers-writer lock."""

    def __init__(self) -> None:
        self._running = 0
        self._is_exclusive = False
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def turn(self, *, exclusive: bool) -> AsyncIterator[None]:
        """Wait for access, and hold it until the context ends."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._running == 0 if exclusive else not self._is_exclusive)
            self._running += 1
            self._is_exclusive = exclusive
        try:
            yield
        finally:
            async with self._changed:
                self._running -= 1
                self._is_exclusive = False
                self._changed.notify_all()


async def _blocks(body: Any) -> AsyncIterator[bytes]:
    while block := await asyncio.to_thread(body.read, BLOCK):
        yield block


def _headers(job: Job) -> dict[str, str]:
    """Return the headers that the container receives with a request."""
    headers = {
        "Content-Type": job.content_type,
        "Accept": job.accept,
        "X-Amzn-SageMaker-Custom-Attributes": job.custom_attributes,
        "X-Amzn-SageMaker-Inference-Id": job.inference_id,
    }
    return {name: value for name, value in headers.items() if value}


def _parts(location: str) -> tuple[str, str]:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return bucket, key


def _retry_after(response: httpx.Response, default: float) -> float:
    try:
        return min(max(float(response.headers.get("Retry-After", default)), 0.0), MAX_RETRY)
    except ValueError:
        return default
