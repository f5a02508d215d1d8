"""Errors of a request and their responses: RFC 9457 problem details."""

from http import HTTPStatus
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from common.problems import MEDIA_TYPE, TYPE_PREFIX
from model.media import MediaError, TooDemandingError
from model.pipeline import TooLongError, TooSlowError


class BadRequestError(Exception):
    """The request is malformed."""


class ForbiddenBucketError(Exception):
    """The object is in a bucket that is not allowed."""


class MissingObjectError(Exception):
    """The object does not exist."""


class StalledError(Exception):
    """The client stopped sending before the request was complete."""


class TooLargeError(Exception):
    """The video exceeds the size limit."""


class UnsupportedTypeError(Exception):
    """The body's content type is not supported."""


class StorageError(Exception):
    """Reading an object from S3 failed."""


class InputRemovedError(Exception):
    """The analysis was cancelled by removing its input."""


class NotReadyError(Exception):
    """The models are still being loaded."""


class QueueFullError(Exception):
    """All slots of the queue are occupied."""


class StoppingError(Exception):
    """The server is shutting down."""


class Problem(NamedTuple):
    """Response to an exception. `retry_after` is in seconds, None if retrying is useless."""

    status: int
    name: str
    title: str
    retry_after: int | None = None


# An exception is handled by the entry of its most specific class.
PROBLEMS: dict[type[Exception], Problem] = {
    BadRequestError: Problem(400, "bad-request", "The request is malformed"),
    MediaError: Problem(400, "unreadable-video", "The video cannot be analyzed"),
    ForbiddenBucketError: Problem(403, "forbidden-bucket", "The bucket is not allowed"),
    MissingObjectError: Problem(404, "missing-object", "The object does not exist"),
    StalledError: Problem(408, "stalled-upload", "The upload timed out"),
    InputRemovedError: Problem(410, "cancelled", "The analysis was cancelled"),
    TooLargeError: Problem(413, "too-large", "The video is too large"),
    UnsupportedTypeError: Problem(415, "unsupported-type", "The content type is not supported"),
    TooDemandingError: Problem(422, "too-demanding", "The video takes too much memory"),
    TooLongError: Problem(422, "too-long", "The video is too long"),
    TooSlowError: Problem(422, "too-slow", "The analysis took too long"),
    ClientDisconnect: Problem(499, "client-gone", "The client disconnected"),  # for the log only
    Exception: Problem(500, "internal", "Internal server error"),
    StorageError: Problem(502, "storage", "The object could not be read"),
    NotReadyError: Problem(503, "not-ready", "The models are loading", retry_after=10),
    QueueFullError: Problem(503, "queue-full", "The queue is full", retry_after=30),
    StoppingError: Problem(503, "stopping", "The server is shutting down", retry_after=10),
}


def problem_of(error: Exception) -> Problem:
    """Return the problem of an exception."""
    if isinstance(error, HTTPException):  # of the router: not found, or method not allowed
        return Problem(error.status_code, "http", HTTPStatus(error.status_code).phrase)
    return next(PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS)


def problem_response(error: Exception, request_id: str) -> JSONResponse:
    """Return the response to a failed request; details of unexpected errors are only logged."""
    problem = problem_of(error)
    if problem is PROBLEMS[Exception]:
        detail = f"unexpected error; see the server's log for request id {request_id}"
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
