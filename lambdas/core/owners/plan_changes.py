"""Changes of an owner's billing plan, applied to the profile and to the API keys, which are throttled by plan.

Each key is on exactly one usage plan of API Gateway: that of its owner's billing plan. Moving a key takes it off one
plan before it is added to the other, and the process may be killed in between. The change is therefore stored as an
item, in one transaction with the profile, and the sweeper repeats the moves until no key can have been missed.
"""

from contextlib import suppress
from datetime import datetime

from lambdas.core.clock import epoch
from lambdas.core.owners import api_gateway_keys, profiles
from lambdas.core.owners.quota import PlanName
from lambdas.core.storage import item_keys, tables
from lambdas.core.storage.tables import KeyRecord, OwnerRecord, PlanChangeRecord
from lambdas.core.storage.transactions import RefusedError, apply, delete, write

RECHECK_SECONDS = 60
# Upper bound of the time until a key that was being created with the old plan exists and is listed by the index.
SETTLE_SECONDS = 600


def change(owner: str, plan: PlanName, now: datetime) -> OwnerRecord:
    """Assign a plan and move the owner's keys to it. Idempotent; the sweeper completes an interrupted change.

    Raises BadRequestError for an unknown plan, and AccountDeletedError.
    """
    profile = profiles.set_plan(owner, plan, now)
    move_keys(owner)
    return profile


def move_keys(owner: str) -> None:
    """Move an owner's keys to the usage plan of their billing plan. Idempotent, and safe to run concurrently."""
    listed = KeyRecord.listed.startswith(item_keys.KEY_PREFIX)
    for key in KeyRecord.by_owner.query(owner, listed):
        if key.gateway_key_id is not None:
            api_gateway_keys.move_key(key.gateway_key_id, lambda: profiles.profile(owner).plan)


def settle(record: PlanChangeRecord, now: datetime) -> None:
    """Move the keys again, and delete the change once no key can have been missed. Called by the sweeper."""
    profile = profiles.find(record.owner)
    if profile is None or profile.deleting_since is not None:  # the keys are deleted with the account
        record.delete()
        return
    move_keys(record.owner)
    same = PlanChangeRecord.since == record.since
    if epoch(now) < record.since + SETTLE_SECONDS:
        apply(record, tables.due(record, epoch(now) + RECHECK_SECONDS), same)
    else:
        with suppress(RefusedError):  # superseded by a newer change
            write(delete("change", record, same))
