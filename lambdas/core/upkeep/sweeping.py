"""Repair: whatever a killed handler, a lost message or plain time has left behind is found by `due_at` and set right.

Everything done here is as conditional as the handlers' own writes, so two sweepers, or a sweeper beside a handler
that woke up, do no harm.
"""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime

from common.analyses import QUEUED
from lambdas.core.analyses import deletion, fair_queue, inference, queries, result_ingest, transitions
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
    SlotsRecord,
    UploadRecord,
)
from lambdas.core.upkeep import account_deletion
from lambdas.core.uploads import uploads

PER_SHARD = 100  # records looked at in one run; the next one goes on


def sweep(now: datetime, has_time: Callable[[], bool] = lambda: True) -> int:
    """Set right what is due, as long as `has_time` says so. Returns how many records it looked at.

    What fails is logged and left due; it does not keep the sweeper from the others. Neither does an account that takes
    long to remove: it goes on when all others have had their turn.
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
    """Keys of what is due, oldest first in each shard. The index lags behind: each is read anew."""
    for shard in range(item_keys.DUE_SHARDS):
        yield from Item.by_due.query(f"DUE#{shard}", Item.due_at <= epoch(now), limit=PER_SHARD)


def _repair(item: Item, now: datetime) -> bool:
    """Set one record right; True where there is more to do about it in this run."""
    kind, repair = KINDS[item.sk]
    record = kind.find(item.pk, item.sk)
    is_due = record is not None and record.due_at is not None and record.due_at <= epoch(now)
    return is_due and bool(repair(record, now))


def _analysis(record: AnalysisRecord, now: datetime) -> None:
    if record.is_deleted:
        deletion.purge(record, now)
    elif record.is_terminal:
        deletion.end(record, now)
    elif record.status == QUEUED:
        _queued(record, now)
    else:
        result_ingest.recover(record, now)


def _queued(record: AnalysisRecord, now: datetime) -> None:
    slot = fair_queue.slot_of(record)
    if (record.deadline if slot is None else slot.until) <= epoch(now):
        transitions.fail(record, NOT_SUBMITTED, now)
        return
    # First: should the submission fail, it is tried again later, not in every run.
    if not transitions.put_off(record, now, has_slot=slot is not None):
        return
    if slot is not None:
        inference.submit(record.owner, slot, now)
    else:
        inference.submit_next(record.owner, _cause(record, now), now)
    transitions.wait(queries.reload(record))


def _slots(record: SlotsRecord, now: datetime) -> None:
    """Free what is over, submit what was left behind, and the next where there is room."""
    fair_queue.put_off(record.owner, now)  # first, as above
    for slot in fair_queue.slots(record.owner):
        if slot.until <= epoch(now):
            fair_queue.free(record.owner, slot.inference_id, now)
        elif slot.taken_at + settings().queued_patience <= epoch(now):
            inference.submit(record.owner, slot, now)
    inference.submit_next(record.owner, _cause(record, now), now)
    fair_queue.settle(record.owner, now)


def _cause(record: Item, now: datetime) -> str:
    return f"sweeper.{record.pk}.{epoch(now)}"


KINDS: dict[str, tuple[type[Item], Callable[..., bool | None]]] = {
    "ANALYSIS": (AnalysisRecord, _analysis),
    "OWNER": (OwnerRecord, account_deletion.remove),
    "SLOTS": (SlotsRecord, _slots),
    "UPLOAD": (UploadRecord, uploads.discard),
    "PLAN": (PlanChangeRecord, plan_changes.settle),
    "KEY": (KeyRecord, api_keys.remove),
}
