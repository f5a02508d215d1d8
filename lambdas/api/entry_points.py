"""Entry points of the API, /api, /app and /public, and the checks that apply to every request before routing.

An entry point is a prefix of the path; the routes behind /api and /app are the same. API Gateway requires an API key
under /api and a session under /app. `deps.caller` requires the same credential again, so that a path which the two
parse differently gives no access. /public is open, for the readers of shared analyses, and has a route of its own.
"""

import hmac
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lambdas.api.errors import UNKNOWN_ROUTE, BodyTooLargeError, NoRouteError, NotJsonError
from lambdas.api.problems import problem, request_id
from lambdas.core.aws import clients
from lambdas.core.errors import DomainError, ForbiddenError
from lambdas.core.settings import settings

ORIGIN_HEADER = b"x-origin-secret"  # sent by the edge (stacks/constructs/site.py)
MAX_BODY = 256 << 10  # bytes: enough for the 1,000 parts of a multipart upload


class EntryPoint(StrEnum):
    """Path prefix of a request: /api with an API key, /app with a user's session, /public without an account."""

    API = "/api"
    APP = "/app"
    PUBLIC = "/public"


def entry_point_of(scope: Mapping[str, Any]) -> EntryPoint:
    """Return the entry point of a request."""
    return EntryPoint(scope["root_path"])


class EntryPointMiddleware:
    """ASGI middleware that strips the prefix and accepts only JSON bodies up to MAX_BODY. Responses are not cached."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            _check_origin(scope)
            scope = {**scope, "root_path": _entry_point(scope["path"])}
            body = await _body(receive)
            if body:
                _check_type(scope)
        except DomainError as error:
            await problem(error, request_id(scope))(scope, receive, send)
            return
        await self._app(scope, _Replay(body, receive), _private(send))


def _private(send: Send) -> Send:
    """Wrap `send` to forbid caching of every response, by browsers as well."""

    async def send_private(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Cache-Control"] = "no-store"
        await send(message)

    return send_private


class _Replay:
    """ASGI `receive` that replays a body which has already been read."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


def _check_origin(scope: Scope) -> None:
    """Refuse requests that bypass the edge and its firewall, if the deployment has one. Raises ForbiddenError."""
    name = settings().origin_secret
    if name is None:
        return
    given = b"".join(value for header, value in scope["headers"] if header.lower() == ORIGIN_HEADER)
    if not hmac.compare_digest(given, clients.secret(name).encode()):
        raise ForbiddenError("Direct access to the gateway is not allowed. Use the service's public URL.")


def _entry_point(path: str) -> str:
    for entry_point in EntryPoint:
        if path.startswith(f"{entry_point}/"):
            return entry_point.value
    raise NoRouteError(UNKNOWN_ROUTE)


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BODY:
            raise BodyTooLargeError(
                f"The request body exceeds {MAX_BODY} bytes. Send files to their upload URL instead."
            )
        if not message.get("more_body", False):
            return bytes(body)


def _check_type(scope: Scope) -> None:
    types = [value for name, value in scope["headers"] if name.lower() == b"content-type"]
    if not types or types[0].partition(b";")[0].strip().lower() != b"application/json":
        raise NotJsonError("Send the body as JSON, with `Content-Type: application/json`.")
