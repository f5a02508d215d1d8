"""Change of an owner's billing plan: the profile at once, and the API keys, which the gateway throttles by plan.

The gateway has each key on the usage plan of its owner's billing plan, and on no other. A key cannot be on two of them,
so it is on none for a moment, and whoever moves it may be killed there. The change is therefore an item of its own,
written with the profile; the sweeper moves the keys again until nothing can have been missed.
"""

from contextlib import suppress
from datetime import datetime

from lambdas.core.clock import epoch
from lambdas.core.owners import gateway, profiles
from lambdas.core.owners.quota import PlanName
from lambdas.core.storage import item_keys, tables
from lambdas.core.storage.tables import KeyRecord, OwnerRecord, PlanChangeRecord
from lambdas.core.storage.transactions import RefusedError, apply, delete, write

AGAIN_SECONDS = 60
# As long as a key may take to be created with the plan of before, and the index to list it.
SETTLED_SECONDS = 600


def change(owner: str, plan: PlanName, now: datetime) -> OwnerRecord:
    """Assign a plan and move the owner's keys to it. May be repeated; killed in between, the sweeper goes on.

    Raises BadRequestError for a plan that is none, and AccountDeletedError.
    """
    profile = profiles.set_plan(owner, plan, now)
    move_keys(owner)
    return profile


def move_keys(owner: str) -> None:
    """Put an owner's keys on the usage plan of their billing plan. May be repeated, and done by several at once."""
    listed = KeyRecord.listed.startswith(item_keys.KEY_PREFIX)
    for key in KeyRecord.by_owner.query(owner, listed):
        if key.gateway_key_id is not None:
            gateway.move_key(key.gateway_key_id, lambda: profiles.profile(owner).plan)


def settle(record: PlanChangeRecord, now: datetime) -> None:
    """Move the keys again, by the sweeper; forget the change once nothing can have been missed."""
    profile = profiles.find(record.owner)
    if profile is None or profile.deleting_since is not None:  # the keys go with the account
        record.delete()
        return
    move_keys(record.owner)
    same = PlanChangeRecord.since == record.since
    if epoch(now) < record.since + SETTLED_SECONDS:
        apply(record, tables.due(record, epoch(now) + AGAIN_SECONDS), same)
    else:
        with suppress(RefusedError):  # another change has come
            write(delete("change", record, same))
