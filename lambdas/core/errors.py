"""Everything that may go wrong for a caller, once: its name, its HTTP status, and what it says.

The API answers a `DomainError` as problem+json from these attributes; nothing else maps errors.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, NamedTuple

from lambdas.core.clock import stamp

Member = str | int | float | None


class DomainError(Exception):
    """`detail` is the sentence for the caller; `members` go into the problem document beside it."""

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something failed on our side"

    def __init__(
        self, detail: str, *, members: Mapping[str, Member] | None = None, retry_after: int | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.members: dict[str, Member] = dict(members or {})
        self.retry_after = retry_after  # seconds, where trying again makes sense


class BadRequestError(DomainError):
    code, status, title = "bad-request", 400, "The request is malformed"


class UnsupportedTypeError(DomainError):
    code, status, title = "unsupported-type", 400, "The file type is not supported"


class NotAVideoError(DomainError):
    code, status, title = "not-a-video", 400, "The upload is not a video"


class UnauthorizedError(DomainError):
    code, status, title = "unauthorized", 401, "The credentials are missing or not valid"


class ForbiddenError(DomainError):
    code, status, title = "forbidden", 403, "This is not allowed"


class AccountDeletedError(ForbiddenError):
    code, title = "account-deleted", "The account has been deleted"


class InsufficientScopeError(ForbiddenError):
    code, title = "insufficient-scope", "The API key may not do this"


class UnknownOwnerError(ForbiddenError):
    code, title = "unknown-owner", "There is no such account"


class NotFoundError(DomainError):
    """Also for what belongs to somebody else: who asks cannot tell the two apart."""

    code, status, title = "not-found", 404, "There is no such thing"


class NotUploadedError(DomainError):
    code, status, title = "not-uploaded", 409, "The file has not been uploaded"


class UploadExpiredError(DomainError):
    code, status, title = "upload-expired", 409, "The upload has expired"


class DeletedError(DomainError):
    code, status, title = "deleted", 409, "The analysis has been deleted"


class NotFinishedError(DomainError):
    code, status, title = "not-finished", 409, "The analysis has no result"


class NotRetriableError(DomainError):
    """Another attempt would fail for the same reason, or too many have failed."""

    code, status, title = "not-retriable", 409, "The analysis cannot be started again"


class NotCancellableError(DomainError):
    code, status, title = "not-cancellable", 409, "The analysis has ended already"


class TooManyKeysError(DomainError):
    code, status, title = "too-many-keys", 409, "No more API keys can be created"


class TooLargeError(DomainError):
    code, status, title = "too-large", 413, "The file is too large"


class TooManyUploadsError(DomainError):
    code, status, title = "too-many-uploads", 429, "Too many uploads wait for their analysis"


class TooManyRequestsError(DomainError):
    code, status, title = "too-many-requests", 429, "Rate limit exceeded"

    def __init__(self, limit: int, seconds: int, retry_after: int) -> None:
        super().__init__(
            f"{limit} requests in {seconds} s are allowed; retry in {retry_after} s",
            members={"limit": limit},
            retry_after=retry_after,
        )


class QuotaExceededError(DomainError):
    code, status, title = "quota-exceeded", 429, "The month's analyses are used up"

    def __init__(self, limit: int, used: int, resets_at: datetime, now: datetime) -> None:
        super().__init__(
            f"all {limit} analyses of this month are used; the count starts again at {stamp(resets_at)}",
            members={
                "limit": limit,
                "used": used,
                "remaining": max(0, limit - used),
                "resets_at": stamp(resets_at),
            },
            retry_after=max(1, int((resets_at - now).total_seconds())),
        )


class CeilingReachedError(DomainError):
    code, status, title = "ceiling-reached", 429, "The service takes no more analyses this month"

    def __init__(self, resets_at: datetime, now: datetime) -> None:
        super().__init__(
            f"the service has reached its ceiling of analyses for this month; it starts again at {stamp(resets_at)}",
            members={"resets_at": stamp(resets_at)},
            retry_after=max(1, int((resets_at - now).total_seconds())),
        )


class BusyError(DomainError):
    code, status, title = "busy", 503, "Too much is going on at once"

    def __init__(self, detail: str = "too many requests at once; try again in a moment") -> None:
        super().__init__(detail, retry_after=2)


class Reason(NamedTuple):
    """Reason why an analysis failed, as stored in its record: a slug, and a sentence for the user."""

    code: str
    message: str


UPLOAD_MISSING = Reason("upload-missing", "the uploaded file was removed before it could be analyzed")
UPLOAD_REPLACED = Reason("upload-replaced", "the uploaded file was replaced after it had been accepted")
NOT_SUBMITTED = Reason("not-submitted", "the analysis could not be started in time; start it again")
TIMED_OUT = Reason("timed-out", "no result came in time; start the analysis again")
INFERENCE_FAILED = Reason("inference-failed", "the analysis failed on our side; start it again")
CANCELLED = Reason("cancelled", "the analysis was cancelled")
INVALID_RESULT = Reason("invalid-result", "the analysis gave no usable result; start it again")

# Of the model server and of ours: what lies in the file itself, so that the same file fails for the same reason.
OF_THE_FILE = frozenset(
    {"unreadable-video", "too-demanding", "too-long", "too-large", "unsupported-type", "not-a-video"}
)
