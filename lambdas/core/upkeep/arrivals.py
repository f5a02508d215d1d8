"""Objects that arrive under `uploads/`: whatever no analysis can be started from is removed again.

A presigned URL takes any number of PUTs while it works, and one without an announced size takes 5 GB, S3's own limit.
So each arrival is looked at: what is too large, what an analysis does not use, and what a newer version has replaced
are removed. May be repeated, in any order: the table and the bucket as they are now decide, not the event.
"""

from common.analyses import FAILED
from lambdas.core.analyses import queries
from lambdas.core.aws.observability import logger
from lambdas.core.settings import settings
from lambdas.core.storage import object_keys, objects
from lambdas.core.storage.tables import UPLOAD_DOOR, AnalysisRecord
from lambdas.core.uploads import uploads


def check(key: str, version_id: str | None, size: int) -> None:
    """Look at one version of an uploaded object. `size` in bytes."""
    parsed = object_keys.parse_upload(key)
    if parsed is None:
        return  # no URL was ever given out for it
    bucket = settings().media_bucket
    # An event that names no version, as the emulator's, can mean any: the newest is looked at.
    version_id = version_id or objects.newest_version(bucket, key)
    if version_id is None:
        return
    # In this order: one transaction ends the one and begins the other, so at least one of the two is found.
    is_pending = uploads.find(parsed.owner, key) is not None
    analysis = queries.find(object_keys.analysis_id(UPLOAD_DOOR, bucket, key))
    wanted = is_pending if analysis is None else _is_used(analysis, version_id)
    if size > settings().max_upload_bytes or not wanted:
        logger.warning("an upload was removed", extra={"owner": parsed.owner, "object_key": key, "size": size})
        objects.delete(bucket, key, version_id)
        return
    objects.delete_older(bucket, key, keep=analysis.version_id if analysis is not None else None)


def _is_used(analysis: AnalysisRecord, version_id: str | None) -> bool:
    """Return True when an analysis is of this version, or its next attempt may be."""
    return not analysis.purged and (analysis.status == FAILED or analysis.version_id in (None, version_id))
