"""API keys: `vs_{id}_{secret}`. The gateway knows the id, to throttle by; the record knows the secret's SHA-256, and
it alone decides. So a revoked key is refused from the moment its record says so.
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args

from lambdas.core.clock import DAY, epoch, stamp
from lambdas.core.errors import (
    BadRequestError,
    InsufficientScopeError,
    NotFoundError,
    TooManyKeysError,
    UnauthorizedError,
)
from lambdas.core.owners import audit, gateway, profiles
from lambdas.core.settings import settings
from lambdas.core.storage import item_keys, tables
from lambdas.core.storage.tables import KeyRecord, OwnerRecord
from lambdas.core.storage.transactions import RefusedError, apply, put, update, write

PENDING, ACTIVE, REVOKED = "pending", "active", "revoked"
PENDING_SECONDS = 300  # how long a key may take to be created
USE_INTERVAL = timedelta(hours=1)  # `last_used_at` is no more exact than that, and costs a write no more often
MAX_NAME = 100  # characters
MAX_DAYS = 3650  # until a key expires, where it does

# `read`: look at what there is; `analyze`: upload, start, cancel, delete, restore.
Scope = Literal["read", "analyze"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
RENAMED = {"analyse": "analyze"}  # keys made before the spelling changed hold the old one

# Advice on a key that is missing or cut off.
FORM = "send a valid API key, vs_ID_SECRET with 76 characters, as header `Authorization: Bearer KEY`"

_TOKEN = re.compile(r"vs_([a-z2-7]{24})_([0-9a-f]{48})", re.ASCII)


class NewKey(NamedTuple):
    """`token` is shown once: nothing that is kept gives it back."""

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
    """A key that works when this returns, for `days` or until it is revoked.

    Raises BadRequestError, TooManyKeysError or AccountDeletedError. Killed in between, the key is pending, works
    nowhere, and is removed by the sweeper. So is one that has expired.
    """
    name = name.strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise BadRequestError(f"a key's name has 1 to {MAX_NAME} characters")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise BadRequestError(f"a key's scopes are one or more of {', '.join(SCOPES)}")
    if days is not None and not 1 <= days <= MAX_DAYS:
        raise BadRequestError(f"a key expires after 1 to {MAX_DAYS} days, or never")
    record, secret = _register(owner, name, now, scopes, days)
    gateway_key_id = gateway.create_key(record.id, profiles.profile(owner).plan)
    next_look = tables.not_due() if record.expires_at is None else tables.due(record, int(record.expires_at))
    activated = [KeyRecord.status.set(ACTIVE), KeyRecord.gateway_key_id.set(gateway_key_id), *next_look]
    # A write that is sent again after a lost answer finds its own work, and that is no refusal.
    ours = (KeyRecord.status == ACTIVE) & (KeyRecord.gateway_key_id == gateway_key_id)
    noted = audit.event(owner, "key-created", by, now, name)
    if not apply(record, activated, (KeyRecord.status == PENDING) | ours, noted):
        gateway.delete_key(gateway_key_id)  # the account was deleted, or this took far too long
        raise NotFoundError("the key was removed while it was being created")
    return NewKey(record, _token(record.id, secret))


def list_(owner: str) -> list[KeyRecord]:
    """An owner's keys that work, newest first. The index lags a moment behind."""
    listed = KeyRecord.listed.startswith(item_keys.KEY_PREFIX)
    keys = KeyRecord.by_owner.query(owner, listed, scan_index_forward=False)
    return [key for key in keys if key.status == ACTIVE]


def rotate(owner: str, key_id: str, now: datetime, by: str = audit.SYSTEM) -> NewKey:
    """A new secret for a key; the old one stops working at once. Raises NotFoundError."""
    record, secret = _owned(owner, key_id), _new_secret()
    actions = [KeyRecord.secret_hash.set(_hash(secret)), KeyRecord.rotated_at.set(stamp(now))]
    noted = audit.event(owner, "key-rotated", by, now, record.name)
    if _has_expired(record, now) or not apply(record, actions, KeyRecord.status == ACTIVE, noted):
        raise NotFoundError("there is no such key")
    return NewKey(record, _token(record.id, secret))


def revoke(owner: str, key_id: str, now: datetime, by: str = audit.SYSTEM) -> None:
    """The key stops working at once. Raises NotFoundError; killed in between, the sweeper goes on."""
    remove(_owned(owner, key_id), now, by)


def remove(record: KeyRecord, now: datetime, by: str = audit.SYSTEM) -> None:
    """Revoke a key, or take a pending one back. May be repeated."""
    if record.status != REVOKED:
        revoked = [KeyRecord.status.set(REVOKED), KeyRecord.listed.remove(), *tables.due(record, epoch(now))]
        counter = OwnerRecord(*item_keys.owner(record.owner))
        name: audit.EventName = "key-expired" if _has_expired(record, now) else "key-revoked"
        noted = [audit.event(record.owner, name, by, now, record.name)] if record.status == ACTIVE else []
        with suppress(RefusedError):  # somebody else did, just now
            write(
                update("key", record, revoked, KeyRecord.status.is_in(PENDING, ACTIVE)),
                update("keys", counter, [OwnerRecord.api_keys.add(-1)]),
                *noted,
            )
    for gateway_key_id in gateway.find_keys(record.id, record.gateway_key_id):
        gateway.delete_key(gateway_key_id)
    done = [*tables.not_due(), KeyRecord.ttl.set(epoch(now) + settings().tombstone_days * DAY)]
    apply(record, done, KeyRecord.status == REVOKED)


def verify(token: str, scope: Scope, now: datetime) -> str:
    """The owner of a token that may do what `scope` names.

    Raises UnauthorizedError for any token that does not work (now), AccountDeletedError, or InsufficientScopeError.
    """
    match = _TOKEN.fullmatch(token)
    record = KeyRecord.find(*item_keys.api_key(match[1])) if match else None
    # Compared even where there is no such key, so that time tells nothing about which ids exist.
    expected = record.secret_hash if record is not None else _hash("")
    matches = hmac.compare_digest(_hash(match[2] if match else ""), expected)
    if record is None or not matches or record.status != ACTIVE:
        raise UnauthorizedError("the API key is not valid, or has been revoked" if match else FORM)
    if _has_expired(record, now):
        raise UnauthorizedError("the API key has expired; create another one")
    profiles.profile(record.owner)  # the account's end comes before the sweeper has reached its keys
    if scope not in scopes(record):
        raise InsufficientScopeError(f"the API key lacks the scope `{scope}`", members={"scope": scope})
    _note_use(record, now)
    return str(record.owner)


def prefix(token: str) -> str:
    """Beginning of a token, as lists show it."""
    return tables.key_prefix(token.removeprefix("vs_"))


def scopes(record: KeyRecord) -> list[Scope]:
    """Scopes of a key, in the order of SCOPES."""
    if record.scopes is None:
        return list(SCOPES)
    granted = {RENAMED.get(scope, scope) for scope in record.scopes}
    return [scope for scope in SCOPES if scope in granted]


def _has_expired(record: KeyRecord, now: datetime) -> bool:
    return record.expires_at is not None and record.expires_at <= epoch(now)


def _register(
    owner: str, name: str, now: datetime, scopes: Collection[Scope], days: int | None
) -> tuple[KeyRecord, str]:
    key_id = base64.b32encode(secrets.token_bytes(15)).decode().lower()  # 24 characters; the gateway wants 20
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
        secret_hash=_hash(secret),
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
        profiles.profile(owner)  # raises AccountDeletedError where that is the reason
        raise TooManyKeysError(f"{limit} API keys are the most; revoke one first", members={"limit": limit}) from error
    return record, secret


def _note_use(record: KeyRecord, now: datetime) -> None:
    if record.last_used_at is None or record.last_used_at < stamp(now - USE_INTERVAL):
        apply(record, [KeyRecord.last_used_at.set(stamp(now))], KeyRecord.status == ACTIVE)


def _owned(owner: str, key_id: str) -> KeyRecord:
    record = KeyRecord.find(*item_keys.api_key(key_id))
    if record is None or record.owner != owner or record.status != ACTIVE:
        raise NotFoundError("there is no such key")
    return record


def _new_secret() -> str:
    return secrets.token_hex(24)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(key_id: str, secret: str) -> str:
    return f"vs_{key_id}_{secret}"
