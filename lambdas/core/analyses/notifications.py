"""Consequences of an analysis's end: the drop folder's answer, the webhook's event, a failed attempt's copy removed.

This hangs on the table's stream, not on whoever wrote the record: a handler may be killed right after its write.
"""

from datetime import datetime

from common.analyses import COMPLETED, FAILED
from lambdas.core.analyses import drops, inference, queries
from lambdas.core.errors import Reason
from lambdas.core.settings import settings
from lambdas.core.storage import object_keys, objects
from lambdas.core.storage.tables import DROP_DOOR, AnalysisRecord
from lambdas.core.webhooks import events


def is_news(old: AnalysisRecord | None, new: AnalysisRecord) -> bool:
    """Return True when a change of a record is worth a notification: it ended, or was restored from deletion."""
    if not new.is_terminal or new.is_deleted:
        return False
    return old is None or old.is_deleted or (old.status, old.attempt) != (new.status, new.attempt)


def publish(changed: AnalysisRecord, now: datetime) -> None:
    """Tell of a change, as the stream shows it. May be repeated: the answer is the same, the event has the same id."""
    if changed.status == FAILED:  # the next attempt has a copy of its own, and nobody waits for this one's
        objects.delete_versions(settings().media_bucket, inference.input_key(changed))
    current = queries.find(changed.id)
    if current is None or current.is_deleted:
        return
    if current.source == DROP_DOOR and current.is_terminal:
        answer(current)
    event = events.event_of(changed, now)
    if event is not None:
        events.enqueue(event)


def answer(record: AnalysisRecord) -> None:
    """Write the drop folder's answer to an object, unless a newer version lies there by now."""
    if not drops.is_current(record.object_key, record.version_id):
        return
    if record.status == COMPLETED:
        body = objects.read(settings().results_bucket, record.result_key)
        if body is None:
            return  # purged in this moment
        key = object_keys.drop_result(record.object_key)
        objects.put_json(settings().results_bucket, key, body, analysis_id=record.id)
        objects.delete(settings().results_bucket, object_keys.drop_error(record.object_key))
    else:
        reason = Reason(record.error.code, record.error.message)
        drops.write_error(record.object_key, reason, record.id)
        objects.delete(settings().results_bucket, object_keys.drop_result(record.object_key))
