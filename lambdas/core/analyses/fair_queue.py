"""Fair queue in front of the endpoint: each owner has as many analyses in flight as the plan allows; the others wait.

The endpoint takes requests first come, first served, so whoever sent it two hundred would keep everybody else waiting.

- An attempt that waits is an item of its own, which appears and disappears in the transactions that begin and end the
  attempt's queued state.
- A request in flight is a slot: taken before the endpoint is asked, freed when its notification has been processed or
  its time is over. An attempt that was cancelled or deleted meanwhile keeps its slot, as the endpoint goes on with it.
- A freed slot is a change of the table, by whose stream `submit` hands over the next attempt. So is another plan.
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
from lambdas.core.storage.transactions import Part, delete, put, update, written

ROUNDS = 8  # how often others may be faster before we give up
MOST_COUNTED = 1000  # waiting attempts of an owner that are given a position


class Slot(NamedTuple):
    """A request that the endpoint may be working on. Times in epoch seconds.

    `cause` is the event that took the slot: delivered again, it goes on with this one instead of taking another.
    """

    inference_id: str
    cause: str
    taken_at: int
    until: int


def enter(owner: str, queued_at: str, inference_id: str) -> Part:
    """The part of a transaction by which an attempt starts to wait."""
    return put("waiting", WaitingRecord(*item_keys.waiting(owner, queued_at, inference_id), inference_id=inference_id))


def enter_again(record: AnalysisRecord) -> list[Part]:
    """The part by which a queued record waits at its old place again; nothing for one in another state."""
    return [enter(record.owner, _queued_at(record), record.inference_id)] if record.status == QUEUED else []


def leave(record: AnalysisRecord) -> list[Part]:
    """The part by which a queued record stops waiting, whether or not it does wait; nothing in another state."""
    if record.status != QUEUED:
        return []
    keys = item_keys.waiting(record.owner, _queued_at(record), record.inference_id)
    return [delete("waiting", WaitingRecord(*keys))]


def positions(records: Sequence[AnalysisRecord]) -> list[int | None]:
    """Return the positions of an owner's records among all that wait, from 1.

    None for what does not wait, and behind the first thousand.
    """
    queued = [record for record in records if record.status == QUEUED]
    waiting = _waiting(queued[0].owner, MOST_COUNTED) if queued else []
    known = {found.inference_id: number for number, found in enumerate(waiting, 1)}
    return [known.get(record.inference_id) if record.status == QUEUED else None for record in records]


def slots(owner: str) -> list[Slot]:
    """Return the slots that an owner has taken."""
    return _slots(_read(owner))


def slot_of(record: AnalysisRecord) -> Slot | None:
    """Return the slot of a record's current attempt."""
    return next((slot for slot in slots(record.owner) if slot.inference_id == record.inference_id), None)


def taken_by(owner: str, cause: str) -> Slot | None:
    """Return the slot that this cause took when it was first delivered."""
    return next((slot for slot in slots(owner) if slot.cause == cause), None)


def slot_limit(owner: str) -> int:
    """Return the number of slots that an owner's plan has."""
    profile = profiles.find(owner)
    return quota.plan(profile.plan if profile else quota.DEFAULT_PLAN).in_flight


def take(owner: str, cause: str, now: datetime) -> Slot | None:
    """Take a slot for the attempt that has waited longest.

    None where nothing waits, or all slots are taken. Raises BusyError.
    """
    for _ in range(ROUNDS):
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


def free(owner: str, inference_id: str, now: datetime) -> None:
    """Free the slot of a request that the endpoint is done with. May be repeated. Raises BusyError."""
    for _ in range(ROUNDS):
        record = _read(owner)
        taken = _slots(record)
        kept = [slot for slot in taken if slot.inference_id != inference_id]
        if len(kept) == len(taken) or _replace(record, kept, _due_at(kept, now, waiting=_waiting(owner, 1))):
            return
    raise BusyError


def put_off(owner: str, now: datetime) -> None:
    """Make the sweeper look at an owner's slots again after a while, whatever it does with them until then."""
    record = _read(owner)
    _replace(record, _slots(record), epoch(now) + settings().queued_patience)


def settle(owner: str, now: datetime) -> None:
    """Make the sweeper look at an owner's slots again when there may be something to repair, and not before."""
    record = _read(owner)
    taken = _slots(record)
    has_room = len(taken) < slot_limit(owner)
    _replace(record, taken, _due_at(taken, now, waiting=_waiting(owner, 1) if has_room else []))


def _due_at(taken: list[Slot], now: datetime, waiting: Sequence[WaitingRecord] = ()) -> int | None:
    """Return when there may be something to repair, in epoch seconds; None where there never will be.

    That is when a submission should be over, when a slot's time is, and where `waiting` could have a slot: should the
    stream's event get lost, the sweeper submits it.
    """
    patience = settings().queued_patience
    dates = [slot.taken_at + patience if slot.taken_at + patience > epoch(now) else slot.until for slot in taken]
    return min([*dates, *([epoch(now) + patience] if waiting else [])], default=None)


def _replace(record: SlotsRecord, taken: list[Slot], due_at: int | None, *parts: Part) -> bool:
    """Write an owner's slots; False where they, or what the other parts ask for, have changed since they were read."""
    actions = [
        SlotsRecord.owner.set(record.owner),
        SlotsRecord.in_flight.set([list(slot) for slot in taken]),
        record.next_version(),
        *(tables.not_due() if due_at is None else tables.due(record, due_at)),
    ]
    return written(update("slots", record, actions, record.unchanged()), *parts)


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
