"""HTTP application of the model server, as SageMaker requires of a container: GET /ping and POST /invocations.

service       processes a request's video with the modules below
attributes    parses what a request asks besides its video
ingest        saves a request's video to disk, from the body or from S3
cancellation  cancels an analysis whose input was removed from S3
jobs          bounded job queue with worker threads
progress      writes the progress of analyses to S3
problems      maps errors to problem details
log           logs requests as JSON lines
settings      settings from environment variables
"""

import logging
import math
import os
import signal
import socket
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from model.pipeline import Models
from model.serving import attributes
from model.serving.log import RequestLog, configure_logging
from model.serving.problems import BadRequestError, NotReadyError, problem_response
from model.serving.service import Service
from model.serving.settings import ServerSettings

ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
INFERENCE_ID = "X-Amzn-SageMaker-Inference-Id"
MAX_LENGTHS = {ATTRIBUTES: 1024, INFERENCE_ID: 64}  # characters; SageMaker's limits
KEEP_ALIVE = 75  # seconds; longer than the idle timeout of load balancers, which then close connections first
FLUSH_SECONDS = 5  # after the grace period, to send the last responses


def create_app(settings: ServerSettings, models: Models | None = None) -> FastAPI:
    """Create the application. Without `models`, it loads them at startup and /ping returns 503 meanwhile."""
    service = Service(settings, models)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        service.close()

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.service = service

    @app.get("/ping")
    async def ping() -> Response:
        try:
            service.ready()
        except NotReadyError as error:
            return problem_response(error, uuid.uuid4().hex)
        return Response()

    @app.post("/invocations")
    async def invocations(request: Request) -> Response:
        return await invoke(service, request)

    @app.exception_handler(HTTPException)
    async def http_error(_: Request, error: HTTPException) -> Response:
        return problem_response(error, uuid.uuid4().hex)

    return app


async def invoke(service: Service, request: Request) -> Response:
    """Analyze a request's video, log the request, and return the analysis or problem details."""
    log = RequestLog(uuid.uuid4().hex, None)
    failure: Exception | None = None
    headers = {"X-Request-Id": log.request_id}
    try:
        if (given := _checked_header(request, ATTRIBUTES)) is not None:
            headers[ATTRIBUTES] = given
        log.inference_id = _checked_header(request, INFERENCE_ID)
        analysis = await service.analyze(request, log, attributes.parse(given))
        response = Response(analysis.model_dump_json(), media_type="application/json")
    except Exception as error:
        failure = error
        response = problem_response(error, log.request_id)
    response.headers.update(headers)
    log.answered(response.status_code, failure)
    return response


def _checked_header(request: Request, name: str) -> str | None:
    """Return a header that is echoed or logged. Raises BadRequestError unless it is short and printable ASCII."""
    value = request.headers.get(name)
    if value is not None and not (len(value) <= MAX_LENGTHS[name] and value.isascii() and value.isprintable()):
        raise BadRequestError(f"{name} must be printable ASCII of at most {MAX_LENGTHS[name]} characters")
    return value or None


class Server(uvicorn.Server):
    """uvicorn with graceful shutdown: running analyses are finished within the grace period.

    `socket_path`: Unix socket to listen on instead of host and port.
    """

    def __init__(
        self,
        host: str,
        port: int,
        settings: ServerSettings,
        models: Models | None = None,
        socket_path: Path | None = None,
    ) -> None:
        app = create_app(settings, models)
        self.service: Service = app.state.service
        self.service.on_failure = self.request_exit
        super().__init__(
            uvicorn.Config(
                app,
                host,
                port,
                uds=None if socket_path is None else str(socket_path),
                log_config=None,
                access_log=False,
                server_header=False,
                ws="none",
                lifespan="on",
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=math.ceil(settings.grace) + FLUSH_SECONDS,
            )
        )

    def request_exit(self, *_: object) -> None:
        """Request the server's shutdown; callable from any thread and as a signal handler."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.service.stop()
        await super().shutdown(sockets)


def serve(host: str, port: int, settings: ServerSettings, socket_path: Path | None = None) -> None:
    """Serve requests until SIGTERM or SIGINT, then finish running analyses and return.

    If an analysis exceeds the grace period, the process exits with code 0. Raises BundleError, SpeechError or
    WeightsError if the models cannot be loaded.
    """
    configure_logging()
    server = Server(host, port, settings, socket_path=socket_path)
    # uvicorn raises the signal again after its shutdown, which would set the exit code to that signal's.
    previous = {number: signal.signal(number, server.request_exit) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        server.run()
    finally:
        server.service.close()
        for number, handler in previous.items():
            signal.signal(number, handler)
    if server.service.failure is not None:
        raise server.service.failure
    if server.service.busy:  # otherwise Python would wait for the worker threads
        logging.shutdown()
        os._exit(0)
