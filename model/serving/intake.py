"""A request's video onto the disk: from the body or from S3, in pieces, and never more than is allowed."""

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

from model.contract import JSON_TYPE, VIDEO_TYPES
from model.serving.jobs import Place
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
from model.serving.withdrawal import withdrawn

JSON_BYTES = 16 << 10  # an address has 1100 bytes at most
BLOCK = 1 << 20  # bytes read from S3, or written, at a time
OBJECT_URI = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.+)", re.DOTALL)
ABSENT = {"NoSuchKey", "NoSuchBucket", "404"}


class ObjectRequest(BaseModel):
    """The JSON form of a request."""

    s3_uri: str


class ObjectAddress(NamedTuple):
    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


class Intake:
    """Takes in what requests bring."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        # Made once: a client takes a while to make, and threads may share it.
        self._s3: Any = s3_client() if settings.allowed_buckets else None

    def check(self, request: Request) -> None:
        """Refuse by its headers what cannot be taken. Raises UnsupportedTypeError or TooLargeError."""
        media_type = _media_type(request)
        if media_type not in (*VIDEO_TYPES, JSON_TYPE):
            named = f"{media_type!r} is" if media_type else "a body without Content-Type is"
            raise UnsupportedTypeError(f"{named} not supported; send one of {', '.join(VIDEO_TYPES)} or {JSON_TYPE}")
        # Whatever it says, the bytes are counted as they come; HTTP itself makes sure that it is a number.
        if int(request.headers.get("content-length", 0)) > self._limit(media_type):
            raise TooLargeError(_too_large(self._limit(media_type)))

    async def take(self, request: Request, path: Path, place: Place) -> int:
        """Write the video to `path`; returns its size in bytes. `place` ends when the client goes away.

        Raises what `serving.problems` lists, and ClientDisconnect.
        """
        if _media_type(request) != JSON_TYPE:
            size = await place.unless_ended(save(self._body(request), path, self._settings.max_bytes))
            place.end_when(_disconnected(request))
            return size
        body = b"".join([chunk async for chunk in limited(self._body(request), JSON_BYTES)])
        address = self._address(body)
        place.end_when(_disconnected(request))
        return await place.unless_ended(save(self._object(address), path, self._settings.max_bytes))

    def end_when_withdrawn(self, place: Place, uri: str) -> None:
        """End the place when the request's input, an object of an allowed bucket, is removed from S3."""
        match = OBJECT_URI.fullmatch(uri)
        if match is not None and match[1] in self._settings.allowed_buckets:
            place.end_when(withdrawn(partial(self._s3.head_object, Bucket=match[1], Key=match[2])))

    def _limit(self, media_type: str) -> int:
        return JSON_BYTES if media_type == JSON_TYPE else self._settings.max_bytes

    async def _body(self, request: Request) -> AsyncGenerator[bytes, None]:
        stream = request.stream()
        while True:
            try:
                async with asyncio.timeout(self._settings.upload_patience):
                    chunk = await anext(stream)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise StalledError(f"nothing more came for {self._settings.upload_patience:g} s") from error
            yield chunk

    def _address(self, body: bytes) -> ObjectAddress:
        """The object that a JSON body names. Raises BadRequestError or ForbiddenBucketError."""
        try:
            uri = ObjectRequest.model_validate_json(body).s3_uri
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the body"
            raise BadRequestError(f'{where}: {first["msg"]}; send {{"s3_uri": "s3://bucket/key"}}') from error
        match = OBJECT_URI.fullmatch(uri)
        if match is None:
            raise BadRequestError("s3_uri: it must look like s3://bucket/key")
        address = ObjectAddress(match[1], match[2])
        if address.bucket not in self._settings.allowed_buckets:
            raise ForbiddenBucketError(f"this server may not read from the bucket {address.bucket!r}")
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
            raise StorageError(f"{address} could not be read: S3 says {code}") from error
        except BotoCoreError as error:
            raise StorageError(f"{address} could not be read: the connection to S3 failed") from error


def s3_client(**timeouts: Any) -> Any:
    """A client for S3, wherever the environment says that is. `timeouts`: of botocore's Config."""
    return boto3.client("s3", config=Config(signature_version="s3v4", **timeouts))


async def save(chunks: AsyncGenerator[bytes, None], path: Path, limit: int) -> int:
    """Write what comes to a file; returns its size. Raises TooLargeError, or BadRequestError for nothing."""
    size = 0
    async with aclosing(chunks):
        with path.open("wb") as file:
            async for block in blocks(limited(chunks, limit)):
                await asyncio.to_thread(file.write, block)  # a slow disk must not hold up /ping
                size += len(block)
    if size == 0:
        raise BadRequestError("the video is empty (0 bytes)")
    return size


async def limited(chunks: AsyncIterator[bytes], limit: int) -> AsyncIterator[bytes]:
    """The chunks as they come. Raises TooLargeError at once when they are more than `limit` bytes."""
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise TooLargeError(_too_large(limit))
        yield chunk


async def blocks(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Regroup the bytes into blocks of at least BLOCK bytes; only the last may be smaller."""
    pending = bytearray()
    async for chunk in chunks:
        pending += chunk
        if len(pending) >= BLOCK:
            yield bytes(pending)
            pending.clear()
    if pending:
        yield bytes(pending)


async def _disconnected(request: Request) -> Exception:
    """Returns when the client has gone away; to be awaited once the body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    return ClientDisconnect()


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _too_large(limit: int) -> str:
    return f"the body is larger than {limit} bytes, the most that this server takes"
