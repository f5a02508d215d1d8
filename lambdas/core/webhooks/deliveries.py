"""Delivery log of webhooks, for the owner to read, and repeated deliveries.

Each attempt has one entry. Its id follows from the event and the number of the attempt, so an attempt that is recorded
twice, as after the second delivery of a queue message, still has one entry. Entries are deleted with the webhook and
with the account, expire after RETENTION_DAYS, and only about the newest MAX_ENTRIES are kept.

They hold no response bodies, which are a receiver's untrusted text, and of the URL only scheme, host and port, as paths
and queries may hold secrets.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple

from lambdas.core.clock import DAY, epoch, stamp
from lambdas.core.errors import BusyError, NotFoundError, ObsoleteEventError
from lambdas.core.owners import throttle
from lambdas.core.storage import item_keys, paging
from lambdas.core.storage.tables import AnalysisRecord, DeliveryRecord, OwnerRecord
from lambdas.core.storage.transactions import apply, check, put, try_write
from lambdas.core.webhooks import events
from lambdas.core.webhooks.events import Event

ErrorKind = Literal[
    "http-status", "timeout", "connection", "tls", "host-not-found", "invalid-response", "url-not-allowed", "paused"
]
Outcome = Literal["delivered", "retrying", "failed"]

RETENTION_DAYS = 30
MAX_ENTRIES = 200  # per owner
TRIMMED_BY = "0"  # first digit of the ids of every 16th entry, on average, which removes the oldest ones
REDELIVERY_LEASE = 60  # seconds, after which a redelivery that was interrupted can be repeated

_LISTED = re.compile(r"DELIVERY#[0-9TZ:.-]{24}#([0-9a-f]{24})", re.ASCII)
_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)


class Attempt(NamedTuple):
    """Attempt to deliver an event. `number` counts from 1; `error` is None if the event was delivered."""

    number: int
    at: datetime
    seconds: float
    destination: str
    status: int | None = None
    error: ErrorKind | None = None
    next_at: datetime | None = None


def delivery_id(event: Event, number: int) -> str:
    """Return the id of the entry for an attempt of an event, by which duplicates are recognized."""
    return hashlib.sha256(f"{event.id}|{event.redelivery_of or ''}|{number}".encode()).hexdigest()[:24]


def outcome(record: DeliveryRecord) -> Outcome:
    """Return the outcome of an attempt; "retrying" if another one follows by itself."""
    if record.error is None:
        return "delivered"
    return "failed" if record.next_attempt_at is None else "retrying"


def record(event: Event, attempt: Attempt) -> None:
    """Record an attempt, unless it is recorded already or its webhook or account has been deleted."""
    entry_id = delivery_id(event, attempt.number)
    entry = DeliveryRecord(
        *item_keys.delivery(event.owner, entry_id),
        owner=event.owner,
        listed=item_keys.delivery_listing(stamp(attempt.at), entry_id),
        ttl=epoch(attempt.at) + RETENTION_DAYS * DAY,
        id=entry_id,
        at=stamp(attempt.at),
        event_id=event.id,
        event_type=event.type,
        occurred_at=event.occurred_at,
        analysis_id=event.analysis_id,
        analysis_attempt=event.attempt,
        own_url=event.url is not None,
        destination=attempt.destination,
        attempt=attempt.number,
        duration_ms=round(1000 * attempt.seconds),
        status=attempt.status,
        error=attempt.error,
        next_attempt_at=None if attempt.next_at is None else epoch(attempt.next_at),
    )
    kept = OwnerRecord.deleting_since.does_not_exist()
    if event.url is None:
        kept &= OwnerRecord.webhook_url.exists()
    parts = (
        check("owner", OwnerRecord, item_keys.owner(event.owner), kept),
        put("delivery", entry, DeliveryRecord.pk.does_not_exist()),
    )
    if try_write(*parts) and entry_id.startswith(TRIMMED_BY):
        trim(event.owner)


def page(owner: str, cursor: str | None, limit: int, now: datetime) -> paging.Page[DeliveryRecord]:
    """Return a page of an owner's delivery log, newest first. Raises BadRequestError for an invalid cursor."""
    return paging.page(
        DeliveryRecord,
        owner,
        item_keys.DELIVERY_PREFIX,
        limit,
        after=_decode(owner, cursor) if cursor else None,
        position=lambda record: record.listed,
        condition=DeliveryRecord.ttl > epoch(now),  # DynamoDB may take days to remove expired items
    )


def redeliver(owner: str, entry_id: str, now: datetime) -> str:
    """Queue the event of an entry once more; return the id of the entry that its first attempt will have.

    Idempotent: an entry is redelivered once. The event keeps its id and content. Raises NotFoundError,
    ObsoleteEventError, TooManyRequestsError or, while another request for the entry has not finished, BusyError.
    """
    found = DeliveryRecord.find(*item_keys.delivery(owner, entry_id)) if _ID.fullmatch(entry_id) else None
    if found is None or found.ttl <= epoch(now):
        raise NotFoundError("Delivery not found.")
    event = _event_of(found)
    if found.redelivered is None:
        throttle.check(owner, throttle.webhook_redeliveries(), now)
        _enqueue_once(found, event, now)
    return delivery_id(event, 1)


def clear(owner: str) -> None:
    """Delete an owner's delivery log. Idempotent."""
    _delete(_entries(owner))


def trim(owner: str) -> None:
    """Delete all entries of an owner but the newest MAX_ENTRIES."""
    _delete(_entries(owner)[MAX_ENTRIES:])


def _entries(owner: str) -> list[DeliveryRecord]:
    """Return all entries of an owner, newest first, by a consistent read."""
    partition, prefix = item_keys.delivery(owner, "")
    found = DeliveryRecord.query(partition, DeliveryRecord.sk.startswith(prefix), consistent_read=True)
    return sorted(found, key=lambda entry: str(entry.listed), reverse=True)


def _delete(records: Iterable[DeliveryRecord]) -> None:
    for each in records:
        each.delete()


def _enqueue_once(found: DeliveryRecord, event: Event, now: datetime) -> None:
    """Queue the event of an entry, unless a concurrent request did. Raises BusyError if one has not finished."""
    began, done = DeliveryRecord.redelivery_began, DeliveryRecord.redelivered
    free = began.does_not_exist() | (began < epoch(now) - REDELIVERY_LEASE)
    if apply(found, [began.set(epoch(now))], done.does_not_exist() & free):
        events.enqueue(event)
        apply(found, [done.set(True)], DeliveryRecord.pk.exists())
        return
    current = DeliveryRecord.find(found.pk, found.sk)
    if current is not None and current.redelivered is None:
        raise BusyError


def _event_of(found: DeliveryRecord) -> Event:
    """Return the event of an entry. Raises ObsoleteEventError if its analysis was deleted or retried."""
    url = None
    if found.analysis_id is not None:
        analysis = AnalysisRecord.find(*item_keys.analysis(found.analysis_id))
        current = analysis is not None and not analysis.is_deleted and analysis.attempt == found.analysis_attempt
        if analysis is None or not current or found.event_type != f"analysis.{analysis.status}":
            raise ObsoleteEventError("The analysis of this event was deleted or retried since.")
        url = analysis.webhook_url if found.own_url else None
    return Event(
        id=found.event_id,
        type=found.event_type,
        owner=found.owner,
        analysis_id=found.analysis_id,
        attempt=None if found.analysis_attempt is None else int(found.analysis_attempt),
        url=url,
        occurred_at=found.occurred_at,
        redelivery_of=found.id,
    )


def _decode(owner: str, cursor: str) -> paging.Position:
    """Decode a cursor into a key among the owner's own entries. Raises BadRequestError."""
    listed = paging.decode(cursor)
    match = _LISTED.fullmatch(listed)
    if match is None:
        raise paging.invalid_cursor()
    return paging.start_key(item_keys.delivery(owner, match[1]), owner, listed)
