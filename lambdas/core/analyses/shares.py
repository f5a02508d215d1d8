"""Links to one analysis for readers without an account: created, listed and revoked by the owner, read by token.

A token is the link's id followed by its secret, of which only the SHA-256 is stored. A link ends when it expires or is
revoked, with its analysis, and with the account. Its reader cannot tell these cases apart, nor from a wrong token.
"""

import re
from datetime import datetime
from typing import NamedTuple

from common.analyses import COMPLETED
from lambdas.core import credentials
from lambdas.core.analyses import queries
from lambdas.core.clock import epoch, stamp
from lambdas.core.errors import (
    AccountDeletedError,
    BadRequestError,
    NotFinishedError,
    NotFoundError,
    TooManySharesError,
)
from lambdas.core.owners import audit, profiles, throttle
from lambdas.core.settings import settings
from lambdas.core.storage import item_keys
from lambdas.core.storage.tables import AnalysisRecord, ShareRecord
from lambdas.core.storage.transactions import RefusedError, delete, put, try_write, update, write
from model.contract import Analysis

MIN_HOURS, DEFAULT_HOURS, MAX_HOURS = 1, 7 * 24, 90 * 24
HOUR = 3600  # seconds
UNKNOWN_SHARE = "Link not found."
# The same for every token that gives no access, so that a reader learns nothing about the reason.
UNKNOWN_TOKEN = "This link is wrong, has expired or was revoked."

_ID = re.compile(r"[a-z2-7]{16}", re.ASCII)
_TOKEN = re.compile(r"([a-z2-7]{16})([a-z2-7]{32})", re.ASCII)


class NewShare(NamedTuple):
    """Newly created link. `token` is shown once and cannot be recovered."""

    record: ShareRecord
    token: str


class Shared(NamedTuple):
    """Link that is valid, with its analysis and the result."""

    share: ShareRecord
    analysis: AnalysisRecord
    result: Analysis


def create(
    owner: str,
    analysis_id: str,
    now: datetime,
    *,
    hours: int = DEFAULT_HOURS,
    include_video: bool = False,
    by: str = audit.SYSTEM,
) -> NewShare:
    """Create a link to a completed analysis, in one transaction with its count and its audit event.

    Raises NotFoundError, BadRequestError, NotFinishedError, TooManySharesError or AccountDeletedError.
    """
    if not MIN_HOURS <= hours <= MAX_HOURS:
        raise BadRequestError(f"A link must expire after {MIN_HOURS} to {MAX_HOURS} hours.")
    analysis = queries.get(owner, analysis_id)
    if analysis.status != COMPLETED:
        raise NotFinishedError(f"Only a completed analysis can be shared. Its status is {analysis.status}.")
    limit = settings().max_shares
    room = AnalysisRecord.shares.does_not_exist() | (AnalysisRecord.shares < limit)
    shareable = (AnalysisRecord.status == COMPLETED) & AnalysisRecord.deleted_at.does_not_exist()
    record, secret = _new(analysis, now, hours, include_video)
    try:
        write(
            profiles.not_deleting(owner),
            put("share", record, ShareRecord.pk.does_not_exist()),
            update("analysis", analysis, [AnalysisRecord.shares.add(1)], shareable & room),
            audit.event(owner, "share-created", by, now, analysis.id),
        )
    except RefusedError as error:
        if "owner" in error.names:
            raise AccountDeletedError(profiles.ACCOUNT_DELETED) from error
        queries.get(owner, analysis_id)  # raises NotFoundError if it was deleted in the meantime
        raise TooManySharesError(
            f"An analysis can have at most {limit} links. Revoke one first.", members={"limit": limit}
        ) from error
    return NewShare(record, record.id + secret)


def list_active(owner: str, analysis_id: str, now: datetime) -> list[ShareRecord]:
    """Return the links to an owner's analysis, newest first. Eventually consistent. Raises NotFoundError."""
    return [share for share in _listed(queries.get(owner, analysis_id)) if not _has_expired(share, now)]


def revoke(owner: str, analysis_id: str, share_id: str, now: datetime, by: str = audit.SYSTEM) -> None:
    """Revoke a link, which gives no access from now on. Raises NotFoundError."""
    analysis = queries.get(owner, analysis_id)
    record = ShareRecord.find(*item_keys.share(share_id)) if _ID.fullmatch(share_id) else None
    if record is None or (record.owner, record.analysis_id) != (owner, analysis.id):
        raise NotFoundError(UNKNOWN_SHARE)
    remove(record, now, by)


def remove(record: ShareRecord, now: datetime, by: str = audit.SYSTEM) -> None:
    """Delete a link and its count, and record why it ended. Idempotent."""
    name: audit.EventName = "share-expired" if _has_expired(record, now) else "share-revoked"
    analysis = AnalysisRecord(*item_keys.analysis(record.analysis_id))
    exists = ShareRecord.pk.exists()
    removed = try_write(
        delete("share", record, exists),
        update("analysis", analysis, [AnalysisRecord.shares.add(-1)], AnalysisRecord.shares > 0),
        audit.event(record.owner, name, by, now, record.analysis_id),
    )
    if not removed:  # removed by another request, or its analysis was purged
        record.delete()


def remove_all(analysis: AnalysisRecord) -> None:
    """Delete all links to an analysis that is being purged. Idempotent."""
    for record in _listed(analysis):
        record.delete()


def read(token: str, now: datetime) -> Shared:
    """Return the link of a token with its analysis.

    Raises NotFoundError, with the same message whatever the reason, or TooManyRequestsError.
    """
    match = _TOKEN.fullmatch(token)
    record = ShareRecord.find(*item_keys.share(match[1])) if match else None
    matches = credentials.matches(match[2] if match else None, record.secret_hash if record is not None else None)
    if record is None or not matches or _has_expired(record, now):
        raise NotFoundError(UNKNOWN_TOKEN)
    try:
        profiles.profile(record.owner)
        analysis = queries.get(record.owner, record.analysis_id)
        throttle.check(record.owner, throttle.share_reads(record.id), now)
        return Shared(record, analysis, queries.result(analysis))
    except (AccountDeletedError, NotFoundError, NotFinishedError) as error:  # the last one during a purge
        raise NotFoundError(UNKNOWN_TOKEN) from error


def _new(analysis: AnalysisRecord, now: datetime, hours: int, include_video: bool) -> tuple[ShareRecord, str]:
    share_id, secret = credentials.random_id(10), credentials.random_id(20)
    keys = item_keys.share(share_id)
    expires_at = epoch(now) + hours * HOUR
    record = ShareRecord(
        *keys,
        owner=analysis.owner,
        listed=item_keys.share_listing(analysis.id, stamp(now), share_id),
        due_shard=item_keys.due_shard(keys[0]),
        due_at=expires_at,
        id=share_id,
        analysis_id=analysis.id,
        secret_hash=credentials.hashed(secret),
        include_video=include_video,
        created_at=stamp(now),
        expires_at=expires_at,
    )
    return record, secret


def _listed(analysis: AnalysisRecord) -> list[ShareRecord]:
    listed = ShareRecord.listed.startswith(item_keys.shares_of(analysis.id))
    return list(ShareRecord.by_owner.query(analysis.owner, listed, scan_index_forward=False))


def _has_expired(record: ShareRecord, now: datetime) -> bool:
    return bool(record.expires_at <= epoch(now))
