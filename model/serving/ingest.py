"""Ingestion of a request's video: streamed to disk from the body or from S3, with a size limit."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, closing
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request

from model.contract import JSON_TYPE, MEDIA_TYPES
from model.serving.cancellation import input_removed
from model.serving.jobs import Slot
from model.serving.problems import (
    BadRequestError,
    ForbiddenBucketError,
    MissingObjectError,
    StalledError,
    StorageError,
    TooLargeError,
    UnsupportedTypeError,
)
from model.serving.settings import ServerSettings

MAX_JSON_BYTES = 16 << 10  # a URI has at most 1100 bytes
BLOCK = 1 << 20  # bytes read from S3 or written at a time
OBJECT_URI = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.+)", re.DOTALL)
ABSENT = {"NoSuchKey", "NoSuchBucket", "404"}


class ObjectRequest(BaseModel):
    """JSON body of a request."""

    s3_uri: str


class ObjectAddress(NamedTuple):
    """Location of an object in S3."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


class Ingest:
    """Receiver of requests' videos, within the limits of the settings."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        # Created once: creation is slow, and clients are thread-safe.
        self._s3: Any = s3_client() if settings.allowed_buckets else None

    def check(self, request: Request) -> None:
        """Check a request's headers. Raises UnsupportedTypeError or TooLargeError."""
        media_type = _media_type(request)
        if media_type not in (*MEDIA_TYPES, JSON_TYPE):
            found = f"Content-Type {media_type!r} is not supported" if media_type else "Content-Type is missing"
            raise UnsupportedTypeError(f"{found}; send one of {', '.join(MEDIA_TYPES)} or {JSON_TYPE}")
        # The received bytes are counted as well. The HTTP parser guarantees that the header is a number.
        if int(request.headers.get("content-length", 0)) > self._limit(media_type):
            raise TooLargeError(_too_large(self._limit(media_type)))

    async def receive(self, request: Request, path: Path, slot: Slot) -> int:
        """Write the video to `path`; return its size in bytes. `slot` is cancelled when the client disconnects.

        Raises the errors of `model.serving.problems`.
        """
        if _media_type(request) != JSON_TYPE:
            size = await slot.unless_cancelled(save(self._body(request), path, self._settings.max_bytes))
            slot.cancel_when(_disconnected(request))
            return size
        body = b"".join([chunk async for chunk in limited(self._body(request), MAX_JSON_BYTES)])
        address = self._address(body)
        slot.cancel_when(_disconnected(request))
        return await slot.unless_cancelled(save(self._object(address), path, self._settings.max_bytes))

    def cancel_when_removed(self, slot: Slot, uri: str) -> None:
        """Cancel the slot when the request's input, an object of an allowed bucket, is removed from S3."""
        match = OBJECT_URI.fullmatch(uri)
        if match is not None and match[1] in self._settings.allowed_buckets:
            slot.cancel_when(input_removed(partial(self._s3.head_object, Bucket=match[1], Key=match[2])))

    def _limit(self, media_type: str) -> int:
        return MAX_JSON_BYTES if media_type == JSON_TYPE else self._settings.max_bytes

    async def _body(self, request: Request) -> AsyncGenerator[bytes, None]:
        stream = request.stream()
        while True:
            try:
                async with asyncio.timeout(self._settings.upload_patience):
                    chunk = await anext(stream)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise StalledError(f"no data received for {self._settings.upload_patience:g} s") from error
            yield chunk

    def _address(self, body: bytes) -> ObjectAddress:
        """Parse a JSON body. Raises BadRequestError or ForbiddenBucketError."""
        try:
            uri = ObjectRequest.model_validate_json(body).s3_uri
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            location = ".".join(map(str, first["loc"])) or "body"
            raise BadRequestError(f'{location}: {first["msg"]}; send {{"s3_uri": "s3://bucket/key"}}') from error
        match = OBJECT_URI.fullmatch(uri)
        if match is None:
            raise BadRequestError("s3_uri must have the form s3://bucket/key")
        address = ObjectAddress(match[1], match[2])
        if address.bucket not in self._settings.allowed_buckets:
            raise ForbiddenBucketError(f"the bucket {address.bucket!r} is not allowed")
        return address

    async def _object(self, address: ObjectAddress) -> AsyncGenerator[bytes, None]:
        try:
            found = await asyncio.to_thread(self._s3.get_object, Bucket=address.bucket, Key=address.key)
            with closing(found["Body"]) as body:
                if found["ContentLength"] > self._settings.max_bytes:
                    raise TooLargeError(_too_large(self._settings.max_bytes))
                while chunk := await asyncio.to_thread(body.read, BLOCK):
                    yield chunk
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "unknown")
            if code in ABSENT:
                raise MissingObjectError(f"{address} does not exist") from error
            raise StorageError(f"{address} could not be read: S3 returned {code}") from error
        except BotoCoreError as error:
            raise StorageError(f"{address} could not be read: the connection to S3 failed") from error


def s3_client(**timeouts: Any) -> Any:
    """Create an S3 client from the environment's configuration, with `timeouts` of botocore's Config."""
    return boto3.client("s3", config=Config(signature_version="s3v4", **timeouts))


async def save(chunks: AsyncGenerator[bytes, None], path: Path, limit: int) -> int:
    """Write chunks to a file; return its size. Raises TooLargeError, or BadRequestError if there is no data."""
    size = 0
    async with aclosing(chunks):
        with path.open("wb") as file:
            async for block in blocks(limited(chunks, limit)):
                await asyncio.to_thread(file.write, block)  # a slow disk must not block /ping
                size += len(block)
    if size == 0:
        raise BadRequestError("the video is empty (0 bytes)")
    return size


async def limited(chunks: AsyncIterator[bytes], limit: int) -> AsyncIterator[bytes]:
    """Yield the chunks. Raises TooLargeError as soon as they exceed `limit` bytes."""
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise TooLargeError(_too_large(limit))
        yield chunk


async def blocks(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Regroup chunks into blocks of at least BLOCK bytes; the last one may be smaller."""
    pending = bytearray()
    async for chunk in chunks:
        pending += chunk
        if len(pending) >= BLOCK:
            yield bytes(pending)
            pending.clear()
    if pending:
        yield bytes(pending)


async def _disconnected(request: Request) -> Exception:
    """Wait until the client disconnects; call it only after the body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return ClientDisconnect()


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _too_large(limit: int) -> str:
    return f"the video is larger than the limit of {limit} bytes"
