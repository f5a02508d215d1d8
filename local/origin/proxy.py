"""Forwarding of requests to the emulator, within API Gateway's limits."""

import json
from collections.abc import Mapping

import httpx
from starlette.requests import Request
from starlette.responses import Response

from common import problems
from local.guard.rules import TOKEN

MAX_BODY = 10 << 20  # bytes; API Gateway's limit
TIMEOUT = 35.0  # seconds; the gateway's own timeout is 29
UNAVAILABLE = (502, 503, 504)  # temporary errors, sent with Retry-After
RETRY_SECONDS = 5
# Headers of one connection, headers checked here, and headers that are set anew.
NOT_FORWARDED = {
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer"),
    *("transfer-encoding", "upgrade", "host", "content-length", "origin", TOKEN),
}
# httpx has decompressed the body; the server sets its own date and name; the emulator allows every origin.
NOT_RETURNED = NOT_FORWARDED | {"content-encoding", "date", "server", "access-control-allow-origin"}


async def forward(
    client: httpx.AsyncClient, method: str, url: str, headers: Mapping[str, str], body: bytes
) -> Response:
    """Send a request to `url` without the headers in NOT_FORWARDED; return its response, or 502 or 504."""
    passed = {name: value for name, value in headers.items() if name not in NOT_FORWARDED}
    try:
        answer = await client.request(method, url, headers=passed, content=body)
    except httpx.TimeoutException:
        return problem(504, "timeout", "The request timed out", f"the emulator did not respond within {TIMEOUT:g} s")
    except httpx.TransportError as error:
        return problem(502, "no-answer", "No response", f"the emulator is unreachable ({type(error).__name__})")
    response = Response(answer.content, answer.status_code)
    for name, value in answer.headers.multi_items():
        if name.lower() not in NOT_RETURNED:
            response.headers.append(name, value)
    if answer.status_code in UNAVAILABLE:
        response.headers.setdefault("Retry-After", str(RETRY_SECONDS))
    return response


def problem(status: int, code: str, title: str, detail: str) -> Response:
    """Return an error of the origin itself, in the format of the API's errors."""
    members = {"title": title, "status": status, "code": code, "detail": detail, "error": detail}
    headers = {"Retry-After": str(RETRY_SECONDS)} if status in UNAVAILABLE else {}
    return Response(
        json.dumps({"type": problems.TYPE_PREFIX + code, **members}), status, headers, media_type=problems.MEDIA_TYPE
    )


def too_large() -> Response:
    """Return the response to a body that is larger than MAX_BODY."""
    return problem(413, "too-large", "The body is too large", f"the body is larger than {MAX_BODY} bytes")


async def body_of(request: Request) -> bytes | None:
    """Return the complete body; None when it is larger than MAX_BODY, which also limits the memory used."""
    if int(request.headers.get("content-length", 0)) > MAX_BODY:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return bytes(body)
