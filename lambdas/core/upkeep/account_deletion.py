"""The end of an account, step by step: whatever is left of it is found and removed, until nothing is.

A run of the sweeper removes one batch after another as long as it has time; whatever cuts it off, the next one goes on.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

from botocore.exceptions import ClientError

from common import prefixes
from lambdas.core.analyses import deletion
from lambdas.core.aws import clients
from lambdas.core.clock import DAY, epoch
from lambdas.core.owners import api_keys
from lambdas.core.settings import settings
from lambdas.core.storage import item_keys, objects, tables
from lambdas.core.storage.tables import AnalysisRecord, Item, KeyRecord, OwnerRecord, UploadRecord
from lambdas.core.storage.transactions import apply
from lambdas.core.uploads import uploads

BATCH = 100  # listed records removed before others are looked at
AT_ONCE = 16  # of them: each waits for a dozen answers of AWS
# The search is repeated for so long: the index lags behind, and requests that began earlier may still write.
WATCH_SECONDS = 900
AGAIN_SECONDS = 240
# Columns of a profile that its tombstone no longer has.
FORGOTTEN = (
    *(OwnerRecord.email, OwnerRecord.webhook_url, OwnerRecord.webhook_since, OwnerRecord.webhook_secret),
    *(OwnerRecord.webhook_secret_before, OwnerRecord.webhook_secret_before_until),
    *(OwnerRecord.api_keys, OwnerRecord.example_deleted, OwnerRecord.last_sign_in),
    OwnerRecord.sessions_ended_at,
)


def remove(owner: OwnerRecord, now: datetime) -> bool:
    """Remove a batch of an account that is being deleted; True where more of it may be left to remove at once.

    Done when a while has passed and nothing is left. May be repeated. What stays, for as long as a tombstone does, is
    the id and that it is gone.
    """
    _remove_user(owner.owner)
    left = _remove_listed(owner.owner, now)
    _remove_objects(owner.owner)
    _remove_counters(owner.owner)
    if left or epoch(now) < owner.deleting_since + WATCH_SECONDS:
        apply(owner, tables.due(owner, epoch(now) + (0 if left else AGAIN_SECONDS)), OwnerRecord.pk.exists())
        return left
    expiry = OwnerRecord.ttl.set(epoch(now) + settings().tombstone_days * DAY)
    actions = [*(column.remove() for column in FORGOTTEN), *tables.not_due(), expiry]
    apply(owner, actions, OwnerRecord.deleting_since.exists())
    return False


def _remove_user(owner: str) -> None:
    """Remove a user from the user pool, so that nobody can sign in as them any more."""
    try:
        clients.client("cognito-idp").admin_delete_user(UserPoolId=settings().user_pool_id, Username=owner)
    except ClientError as error:
        if clients.code_of(error) != "UserNotFoundException":
            raise


def _remove_listed(owner: str, now: datetime) -> bool:
    """Remove a batch of analyses, keys and uploads. Returns True when there were any.

    One that cannot be removed keeps none of the others; its error is raised at the end.
    """
    listed = list(Item.by_owner.query(owner, limit=BATCH))
    for service in ("apigateway", "cognito-idp"):
        clients.client(service)  # making clients is nothing for several threads at a time
    clients.s3()
    _all_at_once([partial(_remove_item, item, now) for item in listed if item.sk in ENDS])
    return bool(listed)


def _all_at_once(removals: Iterable[Callable[[], object]]) -> None:
    """Do all of them, AT_ONCE at a time; then raise the first one's error, where there was any."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for removal in [pool.submit(each) for each in removals]:
            removal.result()


def _remove_item(item: Item, now: datetime) -> None:
    """Remove what an entry of the index stands for. The index lags: an entry may be of what is gone."""
    kind, end = ENDS[item.sk]
    record = kind.find(item.pk, item.sk)
    if record is not None and record.listed is not None:
        end(record, now)


ENDS: dict[str, tuple[type[Item], Callable[..., None]]] = {
    "ANALYSIS": (AnalysisRecord, deletion.end),
    "KEY": (KeyRecord, api_keys.remove),
    "UPLOAD": (UploadRecord, uploads.discard),
}


def _remove_objects(owner: str) -> None:
    media, results = settings().media_bucket, settings().results_bucket
    objects.delete_prefix(media, f"{prefixes.UPLOADS}{owner}/")
    objects.delete_prefix(media, f"{prefixes.DROP}{owner}/")
    objects.delete_prefix(results, f"{prefixes.RESULTS}{owner}/")


def _remove_counters(owner: str) -> None:
    pk, profile = item_keys.owner(owner)
    _all_at_once([item.delete for item in Item.query(pk, consistent_read=True) if item.sk != profile])
