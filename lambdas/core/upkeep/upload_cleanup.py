"""Cleanup of objects that arrive under `uploads/`: those that no analysis can use are deleted.

While it is valid, a presigned URL accepts any number of PUTs, and without a declared size objects of up to 5 GB, S3's
limit. So each new object is checked, and deleted if it is too large, unused by an analysis, or replaced by a newer
version. Idempotent, and independent of the order of events: only the current state of table and bucket counts.
"""

from common.analyses import FAILED
from lambdas.core.analyses import queries
from lambdas.core.aws.observability import logger
from lambdas.core.settings import settings
from lambdas.core.storage import object_keys, objects
from lambdas.core.storage.tables import UPLOAD_SOURCE, AnalysisRecord
from lambdas.core.uploads import uploads


def check(key: str, version_id: str | None, size: int) -> None:
    """Check one version of an uploaded object, and delete it if no analysis can use it. `size` in bytes."""
    parsed = object_keys.parse_upload(key)
    if parsed is None:
        return  # no URL was ever issued for it
    bucket = settings().media_bucket
    # The emulator's events name no version; the newest is assumed then.
    version_id = version_id or objects.newest_version(bucket, key)
    if version_id is None:
        return
    # The upload is read before the analysis: one transaction removes the one and creates the other, so that in this
    # order at least one of them is found.
    is_pending = uploads.find(parsed.owner, key) is not None
    analysis = queries.find(object_keys.analysis_id(UPLOAD_SOURCE, bucket, key))
    wanted = is_pending if analysis is None else _is_used(analysis, version_id)
    if size > settings().max_upload_bytes or not wanted:
        logger.warning("upload removed", extra={"owner": parsed.owner, "object_key": key, "size": size})
        objects.delete(bucket, key, version_id)
        return
    objects.delete_older(bucket, key, keep=analysis.version_id if analysis is not None else None)


def _is_used(analysis: AnalysisRecord, version_id: str | None) -> bool:
    """Return True if an analysis uses this version, or a retry of it may."""
    return not analysis.purged and (analysis.status == FAILED or analysis.version_id in (None, version_id))
