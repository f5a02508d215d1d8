"""Errors of the domain, each with its code, HTTP status and title, and the reasons why analyses fail.

The API turns a `DomainError` into problem+json from these attributes alone; errors are mapped nowhere else.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, NamedTuple

from lambdas.core.clock import stamp

Member = str | int | float | None


class DomainError(Exception):
    """Error with a message for the caller. `members` are further fields of the problem document."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal server error"

    def __init__(
        self, detail: str, *, members: Mapping[str, Member] | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.members: dict[str, Member] = dict(members or {})
        self.retry_after = retry_after  # seconds; None if a retry does not help


class BadRequestError(DomainError):
    """Malformed or unacceptable request."""

    code, status, title = "bad-request", 400, "Bad request"


class UnsupportedTypeError(DomainError):
    """File extension of no supported container."""

    code, status, title = "unsupported-type", 400, "Unsupported file type"


class NotAVideoError(DomainError):
    """Upload whose content is neither supported video nor audio."""

    code, status, title = "not-a-video", 400, "Not a readable video or audio file"


class UnauthorizedError(DomainError):
    """Request without valid credentials."""

    code, status, title = "unauthorized", 401, "Missing or invalid credentials"


class ForbiddenError(DomainError):
    """Request that the caller is not allowed to make."""

    code, status, title = "forbidden", 403, "Access denied"


class AccountDeletedError(ForbiddenError):
    """Request of an account that is deleted or being deleted."""

    code, title = "account-deleted", "Account deleted"


class InsufficientScopeError(ForbiddenError):
    """API key without the scope that a request needs."""

    code, title = "insufficient-scope", "Insufficient API key scope"


class UnknownOwnerError(ForbiddenError):
    """Drop folder that belongs to no account."""

    code, title = "unknown-owner", "Unknown account"


class NotFoundError(DomainError):
    """Missing resource, or one of another owner; callers cannot distinguish the two."""

    code, status, title = "not-found", 404, "Not found"


class NotUploadedError(DomainError):
    """Upload whose file is not in the bucket."""

    code, status, title = "not-uploaded", 409, "File not uploaded"


class UploadExpiredError(DomainError):
    """Upload that expired before its analysis was started."""

    code, status, title = "upload-expired", 409, "Upload expired"


class DeletedError(DomainError):
    """Analysis that was deleted."""

    code, status, title = "deleted", 409, "Analysis deleted"


class NotFinishedError(DomainError):
    """Analysis without a result: still running, or failed."""

    code, status, title = "not-finished", 409, "Result not available"


class NotRetriableError(DomainError):
    """Failed analysis that would fail again for the same reason, or has failed too often."""

    code, status, title = "not-retriable", 409, "Analysis cannot be retried"


class NotCancellableError(DomainError):
    """Analysis that has already ended."""

    code, status, title = "not-cancellable", 409, "Analysis cannot be cancelled"


class TooManyKeysError(DomainError):
    """Account with the maximum number of API keys."""

    code, status, title = "too-many-keys", 409, "API key limit reached"


class TooLargeError(DomainError):
    """File above the size limit."""

    code, status, title = "too-large", 413, "File too large"


class TooManyUploadsError(DomainError):
    """Account with the maximum number of pending uploads."""

    code, status, title = "too-many-uploads", 429, "Too many pending uploads"


class TooManyRequestsError(DomainError):
    """Rate limit of a user exceeded."""

    code, status, title = "too-many-requests", 429, "Rate limit exceeded"

    def __init__(self, limit: int, seconds: int, retry_after: int) -> None:
        super().__init__(
            f"Rate limit exceeded ({limit} requests per {seconds} s); retry after {retry_after} seconds.",
            members={"limit": limit},
            retry_after=retry_after,
        )


class QuotaExceededError(DomainError):
    """Monthly quota of an account used up."""

    code, status, title = "quota-exceeded", 429, "Monthly quota exceeded"

    def __init__(self, limit: int, used: int, resets_at: datetime, now: datetime) -> None:
        super().__init__(
            f"You have used all {limit} analyses for this month. The quota resets at {stamp(resets_at)}.",
            members={
                "limit": limit,
                "used": used,
                "remaining": max(0, limit - used),
                "resets_at": stamp(resets_at),
            },
            retry_after=max(1, int((resets_at - now).total_seconds())),
        )


class CeilingReachedError(DomainError):
    """Monthly limit of the whole deployment reached."""

    code, status, title = "ceiling-reached", 429, "Monthly service limit reached"

    def __init__(self, resets_at: datetime, now: datetime) -> None:
        super().__init__(
            f"The service has reached its limit of analyses for this month. The limit resets at {stamp(resets_at)}.",
            members={"resets_at": stamp(resets_at)},
            retry_after=max(1, int((resets_at - now).total_seconds())),
        )


class BusyError(DomainError):
    """Write that kept conflicting with concurrent writes."""

    code, status, title = "busy", 503, "Service temporarily busy; retry shortly"

    def __init__(self, detail: str = "Too many concurrent requests. Retry in a moment.") -> None:
        super().__init__(detail, retry_after=2)


class Reason(NamedTuple):
    """Reason why an analysis failed, as stored in its record: a slug, and a message for the user."""

    code: str
    message: str


UPLOAD_MISSING = Reason("upload-missing", "The uploaded file was removed before it could be analyzed.")
UPLOAD_REPLACED = Reason("upload-replaced", "The uploaded file was replaced after it had been accepted.")
NOT_SUBMITTED = Reason("not-submitted", "The analysis could not be started in time. Retry it.")
TIMED_OUT = Reason("timed-out", "No result arrived in time. Retry the analysis.")
INFERENCE_FAILED = Reason("inference-failed", "A server error occurred. Retry the analysis.")
CANCELLED = Reason("cancelled", "The analysis was cancelled.")
INVALID_RESULT = Reason("invalid-result", "The model returned no usable result. Retry the analysis.")

# Codes of the model server and of this module for faults of the file itself: the same file would fail again.
FILE_FAULTS = frozenset(
    {"unreadable-video", "too-demanding", "too-long", "too-large", "unsupported-type", "not-a-video"}
)
