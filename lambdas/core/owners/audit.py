"""Audit log of an account, for its owner to read.

Each event is written in one transaction with the change that it records, so there is never one without the other.
Events expire after RETENTION_DAYS by the table's TTL, or are deleted with the account.
"""

import re
import secrets
from datetime import datetime
from typing import Literal

from common import retention
from lambdas.core.clock import DAY, epoch, stamp
from lambdas.core.storage import item_keys, paging
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


def page(owner: str, cursor: str | None, limit: int, now: datetime) -> paging.Page[AuditRecord]:
    """Return a page of an owner's events, newest first. Raises BadRequestError for an invalid cursor."""
    return paging.page(
        AuditRecord,
        owner,
        item_keys.AUDIT_PREFIX,
        limit,
        after=_decode(owner, cursor) if cursor else None,
        position=lambda record: record.listed,
        condition=AuditRecord.ttl > epoch(now),  # DynamoDB may take days to remove expired items
    )


def _decode(owner: str, cursor: str) -> paging.Position:
    """Decode a cursor into a key among the owner's own events. Raises BadRequestError."""
    listed = paging.decode(cursor)
    if not _LISTED.fullmatch(listed):
        raise paging.invalid_cursor()
    partition, _ = item_keys.owner(owner)
    return paging.start_key((partition, listed), owner, listed)
