"""Owners: their plan, their webhook, and the end of an account."""

import secrets
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlsplit

from pynamodb.expressions.update import Action

from lambdas.core.clock import DAY, epoch, stamp
from lambdas.core.errors import AccountDeletedError, BadRequestError, BusyError
from lambdas.core.owners import audit
from lambdas.core.owners.quota import DEFAULT_PLAN, PLANS, PlanName
from lambdas.core.storage import item_keys, tables
from lambdas.core.storage.object_keys import is_owner
from lambdas.core.storage.tables import OwnerRecord, PlanChangeRecord
from lambdas.core.storage.transactions import Part, RefusedError, apply, check, put, update, write

ROTATION_SECONDS = DAY  # as long as an event is tried again
NOT_DELETING = OwnerRecord.deleting_since.does_not_exist()


def find(owner: str) -> OwnerRecord | None:
    """The owner's profile; None for whom we never saw. One that is being deleted is still returned."""
    return OwnerRecord.find(*item_keys.owner(owner)) if is_owner(owner) else None


def profile(owner: str) -> OwnerRecord:
    """The owner's profile; for whom we never saw, what a new one holds (not saved).

    Raises AccountDeletedError.
    """
    record = find(owner) or OwnerRecord(*item_keys.owner(owner), owner=owner, plan=DEFAULT_PLAN, created_at="")
    if record.deleting_since is not None:
        raise AccountDeletedError("this account has been deleted")
    return record


def ensure(owner: str, email: str | None, now: datetime) -> OwnerRecord:
    """The profile, made where there is none: at a user's first visit. Raises AccountDeletedError."""
    if find(owner) is None:
        _change(owner, now, *([OwnerRecord.email.set(email)] if email else []))
    return profile(owner)


def set_plan(owner: str, plan: PlanName, now: datetime) -> OwnerRecord:
    """Assign a plan, for the keys to follow; makes the profile where there is none.

    Raises BadRequestError for a plan that is none, and AccountDeletedError.
    """
    if plan not in PLANS:
        raise BadRequestError(f"there is no plan {plan!r}; there are {', '.join(PLANS)}")
    record = OwnerRecord(*item_keys.owner(owner))
    try:
        write(
            put("change", plan_change(owner, now)),
            update("owner", record, _filled(owner, now, plan=plan), NOT_DELETING),
        )
    except RefusedError as error:
        raise AccountDeletedError("this account has been deleted") from error
    return profile(owner)


def plan_change(owner: str, now: datetime) -> PlanChangeRecord:
    """Return the item that has an owner's keys follow their plan, not saved yet."""
    keys = item_keys.plan_change(owner)
    shard = item_keys.due_shard(keys[0])
    return PlanChangeRecord(*keys, owner=owner, since=epoch(now), due_shard=shard, due_at=epoch(now))


def set_webhook(owner: str, url: str | None, now: datetime, by: str = audit.SYSTEM) -> OwnerRecord:
    """Set the address of the owner's webhook; None removes it. The first URL creates the secret that signs events.

    The URL must have been checked. Raises AccountDeletedError.
    """
    since, secret = OwnerRecord.webhook_since, OwnerRecord.webhook_secret
    change = (
        [OwnerRecord.webhook_url.remove(), since.remove()]
        if url is None
        else [OwnerRecord.webhook_url.set(url), since.set(since | stamp(now))]
    )
    noted = audit.event(
        owner, "webhook-removed" if url is None else "webhook-set", by, now, urlsplit(url or "").hostname
    )
    return _change(owner, now, *change, secret.set(secret | _new_secret()), noted=noted)


def rotate_webhook_secret(owner: str, now: datetime, by: str = audit.SYSTEM) -> OwnerRecord:
    """A new secret. The one before signs as well for a day, in place of an older one. Raises AccountDeletedError."""
    secret, new = OwnerRecord.webhook_secret, _new_secret()
    return _change(
        owner,
        now,
        secret.set(new),
        OwnerRecord.webhook_secret_before.set(secret | new),
        OwnerRecord.webhook_secret_before_until.set(epoch(now) + ROTATION_SECONDS),
        noted=audit.event(owner, "webhook-secret-rotated", by, now),
    )


def webhook_secrets(owner: str, now: datetime) -> list[str]:
    """Return the secrets that sign an event, the current one last. Raises AccountDeletedError."""
    current = webhook_secret(owner, now)
    record = profile(owner)
    return [*([str(record.webhook_secret_before)] if secret_before_until(record, now) else []), current]


def secret_before_until(record: OwnerRecord, now: datetime) -> datetime | None:
    """Return until when the secret before the current one is valid; None where it no longer is."""
    until = record.webhook_secret_before_until
    if until is None or until <= epoch(now) or record.webhook_secret_before == record.webhook_secret:
        return None
    return datetime.fromtimestamp(float(until), UTC)


def webhook_secret(owner: str, now: datetime) -> str:
    """Return the secret that signs the owner's events, created where there is none. Raises AccountDeletedError."""
    secret = profile(owner).webhook_secret
    if secret is None:
        column = OwnerRecord.webhook_secret
        secret = _change(owner, now, column.set(column | _new_secret())).webhook_secret
    return str(secret)


def delete_example(owner: str, now: datetime) -> OwnerRecord:
    """Hide the example that the web app shows among an account's analyses. May be repeated.

    The example is the site's own file, the same for everybody, so this is all that an account stores of it. Raises
    AccountDeletedError.
    """
    return _change(owner, now, OwnerRecord.example_deleted.set(True))


def restore_example(owner: str, now: datetime) -> OwnerRecord:
    """Show the example again. May be repeated. Raises AccountDeletedError."""
    return _change(owner, now, OwnerRecord.example_deleted.remove())


def end_sessions(owner: str, now: datetime, by: str = audit.SYSTEM) -> OwnerRecord:
    """Note that all sessions are over that have begun so far. Raises AccountDeletedError."""
    noted = audit.event(owner, "signed-out-everywhere", by, now)
    return _change(owner, now, OwnerRecord.sessions_ended_at.set(epoch(now)), noted=noted)


def note_sign_in(profile: OwnerRecord, at: datetime) -> None:
    """Note a sign-in, once: when the first request of its session comes and no newer session is known."""
    seconds = epoch(at)
    if profile.last_sign_in is not None and profile.last_sign_in >= seconds:
        return
    newer = OwnerRecord.last_sign_in.does_not_exist() | (OwnerRecord.last_sign_in < seconds)
    noted = audit.event(profile.owner, "signed-in", audit.SESSION, at)
    with suppress(BusyError):  # the next request notes it
        apply(profile, [OwnerRecord.last_sign_in.set(seconds)], NOT_DELETING & newer, noted)


def delete_account(owner: str, now: datetime) -> None:
    """Begin the end of an account: nothing new can be started, its keys stop working, the sweeper removes the rest.

    May be called again.
    """
    record = OwnerRecord(*item_keys.owner(owner))
    begun = OwnerRecord.deleting_since.set(OwnerRecord.deleting_since | epoch(now))
    record.update(
        actions=[
            *(OwnerRecord.owner.set(owner), OwnerRecord.created_at.set(OwnerRecord.created_at | stamp(now))),
            *(OwnerRecord.plan.set(OwnerRecord.plan | DEFAULT_PLAN), begun),
            *tables.due(record, epoch(now)),
        ]
    )


def not_deleting(owner: str) -> Part:
    """The part of a transaction that refuses what is new for an account that is being deleted."""
    return check("owner", OwnerRecord, item_keys.owner(owner), NOT_DELETING)


def _change(owner: str, now: datetime, *actions: Action, noted: Part | None = None) -> OwnerRecord:
    """Update the profile, and fill in what a new one lacks. `noted`: the event of it."""
    record = OwnerRecord(*item_keys.owner(owner))
    if not apply(record, [*_filled(owner, now), *actions], NOT_DELETING, noted):
        raise AccountDeletedError("this account has been deleted")
    return record


def _filled(owner: str, now: datetime, plan: str | None = None) -> list[Action]:
    """The update that fills in what a new profile lacks."""
    return [
        OwnerRecord.owner.set(owner),
        OwnerRecord.created_at.set(OwnerRecord.created_at | stamp(now)),
        OwnerRecord.plan.set(plan or OwnerRecord.plan | DEFAULT_PLAN),
    ]


def _new_secret() -> str:
    return f"whsec_{secrets.token_hex(24)}"
