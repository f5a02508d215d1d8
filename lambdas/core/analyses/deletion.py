"""Deletion of analyses in two steps: a soft delete that can be undone, then an irreversible purge.

1. `delete` hides the record at once. No data is removed yet, and `restore` undoes it.
2. `purge`, called by the sweeper, blocks all further transitions, then removes the links, the video, its copies,
   progress and results with all their versions, and finally the fields of the record. The remaining tombstone, an id
   and dates, outlives every message about the analysis that may still arrive, and expires by TTL.
"""

from datetime import datetime

from common import prefixes
from common.analyses import QUEUED
from lambdas.core.analyses import fair_queue, queries, shares
from lambdas.core.clock import DAY, epoch, stamp
from lambdas.core.errors import DeletedError
from lambdas.core.owners import audit
from lambdas.core.settings import settings
from lambdas.core.storage import item_keys, object_keys, objects, tables
from lambdas.core.storage.tables import DROP_SOURCE, AnalysisRecord
from lambdas.core.storage.transactions import Part, apply, try_write, update

# Fields that purging removes from a record.
PURGED_FIELDS = (
    *("object_key", "version_id", "etag", "size", "content_type", "file_name", "webhook_url", "deadline", "queued_at"),
    *("output_location", "failure_location", "result_key", "error", "summary", "expires_at"),
    *("people", "people_edits", "shares"),
)


def delete(owner: str, analysis_id: str, now: datetime, by: str = audit.SYSTEM) -> AnalysisRecord:
    """Hide an analysis, to be purged after `undo_seconds`. Idempotent until then. Raises NotFoundError."""
    record = queries.owned(owner, analysis_id)
    while not record.is_deleted:
        event = audit.event(owner, "analysis-deleted", by, now, record.id)
        hide(record, now, purge_at=epoch(now) + settings().undo_seconds, event=event)
        record = queries.reload(record)
    return record


def hide(record: AnalysisRecord, now: datetime, *, purge_at: int, event: Part | None = None) -> bool:
    """Hide a record and schedule its purge for `purge_at`, in epoch seconds; return False if it has changed.

    `event`: audit event to write in the same transaction.
    """
    actions = [
        AnalysisRecord.deleted_at.set(epoch(now)),
        AnalysisRecord.listed.set(item_keys.analysis_listing(record.created_at, record.id, deleted=True)),
        AnalysisRecord.updated_at.set(stamp(now)),
        *tables.due(record, purge_at),
    ]
    same = (AnalysisRecord.status == record.status) & (AnalysisRecord.attempt == record.attempt)
    same &= AnalysisRecord.deleted_at.does_not_exist()
    events = [event] if event is not None else []
    return try_write(update("analysis", record, actions, same), *fair_queue.dequeue(record), *events)


def restore(owner: str, analysis_id: str, now: datetime, by: str = audit.SYSTEM) -> AnalysisRecord:
    """Undo a deletion. Raises NotFoundError, or DeletedError once the purge has begun."""
    record = queries.owned(owner, analysis_id)
    while record.is_deleted:
        if record.purged:
            raise DeletedError("This analysis has been permanently deleted.")
        # The next check by the sweeper depends on the state, so the state must not change before the write.
        same = (AnalysisRecord.deleted_at == record.deleted_at) & AnalysisRecord.purged.does_not_exist()
        same &= (AnalysisRecord.status == record.status) & (AnalysisRecord.attempt == record.attempt)
        actions = [
            AnalysisRecord.deleted_at.remove(),
            AnalysisRecord.listed.set(item_keys.analysis_listing(record.created_at, record.id)),
            AnalysisRecord.updated_at.set(stamp(now)),
            *tables.due(record, _due_at(record, now)),
        ]
        event = audit.event(owner, "analysis-restored", by, now, record.id)
        try_write(update("analysis", record, actions, same), *fair_queue.requeue(record), event)
        record = queries.reload(record)
    return record


def purge(record: AnalysisRecord, now: datetime) -> None:
    """Permanently remove a deleted analysis. Idempotent; must be repeated until it succeeds."""
    closing = [AnalysisRecord.purged.set(True), AnalysisRecord.listed.remove()]
    if not record.purged and not apply(record, closing, AnalysisRecord.deleted_at.exists()):
        return  # restored in the meantime
    shares.remove_all(record)
    remove_objects(record)
    actions = [
        *(getattr(AnalysisRecord, name).remove() for name in PURGED_FIELDS),
        *tables.not_due(),
        AnalysisRecord.ttl.set(epoch(now) + settings().tombstone_days * DAY),
        AnalysisRecord.updated_at.set(stamp(now)),
    ]
    record.update(actions=actions, condition=AnalysisRecord.purged.exists())


def delete_and_purge(record: AnalysisRecord, now: datetime) -> None:
    """Delete an analysis without the option to restore it: after its retention period, or with the account."""
    hide(record, now, purge_at=epoch(now))
    purge(queries.reload(record), now)


def remove_objects(record: AnalysisRecord) -> None:
    """Delete everything in S3 that belongs to an analysis. Idempotent."""
    media, results = settings().media_bucket, settings().results_bucket
    if record.object_key is not None:
        if record.source == DROP_SOURCE and record.version_id is not None:
            objects.delete(media, record.object_key, record.version_id)  # other versions have their own analyses
        else:
            objects.delete_versions(media, record.object_key)
    objects.delete_prefix(media, object_keys.inputs_of(record.id))
    objects.delete_prefix(results, object_keys.results_of(record.id))
    for attempt in range(1, int(record.attempt) + 1):
        objects.delete_versions(results, object_keys.progress(record.id, attempt))
    for uri in (record.output_location, record.failure_location):
        remove_output(uri)
    if record.source == DROP_SOURCE and record.object_key is not None:
        _remove_answer(record)


def remove_output(uri: str | None) -> None:
    """Delete an output of SageMaker at `s3://bucket/key`; ignored outside the prefixes for its outputs."""
    location = object_keys.parse_location(uri) if uri else None
    if location is None or location.bucket != settings().results_bucket:
        return
    if location.key.startswith((prefixes.OUTPUTS, prefixes.FAILURES)):
        objects.delete_versions(location.bucket, location.key)


def _remove_answer(record: AnalysisRecord) -> None:
    """Delete the drop folder's answer, unless it has been overwritten by the answer to another version."""
    for key in (object_keys.drop_result(record.object_key), object_keys.drop_error(record.object_key)):
        if objects.metadata(settings().results_bucket, key).get("analysis-id") == record.id:
            objects.delete_versions(settings().results_bucket, key)


def _due_at(record: AnalysisRecord, now: datetime) -> int:
    """Return the time at which the sweeper must check a restored analysis, in epoch seconds."""
    if record.status == QUEUED:
        return epoch(now) + settings().queued_patience
    return int(record.expires_at if record.is_terminal else record.deadline)
