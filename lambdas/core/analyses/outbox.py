"""Follow-up of ended analyses: drop folder answers, webhook events, and removal of a failed attempt's copy.

It is driven by the table's stream instead of the code that ends an analysis, which may be killed after its write.
"""

from datetime import datetime

from common.analyses import COMPLETED, FAILED
from lambdas.core.analyses import drop_folder, queries, submission
from lambdas.core.errors import Reason
from lambdas.core.settings import settings
from lambdas.core.storage import object_keys, objects
from lambdas.core.storage.tables import DROP_SOURCE, AnalysisRecord
from lambdas.core.webhooks import events


def needs_publishing(old: AnalysisRecord | None, new: AnalysisRecord) -> bool:
    """Return True if a change must be published: the analysis ended, or an ended one was restored."""
    if not new.is_terminal or new.is_deleted:
        return False
    return old is None or old.is_deleted or (old.status, old.attempt) != (new.status, new.attempt)


def publish(changed: AnalysisRecord, now: datetime) -> None:
    """Publish a change from the stream. Idempotent: the answer is the same, and the event has the same id."""
    if changed.status == FAILED:  # a retry makes its own copy
        objects.delete_versions(settings().media_bucket, submission.input_key(changed))
    current = queries.find(changed.id)
    if current is None or current.is_deleted:
        return
    if current.source == DROP_SOURCE and current.is_terminal:
        answer(current)
    event = events.event_of(changed, now)
    if event is not None:
        events.enqueue(event)


def answer(record: AnalysisRecord) -> None:
    """Write the drop folder's answer to an object, unless a newer version has been dropped."""
    if not drop_folder.is_current(record.object_key, record.version_id):
        return
    if record.status == COMPLETED:
        body = objects.read(settings().results_bucket, record.result_key)
        if body is None:
            return  # purged in the meantime
        key = object_keys.drop_result(record.object_key)
        objects.put_json(settings().results_bucket, key, body, analysis_id=record.id)
        objects.delete(settings().results_bucket, object_keys.drop_error(record.object_key))
    else:
        reason = Reason(record.error.code, record.error.message)
        drop_folder.write_error(record.object_key, reason, record.id)
        objects.delete(settings().results_bucket, object_keys.drop_result(record.object_key))
