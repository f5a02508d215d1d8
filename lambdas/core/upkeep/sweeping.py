"""Repair of records that are due: interrupted by a killed handler, missing a lost message, or expired.

All writes are as conditional as the handlers' own, so sweepers may run concurrently with each other and with
handlers.
"""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime

from common import table
from common.analyses import QUEUED
from lambdas.core.analyses import deletion, fair_queue, queries, result_ingest, shares, submission, transitions
from lambdas.core.aws.observability import logger
from lambdas.core.clock import epoch
from lambdas.core.errors import NOT_SUBMITTED
from lambdas.core.owners import api_keys, plan_changes
from lambdas.core.settings import settings
from lambdas.core.storage import item_keys
from lambdas.core.storage.tables import (
    AnalysisRecord,
    Item,
    KeyRecord,
    OwnerRecord,
    PlanChangeRecord,
    ShareRecord,
    SlotsRecord,
    UploadRecord,
)
from lambdas.core.upkeep import account_deletion
from lambdas.core.uploads import uploads

PER_SHARD = 100  # records read per shard in one run; the next run continues


def sweep(now: datetime, has_time: Callable[[], bool] = lambda: True) -> int:
    """Repair the records that are due, while `has_time` returns True. Returns the number of repairs tried.

    A failure is logged, and its record stays due. An account with more data to remove goes to the end of the line, so
    that it does not delay the other records.
    """
    done = 0
    waiting = deque(_due(now))
    while waiting and has_time():
        item = waiting.popleft()
        try:
            if _repair(item, now):
                waiting.append(item)
        except Exception:
            logger.exception("a record could not be repaired", extra={"correlation_id": item.pk.rpartition("#")[2]})
        done += 1
    return done


def _due(now: datetime) -> Iterator[Item]:
    """Yield the due items, oldest first in each shard. They hold keys only, and may be stale."""
    for shard in range(item_keys.DUE_SHARDS):
        yield from Item.by_due.query(f"DUE#{shard}", Item.due_at <= epoch(now), limit=PER_SHARD)


def _repair(item: Item, now: datetime) -> bool:
    """Repair one record; return True if there is more to do for it in this run."""
    kind, repair = REPAIRS[item.sk]
    record = kind.find(item.pk, item.sk)
    is_due = record is not None and record.due_at is not None and record.due_at <= epoch(now)
    return is_due and bool(repair(record, now))


def _analysis(record: AnalysisRecord, now: datetime) -> None:
    if record.is_deleted:
        deletion.purge(record, now)
    elif record.is_terminal:
        deletion.delete_and_purge(record, now)
    elif record.status == QUEUED:
        _queued(record, now)
    else:
        result_ingest.recover(record, now)


def _queued(record: AnalysisRecord, now: datetime) -> None:
    slot = fair_queue.slot_of(record)
    if (record.deadline if slot is None else slot.until) <= epoch(now):
        transitions.fail(record, NOT_SUBMITTED, now)
        return
    # Postponed before the submission, so that a failing one is retried later and not in every run.
    if not transitions.postpone(record, now, has_slot=slot is not None):
        return
    if slot is not None:
        submission.submit(record.owner, slot, now)
    else:
        submission.submit_next(record.owner, _cause(record, now), now)
    transitions.wait(queries.reload(record))


def _slots(record: SlotsRecord, now: datetime) -> None:
    """Release slots whose time is over, submit attempts that hold a slot but were not submitted, fill free slots."""
    fair_queue.postpone(record.owner, now)  # before the submissions, as above
    for slot in fair_queue.slots(record.owner):
        if slot.until <= epoch(now):
            submission.expire(record.owner, slot, now)
        elif slot.acquired_at + settings().queued_patience <= epoch(now):
            submission.submit(record.owner, slot, now)
    submission.submit_next(record.owner, _cause(record, now), now)
    fair_queue.settle(record.owner, now)


def _cause(record: Item, now: datetime) -> str:
    return f"sweeper.{record.pk}.{epoch(now)}"


REPAIRS: dict[str, tuple[type[Item], Callable[..., bool | None]]] = {
    table.ANALYSIS: (AnalysisRecord, _analysis),
    table.PROFILE: (OwnerRecord, account_deletion.remove),
    table.SLOTS: (SlotsRecord, _slots),
    table.UPLOAD: (UploadRecord, uploads.discard),
    table.PLAN: (PlanChangeRecord, plan_changes.settle),
    table.KEY: (KeyRecord, api_keys.remove),
    table.SHARE: (ShareRecord, shares.remove),
}
