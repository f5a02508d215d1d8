"""Drop folder: objects put under `drop/{owner}/` are analyzed, and answered under `results/`, without an API call."""

import json
from datetime import datetime

from common import prefixes
from common.problems import TYPE_PREFIX
from lambdas.core.analyses import creation
from lambdas.core.aws.observability import DROP_REFUSALS, count, logger
from lambdas.core.errors import (
    AccountDeletedError,
    CeilingReachedError,
    DeletedError,
    DomainError,
    NotAVideoError,
    NotUploadedError,
    QuotaExceededError,
    Reason,
    TooLargeError,
    UnknownOwnerError,
)
from lambdas.core.owners import profiles
from lambdas.core.settings import settings
from lambdas.core.storage import object_keys, objects
from lambdas.core.storage.tables import DROP_SOURCE, AnalysisRecord
from lambdas.core.uploads import uploads

# Errors that are reported to the owner of the folder. After any other error, the event is delivered again.
REPORTED_ERRORS = (
    *(UnknownOwnerError, AccountDeletedError, QuotaExceededError, CeilingReachedError),
    *(NotAVideoError, TooLargeError),
)


def process(key: str, version_id: str | None, now: datetime) -> AnalysisRecord | None:
    """Start the analysis of a dropped object; return None if it is not analyzed.

    A refused object is left in place, and an error file gives the reason. Other errors are raised.
    """
    if not key.startswith(prefixes.DROP) or key.endswith("/"):
        return None  # a folder marker, as created by S3 consoles
    try:
        owner = _owner(key)
        found = uploads.inspect(key, version_id)
        return creation.start(owner, found, source=DROP_SOURCE, now=now)
    except (NotUploadedError, DeletedError):
        return None  # removed in the meantime, or its analysis was deleted
    except REPORTED_ERRORS as error:
        _refuse(key, version_id, error)
        return None


def is_current(key: str, version_id: str | None) -> bool:
    """Return True if no newer version of a dropped object exists, or the object is gone."""
    found = objects.head(settings().media_bucket, key)
    return found is None or version_id is None or found.get("VersionId") in (None, version_id)


def write_error(key: str, reason: Reason, analysis_id: str = "") -> None:
    """Write the error file of a dropped object under `results/`."""
    document = {
        "type": TYPE_PREFIX + reason.code,
        "error": reason.message,
        "object": key,
        "analysis_id": analysis_id or None,
    }
    body = json.dumps(document, ensure_ascii=False, indent=2).encode()
    objects.put_json(settings().results_bucket, object_keys.drop_error(key), body, analysis_id=analysis_id)


def _owner(key: str) -> str:
    """Return the owner of a dropped object. Raises UnknownOwnerError."""
    parsed = object_keys.parse_drop(key)
    if parsed is None or profiles.find(parsed.owner) is None:
        raise UnknownOwnerError("No account owns this drop folder. Name it after the account's owner id.")
    return parsed.owner


def _refuse(key: str, version_id: str | None, error: DomainError) -> None:
    count(DROP_REFUSALS)
    logger.warning("dropped object refused", extra={"object_key": key, "code": error.code})
    if is_current(key, version_id):
        write_error(key, Reason(error.code, error.detail))
