"""The end of an account, step by step: whatever is left of it is found and removed, until nothing is."""

from datetime import datetime

from botocore.exceptions import ClientError

from lambdas.core import api_keys, aws, deletion, item_keys, object_keys, objects, tables
from lambdas.core.clock import epoch
from lambdas.core.settings import settings
from lambdas.core.tables import AnalysisRecord, Item, KeyRecord, OwnerRecord
from lambdas.core.transactions import apply

PER_RUN = 100  # listed records removed in one run of the sweeper
# The search is repeated for so long: the index lags behind, and requests that began earlier may still write.
WATCH_SECONDS = 900
AGAIN_SECONDS = 240
DAY = 86_400  # seconds
# Columns of a profile that its tombstone no longer has.
FORGOTTEN = (
    *(OwnerRecord.email, OwnerRecord.webhook_url, OwnerRecord.webhook_since, OwnerRecord.webhook_secret),
    *(OwnerRecord.webhook_secret_before, OwnerRecord.webhook_secret_before_until),
    *(OwnerRecord.api_keys, OwnerRecord.example_deleted),
)


def remove(owner: OwnerRecord, now: datetime) -> None:
    """Remove what there is of an account that is being deleted; done when a while has passed and nothing is left.

    May be repeated. What stays, for as long as a tombstone does, is the id and that it is gone.
    """
    _remove_user(owner.owner)
    left = _remove_listed(owner.owner, now)
    _remove_objects(owner.owner)
    _remove_counters(owner.owner)
    if left or epoch(now) < owner.deleting_since + WATCH_SECONDS:
        apply(owner, tables.due(owner, epoch(now) + (0 if left else AGAIN_SECONDS)), OwnerRecord.pk.exists())
        return
    expiry = OwnerRecord.ttl.set(epoch(now) + settings().tombstone_days * DAY)
    actions = [*(column.remove() for column in FORGOTTEN), *tables.not_due(), expiry]
    apply(owner, actions, OwnerRecord.deleting_since.exists())


def _remove_user(owner: str) -> None:
    """Remove a user from the user pool, so that nobody can sign in as them any more."""
    try:
        aws.client("cognito-idp").admin_delete_user(UserPoolId=settings().user_pool_id, Username=owner)
    except ClientError as error:
        if aws.code_of(error) != "UserNotFoundException":
            raise


def _remove_listed(owner: str, now: datetime) -> bool:
    """Remove analyses and keys, the most of them that one run may. Returns whether there were any."""
    listed = list(Item.by_owner.query(owner, limit=PER_RUN))
    for item in listed:
        if item.sk == "KEY":
            api_keys.remove(KeyRecord.get(item.pk, item.sk, consistent_read=True), now)
        elif item.sk == "ANALYSIS":
            deletion.end(AnalysisRecord.get(item.pk, item.sk, consistent_read=True), now)
    return bool(listed)


def _remove_objects(owner: str) -> None:
    media, results = settings().media_bucket, settings().results_bucket
    objects.delete_prefix(media, f"{object_keys.UPLOADS}{owner}/")
    objects.delete_prefix(media, f"{object_keys.DROP}{owner}/")
    objects.delete_prefix(results, f"{object_keys.RESULTS}{owner}/")


def _remove_counters(owner: str) -> None:
    pk, profile = item_keys.owner(owner)
    for item in Item.query(pk, consistent_read=True):
        if item.sk != profile:
            item.delete()
