"""Guard as ASGI middleware, which answers refused requests itself so that they never reach the application."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any
from xml.sax.saxutils import escape

from local.guard.rules import (
    MAX_BODY,
    Admission,
    Incoming,
    RefusedError,
    Rules,
    Verify,
    needs_body,
    passed_headers,
)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

ERROR = b"AccessDenied"
logger = logging.getLogger("local.guard")


class Guard:
    """ASGI middleware that puts `app` behind `rules`.

    `others`: applications that handle signed requests to certain services instead of `app`, by the service's name.
    """

    def __init__(self, app: App, rules: Rules, verify: Verify, others: Mapping[str, App] | None = None) -> None:
        self._app, self._rules, self._verify = app, rules, verify
        self._others = others or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:  # the product uses no WebSocket
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = None
        try:
            request = Incoming.of(scope["method"], scope["raw_path"], scope["query_string"], scope["headers"])
            admission = self._rules.admit(request)
            origin = request.headers.get("origin")
            if admission.preflight:
                await allow(send, request)
                return
            if admission.service:
                receive = await self._verified(request, admission, receive)
        except RefusedError as refusal:
            logger.warning("refused %s %s: %s", scope["method"], scope["raw_path"].decode("latin-1"), refusal)
            await refuse(send, scope, str(refusal), origin)
            return
        if admission.empty:
            receive = replay(b"", receive)
        app = self._app if admission.presigned else self._others.get(admission.service, self._app)
        await app({**scope, "headers": passed_headers(scope["headers"], admission, request)}, receive, send)

    async def _verified(self, request: Incoming, admission: Admission, receive: Receive) -> Receive:
        """Verify the request's signature; return the channel to receive its body from. Raises RefusedError."""
        body = b""
        if not admission.presigned and needs_body(request):
            body = await read_body(receive)
            receive = replay(body, receive)
        if (reason := self._verify(request, body, admission.presigned)) is not None:
            raise RefusedError(reason)
        return receive


async def read_body(receive: Receive) -> bytes:
    """Receive a request's complete body. Raises RefusedError if it exceeds MAX_BODY or the client disconnects."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise RefusedError("the client disconnected")
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY:
            raise RefusedError(f"a body without its hash in the headers may have at most {MAX_BODY} bytes")
    return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that first delivers a body that was already received."""
    delivered = False

    async def receive_again() -> Message:
        nonlocal delivered
        if delivered:
            return await receive()
        delivered = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again


async def allow(send: Send, request: Incoming) -> None:
    """Answer the CORS preflight of the web app for a presigned URL."""
    allowed = {
        "access-control-allow-origin": request.headers["origin"],
        "access-control-allow-methods": request.headers["access-control-request-method"],
        "access-control-allow-headers": request.headers.get("access-control-request-headers", ""),
        "access-control-max-age": "3600",
        "vary": "Origin",
        "content-length": "0",
    }
    headers = [(name.encode(), value.encode("latin-1")) for name, value in allowed.items()]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def refuse(send: Send, scope: Scope, reason: str, origin: str | None) -> None:
    """Answer 403 in the form that AWS SDKs parse.

    `origin`: the web app's if its page may read the response, else None.
    """
    named = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    if named.get(b"content-type", "").startswith("application/x-amz-json"):
        kind, body = "application/x-amz-json-1.1", json.dumps({"__type": ERROR.decode(), "message": reason})
    else:
        error = f"<Code>{ERROR.decode()}</Code><Message>{escape(reason)}</Message>"
        # S3 has the error at the root of the document, other services one level below.
        is_s3 = b"authorization" not in named or "/s3/" in named[b"authorization"]
        document = f"<Error>{error}</Error>" if is_s3 else f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"
        kind, body = "application/xml", document
    content = b"" if scope["method"] == "HEAD" else body.encode()
    headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body.encode())).encode())]
    # Closed, since the rest of the body would be read as the next request on the connection.
    headers += [(b"connection", b"close"), (b"x-content-type-options", b"nosniff"), (b"x-amzn-errortype", ERROR)]
    if origin is not None:
        headers += [(b"access-control-allow-origin", origin.encode()), (b"vary", b"Origin")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": False})
