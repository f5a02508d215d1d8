"""Exceptions of the client: one base class, and one class for each way to react."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import httpx

QUOTA_CODES = ("quota-exceeded", "ceiling-reached")


class VideoSentimentError(Exception):
    """Base class of all errors that this package raises."""


class ConfigurationError(VideoSentimentError):
    """Missing or malformed address or API key."""


class NetworkError(VideoSentimentError):
    """The server could not be reached, or the connection was lost. `unsent`: no byte of the request went out."""

    def __init__(self, message: str, *, unsent: bool = False) -> None:
        super().__init__(message)
        self.unsent = unsent


class StorageError(VideoSentimentError):
    """The object store refused a file or did not return one. `status`: its HTTP status; None without an answer."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class AnalysisFailedError(VideoSentimentError):
    """The analysis failed or was cancelled; it was not charged."""

    def __init__(self, id: str, code: str, message: str) -> None:
        super().__init__(f"analysis {id} failed: {message} ({code})")
        self.id = id
        self.code = code
        self.message = message


class WaitTimeoutError(VideoSentimentError):
    """The analysis took longer than the timeout of `wait`. It continues."""

    def __init__(self, id: str, status: str, seconds: float) -> None:
        super().__init__(f"analysis {id} is still {status} after {seconds:g} seconds; wait for it again")
        self.id = id
        self.status = status


class SignatureError(VideoSentimentError):
    """The event was not signed with the secret, or is too old."""


class ApiError(VideoSentimentError):
    """A problem document (RFC 9457) of the API. `problem` holds all of its members."""

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after: float | None = None) -> None:
        self.status = status
        self.problem = dict(problem)
        self.retry_after = retry_after  # seconds
        self.code = str(problem.get("code", ""))
        self.title = str(problem.get("title") or _phrase(status))
        self.detail = str(problem.get("detail", ""))
        self.request_id = str(problem.get("requestId", ""))
        self.errors: list[dict[str, str]] = list(problem.get("errors", ()))  # the fields that are wrong
        super().__init__(self._message())

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.status, self.problem, self.retry_after)

    def _message(self) -> str:
        text = f"{self.title}: {self.detail}" if self.detail and self.detail != self.title else self.title
        origin = [f"{self.status} {self.code}".strip(), *([f"request {self.request_id}"] if self.request_id else [])]
        return f"{text} ({', '.join(origin)})"


class BadRequestError(ApiError):
    """The request or its file was not accepted (400, 413, 415, 422 and other 4xx)."""


class AuthenticationError(ApiError):
    """The API key is missing, wrong, expired or revoked (401)."""


class PermissionDeniedError(ApiError):
    """The API key lacks the scope, or the account has been deleted (403)."""


class NotFoundError(ApiError):
    """Not found, or owned by another account (404)."""


class ConflictError(ApiError):
    """The state of the analysis or upload does not allow it (409)."""


class RateLimitError(ApiError):
    """Too many requests or pending uploads; `retry_after` says when to retry (429)."""


class QuotaExceededError(RateLimitError):
    """The monthly quota of the account or of the service is used up (429)."""


class ServerError(ApiError):
    """Server error (5xx)."""


_BY_STATUS: dict[int, type[ApiError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitError,
}


def error_of(response: httpx.Response) -> VideoSentimentError:
    """Return the exception of a refused request."""
    problem = _problem(response)
    if problem.get("code") == "analysis-failed":
        return AnalysisFailedError(
            str(problem.get("id", "")), str(problem.get("reason", "")), str(problem.get("detail", ""))
        )
    status = response.status_code
    kind = _BY_STATUS.get(status, ServerError if response.is_server_error else BadRequestError)
    if kind is RateLimitError and problem.get("code") in QUOTA_CODES:
        kind = QuotaExceededError
    return kind(status, problem, retry_after(response))


def retry_after(response: httpx.Response) -> float | None:
    """Return the seconds of a response's Retry-After header; None without one, or if it holds a date."""
    value = response.headers.get("Retry-After", "").strip()
    return float(value) if value.isascii() and value.isdigit() else None


def _problem(response: httpx.Response) -> dict[str, Any]:
    """Return the problem document; {} for anything else, such as a proxy's page."""
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unexpected status"
