"""Fair queue in front of the endpoint: each owner has as many requests in flight as the plan allows, the others wait.

The endpoint itself is first come, first served, so without it one owner's batch would delay all other owners.

- A waiting attempt is an item, created and deleted in the transactions that start and end the attempt's queued state.
- A request in flight holds a slot: acquired before the endpoint is called, released once the notification has been
  processed or the slot's time is over. If the attempt is cancelled or deleted meanwhile, the slot is kept, as the
  endpoint may still be working on it.
- Releasing a slot changes the table, and through its stream the `submit` Lambda submits the next attempt.
  A change of the owner's plan does the same.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from common.analyses import QUEUED
from lambdas.core.clock import epoch
from lambdas.core.errors import BusyError
from lambdas.core.owners import profiles, quota
from lambdas.core.settings import settings
from lambdas.core.storage import item_keys, tables
from lambdas.core.storage.tables import AnalysisRecord, SlotsRecord, WaitingRecord
from lambdas.core.storage.transactions import Part, delete, put, try_write, update

MAX_TRIES = 8  # optimistic writes before BusyError
MAX_POSITION = 1000  # waiting attempts behind it are given no position


class Slot(NamedTuple):
    """Right to have one request at the endpoint. Times are in epoch seconds.

    `cause` identifies the event for which the slot was acquired: if that event is delivered again, it uses this slot
    instead of acquiring another.
    """

    inference_id: str
    cause: str
    acquired_at: int
    until: int


def enqueue(owner: str, queued_at: str, inference_id: str) -> Part:
    """Return the transaction part that adds an attempt to the waiting ones."""
    return put("waiting", WaitingRecord(*item_keys.waiting(owner, queued_at, inference_id), inference_id=inference_id))


def requeue(record: AnalysisRecord) -> list[Part]:
    """Return the transaction part that puts a queued record back in its place; none for other states."""
    return [enqueue(record.owner, _queued_at(record), record.inference_id)] if record.status == QUEUED else []


def dequeue(record: AnalysisRecord) -> list[Part]:
    """Return the transaction part that removes a queued record from the waiting ones; none for other states.

    It succeeds whether or not the record is waiting.
    """
    if record.status != QUEUED:
        return []
    keys = item_keys.waiting(record.owner, _queued_at(record), record.inference_id)
    return [delete("waiting", WaitingRecord(*keys))]


def positions(records: Sequence[AnalysisRecord]) -> list[int | None]:
    """Return the positions of an owner's records among the waiting attempts, from 1.

    The position is None for a record that is not waiting, or is behind the first MAX_POSITION.
    """
    queued = [record for record in records if record.status == QUEUED]
    waiting = _waiting(queued[0].owner, MAX_POSITION) if queued else []
    known = {found.inference_id: number for number, found in enumerate(waiting, 1)}
    return [known.get(record.inference_id) if record.status == QUEUED else None for record in records]


def slots(owner: str) -> list[Slot]:
    """Return the slots that an owner holds."""
    return _slots(_read(owner))


def slot_of(record: AnalysisRecord) -> Slot | None:
    """Return the slot of a record's current attempt; None if it has none."""
    return next((slot for slot in slots(record.owner) if slot.inference_id == record.inference_id), None)


def acquired_by(owner: str, cause: str) -> Slot | None:
    """Return the slot that was acquired for this cause at its first delivery; None if there is none."""
    return next((slot for slot in slots(owner) if slot.cause == cause), None)


def slot_limit(owner: str) -> int:
    """Return the number of slots that an owner's plan has."""
    profile = profiles.find(owner)
    return quota.plan(profile.plan if profile else quota.DEFAULT_PLAN).in_flight


def acquire(owner: str, cause: str, now: datetime) -> Slot | None:
    """Acquire a slot for the attempt that has waited longest.

    Returns None if no attempt is waiting or all slots are taken. Raises BusyError.
    """
    for _ in range(MAX_TRIES):
        record = _read(owner)
        taken = _slots(record)
        head = next(iter(_waiting(owner, 1)), None)
        if head is None:
            return None
        others = [slot for slot in taken if slot.inference_id != head.inference_id]
        if len(others) >= slot_limit(owner):
            return None
        slot = Slot(head.inference_id, cause, epoch(now), epoch(now) + settings().attempt_seconds)
        leaving = delete("waiting", head, WaitingRecord.pk.exists())
        if _replace(record, [*others, slot], _due_at([*others, slot], now), leaving):
            return slot
    raise BusyError


def release(owner: str, inference_id: str, now: datetime) -> None:
    """Release the slot of a request that the endpoint has finished. Idempotent. Raises BusyError."""
    for _ in range(MAX_TRIES):
        record = _read(owner)
        taken = _slots(record)
        kept = [slot for slot in taken if slot.inference_id != inference_id]
        if len(kept) == len(taken) or _replace(record, kept, _due_at(kept, now, waiting=_waiting(owner, 1))):
            return
    raise BusyError


def postpone(owner: str, now: datetime) -> None:
    """Schedule the sweeper's next check of an owner's slots, so that a repair that fails is retried later."""
    record = _read(owner)
    _replace(record, _slots(record), epoch(now) + settings().queued_patience)


def settle(owner: str, now: datetime) -> None:
    """Schedule the sweeper's next check of an owner's slots for when there may be something to repair."""
    record = _read(owner)
    taken = _slots(record)
    has_room = len(taken) < slot_limit(owner)
    _replace(record, taken, _due_at(taken, now, waiting=_waiting(owner, 1) if has_room else []))


def _due_at(taken: list[Slot], now: datetime, waiting: Sequence[WaitingRecord] = ()) -> int | None:
    """Return the time at which there may be something to repair, in epoch seconds; None if there is none.

    That is the time by which a slot's attempt must have been submitted, then the end of the slot, and, if attempts
    are waiting for a free slot, the time at which the sweeper submits them in case the stream's event was lost.
    """
    patience = settings().queued_patience
    dates = [slot.acquired_at + patience if slot.acquired_at + patience > epoch(now) else slot.until for slot in taken]
    return min([*dates, *([epoch(now) + patience] if waiting else [])], default=None)


def _replace(record: SlotsRecord, taken: list[Slot], due_at: int | None, *parts: Part) -> bool:
    """Write an owner's slots; return False if they have changed since they were read, or another part fails."""
    actions = [
        SlotsRecord.owner.set(record.owner),
        SlotsRecord.in_flight.set([list(slot) for slot in taken]),
        record.next_version(),
        *(tables.not_due() if due_at is None else tables.due(record, due_at)),
    ]
    return try_write(update("slots", record, actions, record.unchanged()), *parts)


def _read(owner: str) -> SlotsRecord:
    keys = item_keys.slots(owner)
    return SlotsRecord.find(*keys) or SlotsRecord(*keys, owner=owner)


def _slots(record: SlotsRecord) -> list[Slot]:
    return [Slot(*entry) for entry in record.in_flight]


def _waiting(owner: str, limit: int) -> list[WaitingRecord]:
    pk, _ = item_keys.slots(owner)
    first = WaitingRecord.sk.startswith(item_keys.WAITING_PREFIX)
    return list(WaitingRecord.query(pk, first, limit=limit, consistent_read=True))


def _queued_at(record: AnalysisRecord) -> str:
    return str(record.queued_at or record.created_at)
