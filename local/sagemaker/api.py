"""InvokeEndpointAsync over HTTP, checked as SageMaker checks it."""

import re
import uuid
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.sagemaker.queue import Job, JobQueue, now
from local.settings import ENDPOINT_NAME

HEADER = "X-Amzn-SageMaker-"
REQUEST_TTL = (60, 21600, 21600)  # seconds: minimum, maximum, default
INVOCATION_TIMEOUT = (1, 3600, 900)
LOCATION = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.+)", re.DOTALL)
MAX_LENGTHS = {
    "InputLocation": 1024,
    "Inference-Id": 64,
    "Custom-Attributes": 1024,
    "Content-Type": 1024,
    "Accept": 1024,
}


class RefusedError(Exception):
    """The request violates the API; the message is returned to the caller."""


def create_app(queue: JobQueue, results_bucket: str, accepted: Callable[[Job], None]) -> Starlette:
    """Create the runtime API of one endpoint. `accepted` is called with each job once it is stored in the queue."""

    async def invoke(request: Request) -> Response:
        try:
            job = job_of(request, results_bucket)
        except RefusedError as error:
            return JSONResponse({"Message": str(error)}, 400, {"x-amzn-ErrorType": "ValidationError"})
        queue.put(job)
        accepted(job)
        headers = {f"{HEADER}OutputLocation": job.output_location, f"{HEADER}FailureLocation": job.failure_location}
        return JSONResponse({"InferenceId": job.inference_id}, 202, headers)

    async def ping(_: Request) -> Response:
        return Response()

    return Starlette(
        routes=[
            Route("/endpoints/{name}/async-invocations", invoke, methods=["POST"]),
            Route("/ping", ping),
        ]
    )


def job_of(request: Request, results_bucket: str) -> Job:
    """Return the job described by a request. Raises RefusedError."""
    name = request.path_params["name"]
    if name != ENDPOINT_NAME:
        raise RefusedError(f"Endpoint {name} not found.")
    location = _text(request, "InputLocation")
    if LOCATION.fullmatch(location) is None:
        raise RefusedError(f"{HEADER}InputLocation must have the form s3://bucket/key")
    identity = str(uuid.uuid4())
    return Job(
        id=identity,
        inference_id=_text(request, "Inference-Id") or str(uuid.uuid4()),
        input_location=location,
        output_location=f"s3://{results_bucket}/outputs/{identity}.out",
        failure_location=f"s3://{results_bucket}/failures/{identity}.out",
        content_type=_text(request, "Content-Type"),
        accept=_text(request, "Accept"),
        custom_attributes=_text(request, "Custom-Attributes"),
        received=now(),
        request_ttl=_number(request, "RequestTTLSeconds", *REQUEST_TTL),
        invocation_timeout=_number(request, "InvocationTimeoutSeconds", *INVOCATION_TIMEOUT),
    )


def _text(request: Request, name: str) -> str:
    value = request.headers.get(HEADER + name, "")
    if len(value) > MAX_LENGTHS[name]:
        raise RefusedError(f"{HEADER}{name} is longer than {MAX_LENGTHS[name]} characters")
    return value


def _number(request: Request, name: str, minimum: int, maximum: int, default: int) -> int:
    value = request.headers.get(HEADER + name)
    if value is None:
        return default
    if not value.isascii() or not value.isdigit() or not minimum <= int(value) <= maximum:
        raise RefusedError(f"{HEADER}{name} must be a number from {minimum} to {maximum}")
    return int(value)
