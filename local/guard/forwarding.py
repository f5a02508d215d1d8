"""Forwarding of requests to an HTTP server at a Unix socket."""

import asyncio
import http.client
import socket
from dataclasses import dataclass

from local.guard.server import Receive, Scope, Send, read_body

TIMEOUT = 60.0  # seconds
NOT_FORWARDED = {b"host", b"connection", b"content-length", b"transfer-encoding", b"authorization"}


class UnixConnection(http.client.HTTPConnection):
    """HTTP connection over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@dataclass(frozen=True)
class Answer:
    """HTTP response of the server."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Forward:
    """ASGI application that forwards to the HTTP server at the Unix socket `path`; 503 if it is unreachable."""

    def __init__(self, path: str) -> None:
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await read_body(receive)
        answer = await asyncio.to_thread(self._ask, scope, body)
        headers = [*answer.headers, (b"content-length", str(len(answer.body)).encode())]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body, "more_body": False})

    def _ask(self, scope: Scope, body: bytes) -> Answer:
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
            if name.lower() not in NOT_FORWARDED
        }
        connection = UnixConnection(self._path)
        try:
            connection.request(scope["method"], scope["raw_path"].decode("ascii"), body, headers)
            found = connection.getresponse()
            content = found.read()
        except (OSError, http.client.HTTPException):
            return Answer(503, [], b"")
        finally:
            connection.close()
        kept = [(n, v) for n, v in found.getheaders() if n.lower() not in ("content-length", "connection", "date")]
        return Answer(found.status, [(n.encode("latin-1"), v.encode("latin-1")) for n, v in kept], content)
