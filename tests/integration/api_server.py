"""HTTP server for the API, for tools that need one: each request becomes an event of API Gateway for the Lambda."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

from lambdas.api.app import handler
from tests.integration.api_client import proxy_event
from tests.integration.cloud import Context

SESSION = "Bearer session-of-"  # followed by the name of the user, in place of an ID token
FAR = "4102444800"  # time of the sign-in: later than any sign-out


@contextmanager
def serving() -> Iterator[str]:
    """Run the server in a thread for the block, with an event loop like in a Lambda's main thread. Yields its URL."""
    server = HTTPServer(("127.0.0.1", 0), _Requests)

    def serve() -> None:
        asyncio.set_event_loop(asyncio.new_event_loop())
        server.serve_forever(poll_interval=0.05)
        asyncio.get_event_loop().close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Requests(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002
        """Log nothing."""

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode("utf-8", "replace")
        credential = self.headers.get("Authorization") or ""
        claims = None
        if credential.startswith(SESSION) and parts.path.startswith("/app/"):
            claims = {"sub": credential.removeprefix(SESSION), "token_use": "id", "auth_time": FAR}
        event = proxy_event(
            self.command,
            unquote(parts.path),
            body or None,
            dict(self.headers.items()),
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            claims,
        )
        response = handler(event, Context())
        content = response["body"].encode()
        self.send_response(response["statusCode"])
        for name, value in response["headers"].items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_QUERY = _answer
