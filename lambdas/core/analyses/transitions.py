"""State machine of an analysis: queued -> processing -> completed | failed, and failed -> completed on a late result.

A cancelled analysis counts as failed, but accepts no late result, which would be free of charge.

Every transition is one conditional write on (status, attempt). These conditions provide the idempotency: a transition
that comes second, or too late, changes nothing and returns False.

A deleted analysis continues through its states until it is purged, so that restoring it loses nothing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from common.analyses import COMPLETED, FAILED, PROCESSING, QUEUED
from lambdas.core.analyses import fair_queue, queries
from lambdas.core.analyses.result_summary import Summary
from lambdas.core.aws.observability import ANALYSES_COMPLETED, ANALYSES_FAILED, MINUTES_ANALYZED, count, meter
from lambdas.core.clock import epoch, stamp
from lambdas.core.errors import CANCELLED, BusyError, NotCancellableError, Reason
from lambdas.core.owners import audit, profiles, quota
from lambdas.core.settings import settings
from lambdas.core.storage import object_keys, tables
from lambdas.core.storage.tables import AnalysisRecord, Failure
from lambdas.core.storage.transactions import Part, RefusedError, update, write

MAX_TRIES = 4  # concurrent deletions and restorations of a record before BusyError


def mark_processing(record: AnalysisRecord, output: str, failure: str | None, now: datetime) -> bool:
    """Change from queued to processing. Returns False if the analysis is no longer queued.

    `output`, `failure`: locations of SageMaker's future output.
    """
    deadline = epoch(now) + settings().attempt_seconds
    actions = [
        AnalysisRecord.status.set(PROCESSING),
        AnalysisRecord.output_location.set(output),
        AnalysisRecord.failure_location.set(failure) if failure else AnalysisRecord.failure_location.remove(),
        AnalysisRecord.deadline.set(deadline),
        AnalysisRecord.updated_at.set(stamp(now)),
    ]
    return _change(record, (QUEUED,), actions, due_at=deadline, extra_parts=fair_queue.dequeue)


def postpone(record: AnalysisRecord, now: datetime, *, has_slot: bool = False) -> bool:
    """Schedule the sweeper's next attempt to submit a queued analysis; without a slot, also ensure that it waits."""
    due_at = epoch(now) + settings().queued_patience
    return _change(record, (QUEUED,), [], due_at=due_at, extra_parts=_no_parts if has_slot else fair_queue.requeue)


def wait(record: AnalysisRecord) -> bool:
    """Schedule the sweeper's next check of a queued analysis that waits for a slot: at its deadline."""
    return _change(record, (QUEUED,), [], due_at=int(record.deadline))


def complete(record: AnalysisRecord, summary: Summary, now: datetime) -> bool:
    """Change to completed. The result must already be stored. A failed analysis can also complete; it stays refunded.

    Returns False if it is too late: another attempt started, or the analysis was completed, cancelled or purged.
    """
    expires = epoch(now + timedelta(days=_retention_days(record.owner)))
    actions = [
        AnalysisRecord.status.set(COMPLETED),
        AnalysisRecord.result_key.set(object_keys.result(record.id, int(record.attempt))),
        AnalysisRecord.summary.set(summary.model_dump(mode="json")),
        AnalysisRecord.error.remove(),
        AnalysisRecord.expires_at.set(expires),
        AnalysisRecord.updated_at.set(stamp(now)),
    ]

    def extra_parts(current: AnalysisRecord) -> list[Part]:
        return [quota.count_seconds(record.owner, now, summary.duration_s), *fair_queue.dequeue(current)]

    done = _change(record, (QUEUED, PROCESSING, FAILED), actions, due_at=expires, extra_parts=extra_parts)
    if done:
        count(ANALYSES_COMPLETED)
        count(MINUTES_ANALYZED, summary.duration_s / 60)
        meter("completed", record.owner, summary.duration_s / 60)
    return done


def fail(record: AnalysisRecord, reason: Reason, now: datetime, event: Part | None = None) -> bool:
    """Change to failed and refund the charge, in one transaction. Returns False if it is too late.

    `event`: audit event to write in the same transaction.
    """
    expires = epoch(now + timedelta(days=_retention_days(record.owner)))
    failure = Failure(code=reason.code, message=reason.message)  # type: ignore[no-untyped-call]
    actions = [
        AnalysisRecord.status.set(FAILED),
        AnalysisRecord.error.set(failure),
        AnalysisRecord.charge_month.remove(),
        AnalysisRecord.charge_day.remove(),
        AnalysisRecord.expires_at.set(expires),
        AnalysisRecord.updated_at.set(stamp(now)),
    ]

    def extra_parts(current: AnalysisRecord) -> list[Part]:
        return [*quota.refund(current), *fair_queue.dequeue(current), *([event] if event is not None else [])]

    done = _change(record, (QUEUED, PROCESSING), actions, due_at=expires, extra_parts=extra_parts)
    if done and reason != CANCELLED:
        count(ANALYSES_FAILED)
        meter("failed", record.owner)
    return done


def cancel(owner: str, analysis_id: str, now: datetime, by: str = audit.SYSTEM) -> AnalysisRecord:
    """Cancel an analysis for its owner: change it to failed and refund the charge. Idempotent.

    Raises NotFoundError, NotCancellableError if it has already ended, or BusyError.
    """
    record = queries.get(owner, analysis_id)
    if not record.is_terminal:
        fail(record, CANCELLED, now, audit.event(owner, "analysis-cancelled", by, now, record.id))
        record = queries.get(owner, analysis_id)
    if not record.is_cancelled:
        raise NotCancellableError(
            f"The analysis is {record.status}. Only queued or processing analyses can be cancelled."
        )
    return record


def _no_parts(_: AnalysisRecord) -> list[Part]:
    return []


def _change(
    record: AnalysisRecord,
    statuses: Sequence[str],
    actions: Sequence[Action],
    *,
    due_at: int,
    extra_parts: Callable[[AnalysisRecord], list[Part]] = _no_parts,
) -> bool:
    """Change the state from any of `statuses`, with `extra_parts` in the same transaction.

    A deleted record keeps the time of its purge. The write is therefore also conditional on the record being deleted or
    not as it was read; if only that has changed, the record is read again and the write retried.
    """
    attempt = record.attempt
    for _ in range(MAX_TRIES):
        if not (record.attempt == attempt and record.status in statuses and not record.purged):
            return False
        if record.is_cancelled:
            return False
        due = [] if record.is_deleted else tables.due(record, due_at)
        changes = [*actions, *due]
        if not changes:
            return True
        try:
            write(update("analysis", record, changes, _unchanged(record, statuses)), *extra_parts(record))
            return True
        except RefusedError:
            found = queries.find(record.id)
        if found is None:
            return False
        record = found
    raise BusyError


def _unchanged(record: AnalysisRecord, statuses: Sequence[str]) -> Condition:
    same: Condition = AnalysisRecord.status.is_in(*statuses) & (AnalysisRecord.attempt == record.attempt)
    deleted_at = AnalysisRecord.deleted_at
    same &= deleted_at == record.deleted_at if record.is_deleted else deleted_at.does_not_exist()
    same &= AnalysisRecord.purged.does_not_exist()
    error = AnalysisRecord.error
    same &= error.does_not_exist() | (error.code != CANCELLED.code)
    return same


def _retention_days(owner: str) -> int:
    profile = profiles.find(owner)
    return quota.plan(profile.plan if profile else quota.DEFAULT_PLAN).retention_days
