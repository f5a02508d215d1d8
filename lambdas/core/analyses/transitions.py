"""The states of an analysis: queued -> processing -> completed | failed, and failed -> completed when late.

One that its owner cancelled has failed too, but takes no late result: it would be free.

Every transition is one conditional write on (status, attempt). These conditions are all there is of idempotency:
whoever comes second, or too late, changes nothing and is told so.

A deleted analysis goes on through its states until it is purged, so that it can be restored as if nothing had been.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from common.analyses import COMPLETED, FAILED, PROCESSING, QUEUED
from lambdas.core.analyses import fair_queue, queries
from lambdas.core.analyses.result_excerpt import Summary
from lambdas.core.aws.observability import ANALYSES_COMPLETED, ANALYSES_FAILED, MINUTES_ANALYZED, count, meter
from lambdas.core.clock import epoch, stamp
from lambdas.core.errors import CANCELLED, BusyError, NotCancellableError, Reason
from lambdas.core.owners import audit, profiles, quota
from lambdas.core.settings import settings
from lambdas.core.storage import object_keys, tables
from lambdas.core.storage.tables import AnalysisRecord, Failure
from lambdas.core.storage.transactions import Part, RefusedError, update, write

ROUNDS = 4  # how often a record may be deleted and restored while we write


def mark_processing(record: AnalysisRecord, output: str, failure: str | None, now: datetime) -> bool:
    """Queued -> processing, with the places where SageMaker will put its answer. False where it came too late."""
    deadline = epoch(now) + settings().attempt_seconds
    actions = [
        AnalysisRecord.status.set(PROCESSING),
        AnalysisRecord.output_location.set(output),
        AnalysisRecord.failure_location.set(failure) if failure else AnalysisRecord.failure_location.remove(),
        AnalysisRecord.deadline.set(deadline),
        AnalysisRecord.updated_at.set(stamp(now)),
    ]
    return _change(record, (QUEUED,), actions, due_at=deadline, beside=fair_queue.leave)


def put_off(record: AnalysisRecord, now: datetime, *, has_slot: bool = False) -> bool:
    """A queued analysis that could not be submitted: the sweeper shall try again later. Without a slot, it waits."""
    due_at = epoch(now) + settings().queued_patience
    return _change(record, (QUEUED,), [], due_at=due_at, beside=_no_parts if has_slot else fair_queue.enter_again)


def wait(record: AnalysisRecord) -> bool:
    """A queued analysis that waits for a slot: the sweeper need not look at it before its deadline."""
    return _change(record, (QUEUED,), [], due_at=int(record.deadline))


def complete(record: AnalysisRecord, summary: Summary, now: datetime) -> bool:
    """-> completed, whose result stands at its key already. Also from failed, free: the refund stays.

    False where it came too late: another attempt began, or the analysis was completed, cancelled or purged.
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

    def beside(current: AnalysisRecord) -> list[Part]:
        return [quota.count_seconds(record.owner, now, summary.duration_s), *fair_queue.leave(current)]

    done = _change(record, (QUEUED, PROCESSING, FAILED), actions, due_at=expires, beside=beside)
    if done:
        count(ANALYSES_COMPLETED)
        count(MINUTES_ANALYZED, summary.duration_s / 60)
        meter("completed", record.owner, summary.duration_s / 60)
    return done


def fail(record: AnalysisRecord, reason: Reason, now: datetime, noted: Part | None = None) -> bool:
    """-> failed, and the charge given back, in one transaction. False where it came too late.

    `noted`: the event of it.
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

    def beside(current: AnalysisRecord) -> list[Part]:
        return [*quota.refund(current), *fair_queue.leave(current), *([noted] if noted is not None else [])]

    done = _change(record, (QUEUED, PROCESSING), actions, due_at=expires, beside=beside)
    if done and reason != CANCELLED:
        count(ANALYSES_FAILED)
        meter("failed", record.owner)
    return done


def cancel(owner: str, analysis_id: str, now: datetime, by: str = audit.SYSTEM) -> AnalysisRecord:
    """-> failed by its owner's wish, and the charge given back once. May be repeated.

    Raises NotFoundError, NotCancellableError where it has ended, or BusyError.
    """
    record = queries.get(owner, analysis_id)
    if not record.is_terminal:
        fail(record, CANCELLED, now, audit.event(owner, "analysis-cancelled", by, now, record.id))
        record = queries.get(owner, analysis_id)
    if not record.is_cancelled:
        raise NotCancellableError(
            f"the analysis is {record.status}: only one that is queued or processing can be cancelled"
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
    beside: Callable[[AnalysisRecord], list[Part]] = _no_parts,
) -> bool:
    """Change the state from any of `statuses`, with other parts in the same transaction where some are needed.

    What is deleted stays due for its purge, whatever else happens to it. So the write also asks whether the record
    is deleted just as it was when it was read; if that alone has changed, it is read and tried again.
    """
    attempt = record.attempt
    for _ in range(ROUNDS):
        if not (record.attempt == attempt and record.status in statuses and not record.purged):
            return False
        if record.is_cancelled:
            return False
        due = [] if record.is_deleted else tables.due(record, due_at)
        changes = [*actions, *due]
        if not changes:
            return True
        try:
            write(update("analysis", record, changes, _unchanged(record, statuses)), *beside(record))
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
