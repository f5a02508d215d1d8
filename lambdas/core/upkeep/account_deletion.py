"""Deletion of an account's data, batch by batch, until none is found.

A run of the sweeper removes batches as long as it has time, and the next run continues.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial

from common import prefixes, table
from lambdas.core.analyses import deletion, shares
from lambdas.core.aws import clients
from lambdas.core.clock import DAY, epoch
from lambdas.core.owners import api_keys, sessions
from lambdas.core.settings import settings
from lambdas.core.storage import item_keys, objects, tables
from lambdas.core.storage.tables import AnalysisRecord, Item, KeyRecord, OwnerRecord, ShareRecord, UploadRecord
from lambdas.core.storage.transactions import apply
from lambdas.core.uploads import uploads

BATCH = 100  # records removed before other accounts have their turn
MAX_CONCURRENT = 16  # removals at a time: each makes a dozen sequential calls to AWS
# How long the search is repeated, as the index is eventually consistent and earlier requests may still write.
SETTLE_SECONDS = 900
RECHECK_SECONDS = 240
# Attributes that the tombstone of a profile does not keep.
PERSONAL_COLUMNS = (
    *(OwnerRecord.email, OwnerRecord.webhook_url, OwnerRecord.webhook_since, OwnerRecord.webhook_secret),
    *(OwnerRecord.webhook_secret_before, OwnerRecord.webhook_secret_before_until),
    *(OwnerRecord.api_keys, OwnerRecord.example_deleted, OwnerRecord.last_sign_in),
    *(OwnerRecord.sessions_ended_at, OwnerRecord.people_confirmed_at, OwnerRecord.upload_terms_at),
)


def remove(owner: OwnerRecord, now: datetime) -> bool:
    """Remove a batch of the data of an account that is being deleted; return True if there may be more to remove now.

    Idempotent. The deletion is complete once SETTLE_SECONDS have passed and nothing is found. The tombstone that then
    remains for a while holds only the id, plan and dates.
    """
    sessions.remove_user(owner.owner)
    has_more = _remove_listed(owner.owner, now)
    _remove_objects(owner.owner)
    _remove_counters(owner.owner)
    if has_more or epoch(now) < owner.deleting_since + SETTLE_SECONDS:
        apply(owner, tables.due(owner, epoch(now) + (0 if has_more else RECHECK_SECONDS)), OwnerRecord.pk.exists())
        return has_more
    expiry = OwnerRecord.ttl.set(epoch(now) + settings().tombstone_days * DAY)
    actions = [*(column.remove() for column in PERSONAL_COLUMNS), *tables.not_due(), expiry]
    apply(owner, actions, OwnerRecord.deleting_since.exists())
    return False


def _remove_listed(owner: str, now: datetime) -> bool:
    """Remove a batch of analyses, keys, uploads and links. Returns True if there were any.

    A removal that fails does not prevent the others; its error is raised at the end.
    """
    listed = list(Item.by_owner.query(owner, limit=BATCH))
    for service in ("apigateway", "cognito-idp"):
        clients.client(service)  # created here, as creating boto3 clients is not thread-safe
    clients.s3()
    _run_concurrently([partial(_remove_item, item, now) for item in listed if item.sk in REMOVERS])
    return bool(listed)


def _run_concurrently(removals: Iterable[Callable[[], object]]) -> None:
    """Run all removals, MAX_CONCURRENT at a time, then raise the first error, if any."""
    with ThreadPoolExecutor(MAX_CONCURRENT) as pool:
        for removal in [pool.submit(each) for each in removals]:
            removal.result()


def _remove_item(item: Item, now: datetime) -> None:
    """Remove the item of an index entry, unless it is already gone: the index is eventually consistent."""
    kind, remove = REMOVERS[item.sk]
    record = kind.find(item.pk, item.sk)
    if record is not None and record.listed is not None:
        remove(record, now)


REMOVERS: dict[str, tuple[type[Item], Callable[..., None]]] = {
    table.ANALYSIS: (AnalysisRecord, deletion.delete_and_purge),
    table.KEY: (KeyRecord, api_keys.remove),
    table.UPLOAD: (UploadRecord, uploads.discard),
    table.SHARE: (ShareRecord, shares.remove),
}


def _remove_objects(owner: str) -> None:
    media, results = settings().media_bucket, settings().results_bucket
    objects.delete_prefix(media, f"{prefixes.UPLOADS}{owner}/")
    objects.delete_prefix(media, f"{prefixes.DROP}{owner}/")
    objects.delete_prefix(results, f"{prefixes.RESULTS}{owner}/")


def _remove_counters(owner: str) -> None:
    pk, profile = item_keys.owner(owner)
    _run_concurrently([item.delete for item in Item.query(pk, consistent_read=True) if item.sk != profile])
