"""Errors of a request and their answers: RFC 9457 problem details."""

from http import HTTPStatus
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from common.problems import MEDIA_TYPE, TYPE_PREFIX
from model.media import MediaError, TooDemandingError
from model.pipeline import TooLongError, TooSlowError


class BadRequestError(Exception):
    """The request itself is wrong, whatever the video."""


class ForbiddenBucketError(Exception):
    """The object lies in a bucket that the server may not read from."""


class MissingObjectError(Exception):
    """There is no such object in the bucket."""


class StalledError(Exception):
    """The client stopped sending before the request was complete."""


class TooLargeError(Exception):
    """The video has more bytes than the server takes."""


class UnsupportedTypeError(Exception):
    """The body is of a type that the server does not take."""


class StorageError(Exception):
    """S3 did not give an object that it may well have."""


class WithdrawnError(Exception):
    """Whoever asked for the analysis has removed its input."""


class NotReadyError(Exception):
    """The models are still being loaded."""


class QueueFullError(Exception):
    """All places in the queue are taken."""


class StoppingError(Exception):
    """The server was told to stop."""


class Problem(NamedTuple):
    """Answer to an exception. `retry_after` in seconds, where retrying makes sense."""

    status: int
    name: str
    title: str
    retry_after: int | None = None


# The most special class of an exception that is listed here decides.
PROBLEMS: dict[type[Exception], Problem] = {
    BadRequestError: Problem(400, "bad-request", "The request is malformed"),
    MediaError: Problem(400, "unreadable-video", "The video cannot be analyzed"),
    ForbiddenBucketError: Problem(403, "forbidden-bucket", "The bucket is not allowed"),
    MissingObjectError: Problem(404, "missing-object", "The object does not exist"),
    StalledError: Problem(408, "stalled-upload", "The upload came to a halt"),
    WithdrawnError: Problem(410, "cancelled", "The analysis was cancelled"),
    TooLargeError: Problem(413, "too-large", "The video is too large"),
    UnsupportedTypeError: Problem(415, "unsupported-type", "The type is not supported"),
    TooDemandingError: Problem(422, "too-demanding", "The video takes too much memory"),
    TooLongError: Problem(422, "too-long", "The video is too long"),
    TooSlowError: Problem(422, "too-slow", "The analysis took too long"),
    ClientDisconnect: Problem(499, "client-gone", "The client went away"),  # nobody reads it: for the log
    Exception: Problem(500, "internal", "Something failed on our side"),
    StorageError: Problem(502, "storage", "The object could not be read"),
    NotReadyError: Problem(503, "not-ready", "The models are being loaded", retry_after=10),
    QueueFullError: Problem(503, "queue-full", "Too many videos are waiting", retry_after=30),
    StoppingError: Problem(503, "stopping", "The server is being stopped", retry_after=10),
}


def problem_of(error: Exception) -> Problem:
    """The row of the table for an exception."""
    if isinstance(error, HTTPException):  # of the router: no such page, or another method
        return Problem(error.status_code, "http", HTTPStatus(error.status_code).phrase)
    return next(PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS)


def problem_response(error: Exception, request_id: str) -> JSONResponse:
    """The answer to a request that failed; what an unexpected failure says stays in the log."""
    problem = problem_of(error)
    if problem is PROBLEMS[Exception]:
        detail = f"an unexpected error; the server's log has it under the request id {request_id}"
    else:
        detail = str(getattr(error, "detail", error)) or problem.title
    content: dict[str, Any] = {
        "type": TYPE_PREFIX + problem.name,
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        "error": detail,
        "request_id": request_id,
    }
    headers = dict(getattr(error, "headers", None) or {})
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    return JSONResponse(content, problem.status, headers, media_type=MEDIA_TYPE)
