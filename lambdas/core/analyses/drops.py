"""The drop folder: an object under `drop/{owner}/` is analyzed without a call, and answered under `results/`."""

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
from lambdas.core.storage.tables import DROP_DOOR, AnalysisRecord
from lambdas.core.uploads import uploads

# Errors reported to the owner of the folder. Any other one makes the event come again.
REFUSALS = (
    *(UnknownOwnerError, AccountDeletedError, QuotaExceededError, CeilingReachedError),
    *(NotAVideoError, TooLargeError),
)


def take(key: str, version_id: str | None, now: datetime) -> AnalysisRecord | None:
    """Start the analysis of a dropped object; None where there is none to start.

    What is refused stays where it lies, beside an error object that says why. Any other error is raised.
    """
    if not key.startswith(prefixes.DROP) or key.endswith("/"):
        return None  # a folder's marker, as consoles make them
    try:
        owner = _owner(key)
        found = uploads.inspect(key, version_id)
        return creation.start(owner, found, source=DROP_DOOR, now=now)
    except (NotUploadedError, DeletedError):
        return None  # gone before we came, or analyzed and deleted long ago
    except REFUSALS as error:
        _refuse(key, version_id, error)
        return None


def is_current(key: str, version_id: str | None) -> bool:
    """Return True when no newer version of a dropped object exists, or the object is gone altogether."""
    found = objects.head(settings().media_bucket, key)
    return found is None or version_id is None or found.get("VersionId") in (None, version_id)


def write_error(key: str, reason: Reason, analysis_id: str = "") -> None:
    """Say in `results/` why there is no result for a dropped object."""
    document = {
        "type": TYPE_PREFIX + reason.code,
        "error": reason.message,
        "object": key,
        "analysis_id": analysis_id or None,
    }
    body = json.dumps(document, ensure_ascii=False, indent=2).encode()
    objects.put_json(settings().results_bucket, object_keys.drop_error(key), body, analysis_id=analysis_id)


def _owner(key: str) -> str:
    """The owner of a key. Raises UnknownOwnerError."""
    parsed = object_keys.parse_drop(key)
    if parsed is None or profiles.find(parsed.owner) is None:
        raise UnknownOwnerError("nobody has this drop folder; the first part of the path must be an owner's id")
    return parsed.owner


def _refuse(key: str, version_id: str | None, error: DomainError) -> None:
    count(DROP_REFUSALS)
    logger.warning("a dropped object was refused", extra={"object_key": key, "code": error.code})
    if is_current(key, version_id):
        write_error(key, Reason(error.code, error.detail))
