"""Errors of HTTP alone; all others are in lambdas.core.errors."""

from lambdas.core import errors
from lambdas.core.errors import DomainError
from lambdas.core.storage.tables import AnalysisRecord


class InvalidRequestError(DomainError):
    """JSON that is well formed but not what the route takes."""

    code, status, title = "invalid-request", 422, "The request does not fit the schema"


class BodyTooLargeError(DomainError):
    code, status, title = "body-too-large", 413, "The request's body is too large"


class NotJsonError(DomainError):
    code, status, title = "not-json", 415, "The body is not JSON"


class NoRouteError(DomainError):
    code, status, title = "no-route", 404, "There is no such route"


class MethodNotAllowedError(DomainError):
    code, status, title = "method-not-allowed", 405, "The method is not allowed here"


class NoWebhookError(DomainError):
    code, status, title = "no-webhook", 409, "There is no webhook"


class AnalysisFailedError(DomainError):
    """An analysis that a request waited for. Where the video was at fault, so was the request."""

    code, status, title = "analysis-failed", 422, "The analysis failed"


class AnalysisBrokeError(AnalysisFailedError):
    """The analysis failed on our side: it was not charged, and may be started again."""

    status = 502


OUR_FAULT = frozenset(
    reason.code for reason in (errors.NOT_SUBMITTED, errors.TIMED_OUT, errors.INFERENCE_FAILED, errors.INVALID_RESULT)
)


def failure_of(record: AnalysisRecord) -> AnalysisFailedError:
    """A failed analysis as an error, with its id and the reason's name."""
    kind = AnalysisBrokeError if record.error.code in OUR_FAULT else AnalysisFailedError
    return kind(record.error.message, members={"id": record.id, "reason": record.error.code})
