"""Forwarding of requests to the emulator, within API Gateway's limits."""

import json
from collections.abc import Mapping

import httpx
from starlette.requests import Request
from starlette.responses import Response

from common import problems
from local.guard.rules import TOKEN

MAX_BODY = 10 << 20  # bytes; API Gateway's limit
TIMEOUT = 35.0  # seconds; the gateway itself gives up after 29
UNAVAILABLE = (502, 503, 504)  # for now: the caller is told when to come again
RETRY_SECONDS = 5
# About one connection, checked here, or written anew.
NOT_PASSED_ON = {
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer"),
    *("transfer-encoding", "upgrade", "host", "content-length", "origin", TOKEN),
}
# httpx has unpacked the body; the server writes its own date and name. The emulator lets every site's pages read.
NOT_PASSED_BACK = NOT_PASSED_ON | {"content-encoding", "date", "server", "access-control-allow-origin"}


async def forward(
    client: httpx.AsyncClient, method: str, url: str, headers: Mapping[str, str], body: bytes
) -> Response:
    """Send a request to `url` without the headers in NOT_PASSED_ON; return its answer, else 502 or 504."""
    passed = {name: value for name, value in headers.items() if name not in NOT_PASSED_ON}
    try:
        answer = await client.request(method, url, headers=passed, content=body)
    except httpx.TimeoutException:
        return problem(504, "timeout", "No answer in time", f"the emulator did not answer within {TIMEOUT:g} s")
    except httpx.TransportError as error:
        return problem(502, "no-answer", "No answer", f"the emulator cannot be reached ({type(error).__name__})")
    response = Response(answer.content, answer.status_code)
    for name, value in answer.headers.multi_items():
        if name.lower() not in NOT_PASSED_BACK:
            response.headers.append(name, value)
    if answer.status_code in UNAVAILABLE:
        response.headers.setdefault("Retry-After", str(RETRY_SECONDS))
    return response


def problem(status: int, code: str, title: str, detail: str) -> Response:
    """Return an error of the origin itself, in the format of the API's errors."""
    said = {"title": title, "status": status, "code": code, "detail": detail, "error": detail}
    headers = {"Retry-After": str(RETRY_SECONDS)} if status in UNAVAILABLE else {}
    return Response(
        json.dumps({"type": problems.TYPE_PREFIX + code, **said}), status, headers, media_type=problems.MEDIA_TYPE
    )


def too_large() -> Response:
    """Return the answer to a body that is larger than MAX_BODY."""
    return problem(413, "too-large", "The body is too large", f"the body is larger than {MAX_BODY} bytes")


async def body_of(request: Request) -> bytes | None:
    """Return the whole body; None when it is larger than MAX_BODY. No more than that is held in memory."""
    if int(request.headers.get("content-length", 0)) > MAX_BODY:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return bytes(body)
