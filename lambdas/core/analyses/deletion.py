"""The end of an analysis: a tombstone that can still be lifted, then the purge that cannot be undone.

1. `delete` hides the record at once. Nothing is lost yet, and `restore` brings everything back.
2. `purge`, by the sweeper, first closes the record to any transition, then removes video, copies, progress and
   result with all their versions, and last what the record knew. What is left, an id and dates, outlives every
   message that may still come, and expires by itself.
"""

from datetime import datetime

from common import prefixes
from common.analyses import QUEUED
from lambdas.core.analyses import fair_queue, queries
from lambdas.core.clock import DAY, epoch, stamp
from lambdas.core.errors import DeletedError
from lambdas.core.owners import audit
from lambdas.core.settings import settings
from lambdas.core.storage import item_keys, object_keys, objects, tables
from lambdas.core.storage.tables import DROP_DOOR, AnalysisRecord
from lambdas.core.storage.transactions import Part, apply, update, written

# Fields that purging removes from a record.
FORGOTTEN = (
    *("object_key", "version_id", "etag", "size", "content_type", "file_name", "webhook_url", "deadline", "queued_at"),
    *("output_location", "failure_location", "result_key", "error", "summary", "expires_at"),
)


def delete(owner: str, analysis_id: str, now: datetime, by: str = audit.SYSTEM) -> AnalysisRecord:
    """Hide an analysis, to be purged after `undo_seconds`. Raises NotFoundError; may be repeated until then."""
    record = queries.owned(owner, analysis_id)
    while not record.is_deleted:
        noted = audit.event(owner, "analysis-deleted", by, now, record.id)
        hide(record, now, purge_at=epoch(now) + settings().undo_seconds, noted=noted)
        record = queries.reload(record)
    return record


def hide(record: AnalysisRecord, now: datetime, *, purge_at: int, noted: Part | None = None) -> bool:
    """The tombstone, due for its purge at `purge_at`, in epoch seconds. False where the record has changed.

    `noted`: the event of it.
    """
    actions = [
        AnalysisRecord.deleted_at.set(epoch(now)),
        AnalysisRecord.listed.set(item_keys.analysis_listing(record.created_at, record.id, deleted=True)),
        AnalysisRecord.updated_at.set(stamp(now)),
        *tables.due(record, purge_at),
    ]
    same = (AnalysisRecord.status == record.status) & (AnalysisRecord.attempt == record.attempt)
    same &= AnalysisRecord.deleted_at.does_not_exist()
    more = [noted] if noted is not None else []
    return written(update("analysis", record, actions, same), *fair_queue.leave(record), *more)


def restore(owner: str, analysis_id: str, now: datetime, by: str = audit.SYSTEM) -> AnalysisRecord:
    """Undo a deletion. Raises NotFoundError, or DeletedError once the purge has begun."""
    record = queries.owned(owner, analysis_id)
    while record.is_deleted:
        if record.purged:
            raise DeletedError("this analysis has been removed for good")
        # The state decides when the sweeper looks again, so it must not change between reading and writing.
        same = (AnalysisRecord.deleted_at == record.deleted_at) & AnalysisRecord.purged.does_not_exist()
        same &= (AnalysisRecord.status == record.status) & (AnalysisRecord.attempt == record.attempt)
        actions = [
            AnalysisRecord.deleted_at.remove(),
            AnalysisRecord.listed.set(item_keys.analysis_listing(record.created_at, record.id)),
            AnalysisRecord.updated_at.set(stamp(now)),
            *tables.due(record, _due_at(record, now)),
        ]
        noted = audit.event(owner, "analysis-restored", by, now, record.id)
        written(update("analysis", record, actions, same), *fair_queue.enter_again(record), noted)
        record = queries.reload(record)
    return record


def purge(record: AnalysisRecord, now: datetime) -> None:
    """Remove a deleted analysis for good. May be repeated, and must be until it has succeeded once."""
    closing = [AnalysisRecord.purged.set(True), AnalysisRecord.listed.remove()]
    if not record.purged and not apply(record, closing, AnalysisRecord.deleted_at.exists()):
        return  # restored in the meantime
    remove_objects(record)
    actions = [
        *(getattr(AnalysisRecord, name).remove() for name in FORGOTTEN),
        *tables.not_due(),
        AnalysisRecord.ttl.set(epoch(now) + settings().tombstone_days * DAY),
        AnalysisRecord.updated_at.set(stamp(now)),
    ]
    record.update(actions=actions, condition=AnalysisRecord.purged.exists())


def end(record: AnalysisRecord, now: datetime) -> None:
    """Delete and purge at once: after what the plan allows, or with the account. It cannot be restored."""
    hide(record, now, purge_at=epoch(now))
    purge(queries.reload(record), now)


def remove_objects(record: AnalysisRecord) -> None:
    """Everything in S3 that belongs to an analysis. May be repeated."""
    media, results = settings().media_bucket, settings().results_bucket
    if record.object_key is not None:
        if record.source == DROP_DOOR and record.version_id is not None:
            objects.delete(media, record.object_key, record.version_id)  # others are analyses of their own
        else:
            objects.delete_versions(media, record.object_key)
    objects.delete_prefix(media, object_keys.inputs_of(record.id))
    objects.delete_prefix(results, object_keys.results_of(record.id))
    for attempt in range(1, int(record.attempt) + 1):
        objects.delete_versions(results, object_keys.progress(record.id, attempt))
    for uri in (record.output_location, record.failure_location):
        remove_output(uri)
    if record.source == DROP_DOOR and record.object_key is not None:
        _remove_answer(record)


def remove_output(uri: str | None) -> None:
    """Remove what SageMaker wrote, at `s3://bucket/key`; only where it writes for us."""
    location = object_keys.parse_location(uri) if uri else None
    if location is None or location.bucket != settings().results_bucket:
        return
    if location.key.startswith((prefixes.OUTPUTS, prefixes.FAILURES)):
        objects.delete_versions(location.bucket, location.key)


def _remove_answer(record: AnalysisRecord) -> None:
    """The drop folder's answer to a version that is still the current one (another version has its own answer)."""
    for key in (object_keys.drop_result(record.object_key), object_keys.drop_error(record.object_key)):
        if objects.metadata(settings().results_bucket, key).get("analysis-id") == record.id:
            objects.delete_versions(settings().results_bucket, key)


def _due_at(record: AnalysisRecord, now: datetime) -> int:
    """Return when the sweeper must look at a restored analysis again, in epoch seconds."""
    if record.status == QUEUED:
        return epoch(now) + settings().queued_patience
    return int(record.expires_at if record.is_terminal else record.deadline)
