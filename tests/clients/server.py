"""An HTTP server on this machine whose answers a test writes: what it was asked, and connections that break."""

import http.server
import json
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """`body`: JSON, or text as it is. `cut_after`: bytes of the request's body after which the connection breaks."""

    status: int = 200
    body: Any = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None


def problem(status: int, code: str, **members: Any) -> Answer:
    """A problem document of the API."""
    retry_after = members.pop("retry_after", None)
    headers = {"Content-Type": "application/problem+json"} | ({"Retry-After": retry_after} if retry_after else {})
    title = code.replace("-", " ").capitalize()
    return Answer(status, {"status": status, "code": code, "title": title, "detail": "", **members}, headers)


@dataclass(frozen=True)
class Seen:
    """A request that arrived whole."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """Answers each method and path as `on` says: in order, the last answer again and again."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._answers: dict[str, list[Answer]] = defaultdict(list)
        self._lock = threading.Lock()
        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def on(self, line: str, *answers: Answer) -> None:
        """`line`: method and path, such as `GET /api/usage`."""
        self._answers[line] = list(answers)

    def asked(self, line: str) -> list[Seen]:
        method, path = line.split(" ")
        return [seen for seen in self.seen if (seen.method, seen.path.partition("?")[0]) == (method, path)]

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def _next(self, line: str) -> Answer:
        with self._lock:
            answers = self._answers[line] or [problem(404, "no-route")]
            return answers.pop(0) if len(answers) > 1 else answers[0]

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                answer = server._next(f"{self.command} {self.path.partition('?')[0]}")
                size = int(self.headers.get("Content-Length", 0))
                if answer.cut_after is not None:
                    self.rfile.read(min(size, answer.cut_after))
                    self.close_connection = True
                    return
                body = self.rfile.read(size)
                if len(body) < size:  # the client broke off
                    self.close_connection = True
                    return
                headers = {name.lower(): value for name, value in self.headers.items()}
                server.seen.append(Seen(self.command, self.path, headers, body))
                text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_PUT = do_POST = do_DELETE = answer

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

        return Handler


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()
    try:
        yield server
    finally:
        server.close()
