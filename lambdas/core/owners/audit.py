"""Audit log of an account, for its owner to read.

Each event is written in one transaction with the change that it records, so there is never one without the other.
Events expire after RETENTION_DAYS by the table's TTL, or are deleted with the account.
"""

import re
import secrets
from datetime import datetime
from typing import Literal, NamedTuple

from common import retention
from lambdas.core.clock import DAY, epoch, stamp
from lambdas.core.storage import cursors, item_keys
from lambdas.core.storage.tables import AuditRecord
from lambdas.core.storage.transactions import Part, put

EventName = Literal[
    "signed-in",
    "signed-out-everywhere",
    "key-created",
    "key-rotated",
    "key-revoked",
    "key-expired",
    "webhook-set",
    "webhook-removed",
    "webhook-secret-rotated",
    "people-confirmed",
    "people-withdrawn",
    "analysis-deleted",
    "analysis-restored",
    "analysis-cancelled",
    "share-created",
    "share-revoked",
    "share-expired",
]
RETENTION_DAYS = retention.AUDIT_LOG
SESSION, SYSTEM, OPERATOR = "session", "system", "operator"  # actors, besides API keys (by prefix)

_LISTED = re.compile(r"AUDIT#[0-9TZ:.-]{24}#[0-9a-f]{12}", re.ASCII)


class Page(NamedTuple):
    """Page of audit events."""

    records: list[AuditRecord]
    cursor: str | None  # of the next page; None on the last


def event(owner: str, name: EventName, by: str, now: datetime, subject: str | None = None) -> Part:
    """Return the transaction part that records an event.

    `by`: the actor; `subject`: name or id of the key, webhook host or analysis concerned.
    """
    key = item_keys.audit(owner, stamp(now), secrets.token_hex(6))
    ttl = epoch(now) + RETENTION_DAYS * DAY
    record = AuditRecord(
        *key, owner=owner, listed=key[1], ttl=ttl, at=stamp(now), event=name, by=by, subject=subject or None
    )
    return put("audit", record)


def page(owner: str, cursor: str | None, limit: int, now: datetime) -> Page:
    """Return a page of an owner's events, newest first. Raises BadRequestError for an invalid cursor."""
    found = AuditRecord.by_owner.query(
        owner,
        AuditRecord.listed.startswith(item_keys.AUDIT_PREFIX),
        filter_condition=AuditRecord.ttl > epoch(now),  # DynamoDB may take days to remove expired items
        scan_index_forward=False,
        limit=limit,
        page_size=limit,
        last_evaluated_key=_decode(owner, cursor) if cursor else None,
    )
    records = list(found)
    return Page(records, cursors.encode(records[-1].listed) if found.last_evaluated_key and records else None)


def _decode(owner: str, cursor: str) -> dict[str, dict[str, str]]:
    """Decode a cursor into a key among the owner's own events. Raises BadRequestError."""
    listed = cursors.decode(cursor)
    if not _LISTED.fullmatch(listed):
        raise cursors.invalid_cursor()
    partition, _ = item_keys.owner(owner)
    return cursors.start_key((partition, listed), owner, listed)
