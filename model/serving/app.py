"""The engine behind HTTP, as SageMaker asks of a container: GET /ping and POST /invocations.

    service    the models, and a video's way through what follows
    intake     a request's video onto the disk, from the body or from S3
    withdrawal the end of an analysis whose input was removed
    jobs       a bounded queue in front of the worker threads
    progress   how far an analysis is, written to S3
    problems   what can go wrong, and how it is answered
    log        a line of JSON for each request
    settings   all that an operator may decide

Each is a module of model.serving; here they come together.
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
from model.serving.log import Call, configure_logging
from model.serving.problems import BadRequestError, NotReadyError, problem_response
from model.serving.service import Service
from model.serving.settings import ServerSettings
from model.serving.withdrawal import input_named

ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
INFERENCE_ID = "X-Amzn-SageMaker-Inference-Id"
LONGEST = {ATTRIBUTES: 1024, INFERENCE_ID: 64}  # characters; SageMaker's own limits
KEEP_ALIVE = 75  # seconds: longer than load balancers keep an idle connection, so that they close it first
AFTER_GRACE = 5  # seconds for the last answers to get out


def create_app(settings: ServerSettings, models: Models | None = None) -> FastAPI:
    """The application. Without `models` they are loaded as it starts, and /ping answers 503 meanwhile."""
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
        return await answer(service, request)

    @app.exception_handler(HTTPException)
    async def unknown(_: Request, error: HTTPException) -> Response:
        return problem_response(error, uuid.uuid4().hex)

    return app


async def answer(service: Service, request: Request) -> Response:
    """The answer to a request to analyze a video, whatever happens; and its line in the log."""
    call = Call(uuid.uuid4().hex, None)
    failure: Exception | None = None
    headers = {"X-Request-Id": call.request_id}
    try:
        if (attributes := _checked_header(request, ATTRIBUTES)) is not None:
            headers[ATTRIBUTES] = attributes
        call.inference_id = _checked_header(request, INFERENCE_ID)
        analysis = await service.analyze(request, call, input_named(attributes))
        response = Response(analysis.model_dump_json(), media_type="application/json")
    except Exception as error:
        failure = error
        response = problem_response(error, call.request_id)
    response.headers.update(headers)
    call.answered(response.status_code, failure)
    return response


def _checked_header(request: Request, name: str) -> str | None:
    """A header to be passed on. Raises BadRequestError unless it is short and printable ASCII."""
    value = request.headers.get(name)
    if value is not None and not (len(value) <= LONGEST[name] and value.isascii() and value.isprintable()):
        raise BadRequestError(f"{name} must be printable ASCII, {LONGEST[name]} characters at most")
    return value or None


class Server(uvicorn.Server):
    """uvicorn, ending as a container should: what runs is finished, within the grace period.

    `socket_path`: a Unix socket to listen at, instead of host and port.
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
        self.service.when_failed = self.leave
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
                timeout_graceful_shutdown=math.ceil(settings.grace) + AFTER_GRACE,
            )
        )

    def leave(self, *_: object) -> None:
        """Have the server stop; from any thread, or as a signal handler."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.service.stop()
        await super().shutdown(sockets)


def serve(host: str, port: int, settings: ServerSettings, socket_path: Path | None = None) -> None:
    """Answer requests until SIGTERM or SIGINT; then finish what runs, and return.

    Where an analysis takes longer than the grace period, the process is ended, with exit code 0.
    Raises BundleError, SpeechError or WeightsError when the models cannot be loaded.
    """
    configure_logging()
    server = Server(host, port, settings, socket_path=socket_path)
    # uvicorn raises the signal again when it is done, which would end the process with that signal's code.
    before = {number: signal.signal(number, server.leave) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        server.run()
    finally:
        server.service.close()
        for number, handler in before.items():
            signal.signal(number, handler)
    if server.service.failure is not None:
        raise server.service.failure
    if server.service.busy:  # Python would wait for the thread, however long it takes
        logging.shutdown()
        os._exit(0)
