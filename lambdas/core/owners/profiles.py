"""Profiles of owners: plan, webhook, people, example, sessions, and the deletion of an account."""

import secrets
from contextlib import suppress
from datetime import datetime
from urllib.parse import urlsplit

from pynamodb.expressions.update import Action

from lambdas.core.clock import DAY, epoch, moment, stamp
from lambdas.core.errors import AccountDeletedError, BadRequestError, BusyError
from lambdas.core.owners import audit
from lambdas.core.owners.quota import DEFAULT_PLAN, PLANS, PlanName
from lambdas.core.storage import item_keys, tables
from lambdas.core.storage.object_keys import is_owner
from lambdas.core.storage.tables import OwnerRecord, PlanChangeRecord
from lambdas.core.storage.transactions import Part, RefusedError, apply, check, put, update, write

ROTATION_SECONDS = DAY  # as long as deliveries of an event are retried
NOT_DELETING = OwnerRecord.deleting_since.does_not_exist()
ACCOUNT_DELETED = "This account has been deleted."


def find(owner: str) -> OwnerRecord | None:
    """Return an owner's profile, even while it is being deleted; None if there is none."""
    return OwnerRecord.find(*item_keys.owner(owner)) if is_owner(owner) else None


def profile(owner: str) -> OwnerRecord:
    """Return an owner's profile, or an unsaved one with the defaults. Raises AccountDeletedError."""
    record = find(owner) or OwnerRecord(*item_keys.owner(owner), owner=owner, plan=DEFAULT_PLAN, created_at="")
    if record.deleting_since is not None:
        raise AccountDeletedError(ACCOUNT_DELETED)
    return record


def ensure(owner: str, email: str | None, now: datetime) -> OwnerRecord:
    """Return the profile, created at a user's first visit. Raises AccountDeletedError."""
    if find(owner) is None:
        _change(owner, now, *([OwnerRecord.email.set(email)] if email else []))
    return profile(owner)


def set_plan(owner: str, plan: PlanName, now: datetime) -> OwnerRecord:
    """Assign a plan, and record the change that the keys are to follow. Creates the profile if there is none.

    Raises BadRequestError for an unknown plan, and AccountDeletedError.
    """
    if plan not in PLANS:
        raise BadRequestError(f"Unknown plan {plan!r}. The plan must be one of {', '.join(PLANS)}.")
    record = OwnerRecord(*item_keys.owner(owner))
    try:
        write(
            put("change", plan_change(owner, now)),
            update("owner", record, _defaults(owner, now, plan=plan), NOT_DELETING),
        )
    except RefusedError as error:
        raise AccountDeletedError(ACCOUNT_DELETED) from error
    return profile(owner)


def plan_change(owner: str, now: datetime) -> PlanChangeRecord:
    """Return a new, unsaved item that has the owner's keys moved to their plan."""
    keys = item_keys.plan_change(owner)
    shard = item_keys.due_shard(keys[0])
    return PlanChangeRecord(*keys, owner=owner, since=epoch(now), due_shard=shard, due_at=epoch(now))


def set_webhook(owner: str, url: str | None, now: datetime, by: str = audit.SYSTEM) -> OwnerRecord:
    """Set the URL of the owner's webhook, or remove it (None). The signing secret is created with the first URL.

    The URL must have been validated. Raises AccountDeletedError.
    """
    since, secret = OwnerRecord.webhook_since, OwnerRecord.webhook_secret
    change = (
        [OwnerRecord.webhook_url.remove(), since.remove()]
        if url is None
        else [OwnerRecord.webhook_url.set(url), since.set(since | stamp(now))]
    )
    event = audit.event(
        owner, "webhook-removed" if url is None else "webhook-set", by, now, urlsplit(url or "").hostname
    )
    return _change(owner, now, *change, secret.set(secret | _new_secret()), event=event)


def rotate_webhook_secret(owner: str, now: datetime, by: str = audit.SYSTEM) -> OwnerRecord:
    """Replace the webhook secret. The replaced one also signs for a day. Raises AccountDeletedError."""
    secret, new = OwnerRecord.webhook_secret, _new_secret()
    return _change(
        owner,
        now,
        secret.set(new),
        OwnerRecord.webhook_secret_before.set(secret | new),
        OwnerRecord.webhook_secret_before_until.set(epoch(now) + ROTATION_SECONDS),
        event=audit.event(owner, "webhook-secret-rotated", by, now),
    )


def webhook_secrets(owner: str, now: datetime) -> list[str]:
    """Return the secrets that sign an event, the current one last. Raises AccountDeletedError."""
    current = webhook_secret(owner, now)
    record = profile(owner)
    return [*([str(record.webhook_secret_before)] if secret_before_until(record, now) else []), current]


def secret_before_until(record: OwnerRecord, now: datetime) -> datetime | None:
    """Return the time until which the replaced secret is valid; None if it is no longer valid."""
    until = record.webhook_secret_before_until
    if until is None or until <= epoch(now) or record.webhook_secret_before == record.webhook_secret:
        return None
    return moment(until)


def webhook_secret(owner: str, now: datetime) -> str:
    """Return the secret that signs the owner's events, created on first use. Raises AccountDeletedError."""
    secret = profile(owner).webhook_secret
    if secret is None:
        column = OwnerRecord.webhook_secret
        secret = _change(owner, now, column.set(column | _new_secret())).webhook_secret
    return str(secret)


def confirm_people(owner: str, confirmed: bool, now: datetime, by: str = audit.SYSTEM) -> OwnerRecord:
    """Record that the owner confirms a lawful basis for telling people apart by their voices, or withdraws that.

    A repeated confirmation keeps the time of the first. Raises AccountDeletedError.
    """
    current = profile(owner)
    if (current.people_confirmed_at is not None) == confirmed:
        return current
    column = OwnerRecord.people_confirmed_at
    event = audit.event(owner, "people-confirmed" if confirmed else "people-withdrawn", by, now)
    return _change(owner, now, column.set(column | stamp(now)) if confirmed else column.remove(), event=event)


def delete_example(owner: str, now: datetime) -> OwnerRecord:
    """Hide the example that the web app shows among an account's analyses. Idempotent.

    The example is a static file of the site, shared by all accounts, so this flag is all that an account stores.
    Raises AccountDeletedError.
    """
    return _change(owner, now, OwnerRecord.example_deleted.set(True))


def restore_example(owner: str, now: datetime) -> OwnerRecord:
    """Show the example again. Idempotent. Raises AccountDeletedError."""
    return _change(owner, now, OwnerRecord.example_deleted.remove())


def accept_upload_terms(owner: str, now: datetime) -> OwnerRecord:
    """Record the user's confirmation that they may analyze the people shown. A repetition keeps the first time.

    Raises AccountDeletedError.
    """
    column = OwnerRecord.upload_terms_at
    return _change(owner, now, column.set(column | epoch(now)))


def end_sessions(owner: str, now: datetime, by: str = audit.SYSTEM) -> OwnerRecord:
    """Mark all sessions that have begun so far as ended. Raises AccountDeletedError."""
    event = audit.event(owner, "signed-out-everywhere", by, now)
    return _change(owner, now, OwnerRecord.sessions_ended_at.set(epoch(now)), event=event)


def record_sign_in(profile: OwnerRecord, at: datetime) -> None:
    """Record a sign-in with the first request of its session, unless a newer session is already recorded."""
    seconds = epoch(at)
    if profile.last_sign_in is not None and profile.last_sign_in >= seconds:
        return
    newer = OwnerRecord.last_sign_in.does_not_exist() | (OwnerRecord.last_sign_in < seconds)
    event = audit.event(profile.owner, "signed-in", audit.SESSION, at)
    with suppress(BusyError):  # the next request records it
        apply(profile, [OwnerRecord.last_sign_in.set(seconds)], NOT_DELETING & newer, event)


def delete_account(owner: str, now: datetime) -> None:
    """Start the deletion of an account: its keys are invalid at once, and the sweeper removes the data.

    Nothing new can be started in the account from now on. Idempotent.
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
    """Return the transaction part that fails if the account is being deleted."""
    return check("owner", OwnerRecord, item_keys.owner(owner), NOT_DELETING)


def _change(owner: str, now: datetime, *actions: Action, event: Part | None = None) -> OwnerRecord:
    """Update the profile, created with defaults if there is none. `event`: its audit event."""
    record = OwnerRecord(*item_keys.owner(owner))
    if not apply(record, [*_defaults(owner, now), *actions], NOT_DELETING, event):
        raise AccountDeletedError(ACCOUNT_DELETED)
    return record


def _defaults(owner: str, now: datetime, plan: str | None = None) -> list[Action]:
    """Return the actions that set the attributes which a new profile lacks, and `plan` if given."""
    return [
        OwnerRecord.owner.set(owner),
        OwnerRecord.created_at.set(OwnerRecord.created_at | stamp(now)),
        OwnerRecord.plan.set(plan or OwnerRecord.plan | DEFAULT_PLAN),
    ]


def _new_secret() -> str:
    return f"whsec_{secrets.token_hex(24)}"
