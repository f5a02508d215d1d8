"""The two ways in, /api and /app, before the routes, which are the same behind both; and what no request may be.

A door is a prefix of the path. API Gateway asks for an API key at one and for a session at the other;
`deps.caller` then asks for the same credential, so that a path which the two read differently opens nothing.
"""

import hmac
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lambdas.api.errors import BodyTooLargeError, NoRouteError, NotJsonError
from lambdas.api.problems import problem, request_id
from lambdas.core.aws import clients
from lambdas.core.errors import DomainError, ForbiddenError
from lambdas.core.settings import settings

ORIGIN_HEADER = b"x-origin-secret"  # stacks/constructs/site.py has the edge send it
MAX_BODY = 256 << 10  # bytes: 1,000 parts of an upload, with room


class Door(StrEnum):
    API = "/api"
    APP = "/app"


def door_of(scope: Mapping[str, Any]) -> Door:
    """The door that a request came through."""
    return Door(scope["root_path"])


class Doors:
    """ASGI: takes the prefix off the path, lets in only bodies that are JSON and not too large; no answer is cached."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            _check_origin(scope)
            scope = {**scope, "root_path": _door(scope["path"])}
            body = await _body(receive)
            if body:
                _check_type(scope)
        except DomainError as error:
            await problem(error, request_id(scope))(scope, receive, send)
            return
        await self._app(scope, _Replay(body, receive), _private(send))


def _private(send: Send) -> Send:
    """`send` with every answer marked as its caller's own: no cache on the way keeps it, a browser's neither."""

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Cache-Control"] = "no-store"
        await send(message)

    return marked


class _Replay:
    """`receive` for a body that has been read."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


def _check_origin(scope: Scope) -> None:
    """Refuse what does not come through the edge, where a deployment has one: its firewall would be passed by."""
    name = settings().origin_secret
    if name is None:
        return
    given = b"".join(value for header, value in scope["headers"] if header.lower() == ORIGIN_HEADER)
    if not hmac.compare_digest(given, clients.secret(name).encode()):
        raise ForbiddenError("ask at the product's own address, not at the gateway's")


def _door(path: str) -> str:
    for door in Door:
        if path.startswith(f"{door}/"):
            return door.value
    raise NoRouteError("there is no such route")


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise BodyTooLargeError(f"a request's body has {MAX_BODY} bytes at most; files go to their upload URL")
        if not message.get("more_body", False):
            return bytes(body)


def _check_type(scope: Scope) -> None:
    types = [value for name, value in scope["headers"] if name.lower() == b"content-type"]
    if not types or types[0].partition(b";")[0].strip().lower() != b"application/json":
        raise NotJsonError("send the body as JSON, with `Content-Type: application/json`")
