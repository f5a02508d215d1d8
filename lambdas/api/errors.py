"""Errors specific to HTTP; all others are in lambdas.core.errors."""

from lambdas.core import errors
from lambdas.core.errors import DomainError
from lambdas.core.storage.tables import AnalysisRecord

UNKNOWN_ROUTE = "No route matches this path."


class InvalidRequestError(DomainError):
    """Well-formed request that does not match the route's schema."""

    code, status, title = "invalid-request", 422, "Invalid request"


class BodyTooLargeError(DomainError):
    """Request body above the size limit."""

    code, status, title = "body-too-large", 413, "Request body too large"


class NotJsonError(DomainError):
    """Request body with another media type than JSON."""

    code, status, title = "not-json", 415, "Request body is not JSON"


class NoRouteError(DomainError):
    """Path of no route."""

    code, status, title = "no-route", 404, "Route not found"


class MethodNotAllowedError(DomainError):
    """Method that the path does not support."""

    code, status, title = "method-not-allowed", 405, "Method not allowed"


class NoWebhookError(DomainError):
    """Test event for an account without a webhook."""

    code, status, title = "no-webhook", 409, "No webhook set"


class AnalysisFailedError(DomainError):
    """Failure, because of the video, of the analysis that a request waited for."""

    code, status, title = "analysis-failed", 422, "Analysis failed"


class AnalysisServerError(AnalysisFailedError):
    """Failure, because of a server error, of the analysis that a request waited for."""

    status = 502


SERVER_FAULTS = frozenset(
    reason.code for reason in (errors.NOT_SUBMITTED, errors.TIMED_OUT, errors.INFERENCE_FAILED, errors.INVALID_RESULT)
)


def failure_of(record: AnalysisRecord) -> AnalysisFailedError:
    """Return the error for a failed analysis, with its id and the code of the reason."""
    kind = AnalysisServerError if record.error.code in SERVER_FAULTS else AnalysisFailedError
    return kind(record.error.message, members={"id": record.id, "reason": record.error.code})
