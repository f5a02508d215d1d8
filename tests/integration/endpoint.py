"""Fake of SageMaker's runtime that records asynchronous invocations over HTTP and produces no output."""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Invocation(NamedTuple):
    endpoint: str
    inference_id: str
    input_location: str
    attributes: str
    content_type: str
    ttl: int  # seconds in the queue
    timeout: int  # seconds to run
    output_location: str
    failure_location: str


class Endpoint:
    """Fake endpoint with its invocations. `bucket`: bucket of the output locations; `failing`: respond with 500."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bucket = "unset"
        self.failing = False
        self.invocations: list[Invocation] = []

    def reset(self, bucket: str) -> None:
        self.bucket, self.failing, self.invocations = bucket, False, []

    def take(self, name: str, headers: dict[str, str]) -> Invocation:
        invocation = Invocation(
            endpoint=name,
            inference_id=headers["x-amzn-sagemaker-inference-id"],
            input_location=headers["x-amzn-sagemaker-inputlocation"],
            attributes=headers["x-amzn-sagemaker-custom-attributes"],
            content_type=headers["x-amzn-sagemaker-content-type"],
            ttl=int(headers["x-amzn-sagemaker-requestttlseconds"]),
            timeout=int(headers["x-amzn-sagemaker-invocationtimeoutseconds"]),
            output_location=f"s3://{self.bucket}/outputs/{uuid.uuid4()}.out",
            failure_location=f"s3://{self.bucket}/failures/{uuid.uuid4()}.out",
        )
        self.invocations.append(invocation)
        return invocation


@contextmanager
def serving() -> Iterator[Endpoint]:
    """Serve an endpoint on a free port for the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            if endpoint.failing:
                self._answer(500, {"message": "internal failure"}, {})
                return
            name = self.path.split("/")[2]
            made = endpoint.take(name, {key.lower(): value for key, value in self.headers.items()})
            locations = {
                "X-Amzn-SageMaker-OutputLocation": made.output_location,
                "X-Amzn-SageMaker-FailureLocation": made.failure_location,
            }
            self._answer(202, {"InferenceId": made.inference_id}, locations)

        def _answer(self, status: int, document: dict[str, str], headers: dict[str, str]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint = Endpoint(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
