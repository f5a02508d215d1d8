"""API keys, `vs_{id}_{secret}`.

API Gateway stores the id, to throttle by; the record holds the SHA-256 of the secret. Only the record decides whether
a key is valid, so a revoked key is refused as soon as its record is updated.
"""

import re
import secrets
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args

from lambdas.core import credentials
from lambdas.core.clock import DAY, epoch, stamp
from lambdas.core.errors import (
    BadRequestError,
    InsufficientScopeError,
    NotFoundError,
    TooManyKeysError,
    UnauthorizedError,
)
from lambdas.core.owners import api_gateway_keys, audit, profiles
from lambdas.core.settings import settings
from lambdas.core.storage import item_keys, tables
from lambdas.core.storage.tables import KeyRecord, OwnerRecord
from lambdas.core.storage.transactions import RefusedError, apply, put, update, write

PENDING, ACTIVE, REVOKED = "pending", "active", "revoked"
PENDING_SECONDS = 300  # time that the creation of a key may take
USE_INTERVAL = timedelta(hours=1)  # resolution of `last_used_at`, which is written no more often than that
MAX_NAME = 100  # characters
MAX_DAYS = 3650  # longest validity of a key that expires

# `read`: all GET requests; `analyze`: upload, start, cancel, delete, restore.
Scope = Literal["read", "analyze"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
LEGACY_SCOPES = {"analyse": "analyze"}  # spelling in keys that were created before it was changed

# Hint for a key that is missing or truncated. The stacks have API Gateway answer the same.
KEY_FORMAT_HINT = "Send a valid API key (vs_ID_SECRET, 76 characters) in the header `Authorization: Bearer KEY`."

UNKNOWN_KEY = "API key not found."

_TOKEN = re.compile(r"vs_([a-z2-7]{24})_([0-9a-f]{48})", re.ASCII)


class NewKey(NamedTuple):
    """Newly created or rotated key. `token` is shown once and cannot be recovered."""

    record: KeyRecord
    token: str


def create(
    owner: str,
    name: str,
    now: datetime,
    *,
    scopes: Collection[Scope] = SCOPES,
    days: int | None = None,
    by: str = audit.SYSTEM,
) -> NewKey:
    """Create a key that is valid for `days`, or until it is revoked.

    If the process is killed halfway, the key stays pending and unusable, and the sweeper removes it, as it removes
    expired keys. Raises BadRequestError, TooManyKeysError or AccountDeletedError.
    """
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise BadRequestError(f"The name of an API key must have 1 to {MAX_NAME} characters.")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise BadRequestError(f"The scopes of an API key must be one or more of {', '.join(SCOPES)}.")
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise BadRequestError(f"An API key must expire after 1 to {MAX_DAYS} days, or never.")
    record, secret = _register(owner, name, now, scopes, days)
    gateway_key_id = api_gateway_keys.create_key(record.id, profiles.profile(owner).plan)
    schedule = tables.not_due() if record.expires_at is None else tables.due(record, int(record.expires_at))
    activation = [KeyRecord.status.set(ACTIVE), KeyRecord.gateway_key_id.set(gateway_key_id), *schedule]
    # A write that is retried after a lost response must accept its own result.
    already_written = (KeyRecord.status == ACTIVE) & (KeyRecord.gateway_key_id == gateway_key_id)
    event = audit.event(owner, "key-created", by, now, name)
    if not apply(record, activation, (KeyRecord.status == PENDING) | already_written, event):
        api_gateway_keys.delete_key(gateway_key_id)  # the account was deleted, or the pending key expired
        raise NotFoundError("The API key was removed while it was being created.")
    return NewKey(record, _token(record.id, secret))


def list_active(owner: str) -> list[KeyRecord]:
    """Return an owner's active keys, newest first. The index is eventually consistent."""
    listed = KeyRecord.listed.startswith(item_keys.KEY_PREFIX)
    keys = KeyRecord.by_owner.query(owner, listed, scan_index_forward=False)
    return [key for key in keys if key.status == ACTIVE]


def rotate(owner: str, key_id: str, now: datetime, by: str = audit.SYSTEM) -> NewKey:
    """Replace the secret of a key; the old one is invalid at once. Raises NotFoundError."""
    record, secret = _owned(owner, key_id), _new_secret()
    actions = [KeyRecord.secret_hash.set(credentials.hashed(secret)), KeyRecord.rotated_at.set(stamp(now))]
    event = audit.event(owner, "key-rotated", by, now, record.name)
    if _has_expired(record, now) or not apply(record, actions, KeyRecord.status == ACTIVE, event):
        raise NotFoundError(UNKNOWN_KEY)
    return NewKey(record, _token(record.id, secret))


def revoke(owner: str, key_id: str, now: datetime, by: str = audit.SYSTEM) -> None:
    """Revoke a key, which is invalid at once. Raises NotFoundError; the sweeper completes an interrupted removal."""
    remove(_owned(owner, key_id), now, by)


def remove(record: KeyRecord, now: datetime, by: str = audit.SYSTEM) -> None:
    """Revoke an active or pending key and delete it from API Gateway. Idempotent."""
    if record.status != REVOKED:
        revoked = [KeyRecord.status.set(REVOKED), KeyRecord.listed.remove(), *tables.due(record, epoch(now))]
        counter = OwnerRecord(*item_keys.owner(record.owner))
        name: audit.EventName = "key-expired" if _has_expired(record, now) else "key-revoked"
        events = [audit.event(record.owner, name, by, now, record.name)] if record.status == ACTIVE else []
        with suppress(RefusedError):  # revoked by a concurrent request
            write(
                update("key", record, revoked, KeyRecord.status.is_in(PENDING, ACTIVE)),
                update("keys", counter, [OwnerRecord.api_keys.add(-1)]),
                *events,
            )
    for gateway_key_id in api_gateway_keys.find_keys(record.id, record.gateway_key_id):
        api_gateway_keys.delete_key(gateway_key_id)
    tombstone = [*tables.not_due(), KeyRecord.ttl.set(epoch(now) + settings().tombstone_days * DAY)]
    apply(record, tombstone, KeyRecord.status == REVOKED)


def verify(token: str, scope: Scope, now: datetime) -> str:
    """Return the owner of a token that is valid and has `scope`.

    Raises UnauthorizedError for an invalid, revoked or expired token, AccountDeletedError or InsufficientScopeError.
    """
    match = _TOKEN.fullmatch(token)
    record = KeyRecord.find(*item_keys.api_key(match[1])) if match else None
    matches = credentials.matches(match[2] if match else None, record.secret_hash if record is not None else None)
    if record is None or not matches or record.status != ACTIVE:
        raise UnauthorizedError("The API key is invalid or has been revoked." if match else KEY_FORMAT_HINT)
    if _has_expired(record, now):
        raise UnauthorizedError("The API key has expired. Create a new one.")
    profiles.profile(record.owner)  # refuses keys of deleted accounts that the sweeper has not removed yet
    if scope not in scopes(record):
        raise InsufficientScopeError(f"The API key does not have the scope `{scope}`.", members={"scope": scope})
    _record_use(record, now)
    return str(record.owner)


def prefix(token: str) -> str:
    """Return the first characters of a token, as shown in lists."""
    return tables.key_prefix(token.removeprefix("vs_"))


def scopes(record: KeyRecord) -> list[Scope]:
    """Return the scopes of a key, in the order of SCOPES."""
    if record.scopes is None:
        return list(SCOPES)
    granted = {LEGACY_SCOPES.get(scope, scope) for scope in record.scopes}
    return [scope for scope in SCOPES if scope in granted]


def _has_expired(record: KeyRecord, now: datetime) -> bool:
    return record.expires_at is not None and record.expires_at <= epoch(now)


def _register(
    owner: str, name: str, now: datetime, scopes: Collection[Scope], days: int | None
) -> tuple[KeyRecord, str]:
    key_id = credentials.random_id(15)  # 24 characters; API Gateway requires 20
    secret = _new_secret()
    keys = item_keys.api_key(key_id)
    record = KeyRecord(
        *keys,
        owner=owner,
        listed=item_keys.api_key_listing(stamp(now), key_id),
        due_shard=item_keys.due_shard(keys[0]),
        due_at=epoch(now) + PENDING_SECONDS,
        id=key_id,
        name=name,
        status=PENDING,
        secret_hash=credentials.hashed(secret),
        scopes=set(scopes),
        expires_at=None if days is None else epoch(now) + days * DAY,
        created_at=stamp(now),
    )
    profiles.ensure(owner, None, now)
    limit = settings().max_api_keys
    room = OwnerRecord.deleting_since.does_not_exist()
    room &= OwnerRecord.api_keys.does_not_exist() | (OwnerRecord.api_keys < limit)
    counter = OwnerRecord(*item_keys.owner(owner))
    try:
        write(
            put("key", record, KeyRecord.pk.does_not_exist()),
            update("keys", counter, [OwnerRecord.api_keys.add(1)], room),
        )
    except RefusedError as error:
        profiles.profile(owner)  # raises AccountDeletedError if that is the reason
        raise TooManyKeysError(
            f"An account can have at most {limit} API keys. Revoke one first.", members={"limit": limit}
        ) from error
    return record, secret


def _record_use(record: KeyRecord, now: datetime) -> None:
    if record.last_used_at is None or record.last_used_at < stamp(now - USE_INTERVAL):
        apply(record, [KeyRecord.last_used_at.set(stamp(now))], KeyRecord.status == ACTIVE)


def _owned(owner: str, key_id: str) -> KeyRecord:
    record = KeyRecord.find(*item_keys.api_key(key_id))
    if record is None or record.owner != owner or record.status != ACTIVE:
        raise NotFoundError(UNKNOWN_KEY)
    return record


def _new_secret() -> str:
    return secrets.token_hex(24)


def _token(key_id: str, secret: str) -> str:
    return f"vs_{key_id}_{secret}"
