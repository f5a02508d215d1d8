"""The one table: what its items hold. How they change is told by the modules that change them.

Both indexes are sparse. `by_owner` holds what its owner may list; `by_due` holds what the sweeper must look at
again, and nothing else. `due_at` says when.
"""

from typing import Any, Self, cast

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.connection import Connection
from pynamodb.connection.table import TableConnection
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from common import table
from common.analyses import COMPLETED, FAILED, PROCESSING, QUEUED
from lambdas.core.aws import clients
from lambdas.core.errors import CANCELLED
from lambdas.core.settings import settings
from lambdas.core.storage import item_keys, object_keys

STATUSES = (QUEUED, PROCESSING, COMPLETED, FAILED)
TERMINAL = (COMPLETED, FAILED)
UPLOAD_DOOR, DROP_DOOR = "upload", "drop"


class _TableName:
    """Read when it is used: importing this module needs no environment."""

    def __get__(self, instance: object, owner: type) -> str:
        return settings().table_name


class _ByOwner(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = table.BY_OWNER
        projection = AllProjection()

    owner = UnicodeAttribute(hash_key=True, attr_name=table.OWNER)
    listed = UnicodeAttribute(range_key=True, attr_name=table.LISTED)


class _ByDue(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = table.BY_DUE
        projection = KeysOnlyProjection()

    due_shard = UnicodeAttribute(hash_key=True, attr_name=table.DUE_SHARD)
    due_at = NumberAttribute(range_key=True, attr_name=table.DUE_AT)


class Item(Model):
    """Any item: its keys, and what the indexes and the expiry need. Times in epoch seconds."""

    class Meta:
        table_name = _TableName()
        connect_timeout_seconds = clients.CONNECT_SECONDS
        read_timeout_seconds = clients.READ_SECONDS
        max_retry_attempts = clients.ATTEMPTS - 1
        max_pool_connections = clients.POOL

    pk = UnicodeAttribute(hash_key=True, attr_name=table.PARTITION_KEY)
    sk = UnicodeAttribute(range_key=True, attr_name=table.SORT_KEY)
    owner = UnicodeAttribute(null=True, attr_name=table.OWNER)
    listed = UnicodeAttribute(null=True, attr_name=table.LISTED)
    due_shard = UnicodeAttribute(null=True, attr_name=table.DUE_SHARD)
    due_at = NumberAttribute(null=True, attr_name=table.DUE_AT)
    ttl = NumberAttribute(null=True, attr_name=table.TTL)

    by_owner = _ByOwner()
    by_due = _ByDue()

    @classmethod
    def find(cls, pk: str, sk: str) -> Self | None:
        """Return an item as it is now; None where there is none."""
        try:
            return cls.get(pk, sk, consistent_read=True)
        except cls.DoesNotExist:
            return None

    @classmethod
    def _get_connection(cls) -> TableConnection:
        """Return one connection for all kinds of items, instead of one for each."""
        return Model._get_connection.__func__(Item)  # type: ignore[attr-defined, no-any-return]


class Failure(MapAttribute[str, str]):
    """Reason of a failed analysis: `lambdas.core.errors.Reason`."""

    code = UnicodeAttribute()
    message = UnicodeAttribute()


class AnalysisRecord(Item):
    """An analysis. `attempt` counts from 1; `charge_month` stands as long as the attempt is charged for."""

    id = UnicodeAttribute()
    status = UnicodeAttribute()
    attempt = NumberAttribute()
    source = UnicodeAttribute()  # UPLOAD_DOOR or DROP_DOOR
    object_key = UnicodeAttribute(null=True)  # in the media bucket
    version_id = UnicodeAttribute(null=True)
    etag = UnicodeAttribute(null=True)
    size = NumberAttribute(null=True)  # bytes
    content_type = UnicodeAttribute(null=True)
    file_name = UnicodeAttribute(null=True)
    webhook_url = UnicodeAttribute(null=True)

    created_at = UnicodeAttribute()  # clock.stamp
    updated_at = UnicodeAttribute()
    queued_at = UnicodeAttribute(null=True)  # of the attempt: its place among the owner's waiting ones
    charge_month = UnicodeAttribute(null=True)
    charge_day = NumberAttribute(null=True)  # of that month
    deadline = NumberAttribute(null=True)  # until which it may wait; from its submission on, until which it may take
    output_location = UnicodeAttribute(null=True)
    failure_location = UnicodeAttribute(null=True)
    result_key = UnicodeAttribute(null=True)  # in the results bucket
    error = Failure(null=True)  # type: ignore[no-untyped-call]
    summary = JSONAttribute(null=True)  # results.Summary
    expires_at = NumberAttribute(null=True)
    deleted_at = NumberAttribute(null=True)  # from here on nobody sees it
    purged = BooleanAttribute(null=True)  # from here on nothing brings it back

    @property
    def inference_id(self) -> str:
        """Return the name of the current attempt at the endpoint."""
        return object_keys.inference_id(self.id, int(self.attempt))

    @property
    def is_terminal(self) -> bool:
        return self.status in TERMINAL

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def is_cancelled(self) -> bool:
        return self.status == FAILED and self.error is not None and self.error.code == CANCELLED.code


class OwnerRecord(Item):
    """Owner of analyses: a user of the pool, by their `sub`."""

    plan = UnicodeAttribute()
    email = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    webhook_url = UnicodeAttribute(null=True)
    webhook_since = UnicodeAttribute(null=True)  # what happened before is not sent to it
    webhook_secret = UnicodeAttribute(null=True)
    webhook_secret_before = UnicodeAttribute(null=True)  # signs as well, for a while after it was replaced
    webhook_secret_before_until = NumberAttribute(null=True)
    api_keys = NumberAttribute(default=0)
    example_deleted = BooleanAttribute(null=True)  # absent: the web app shows the example
    deleting_since = NumberAttribute(null=True)
    last_sign_in = NumberAttribute(null=True)  # the newest that a request came from
    sessions_ended_at = NumberAttribute(null=True)  # sessions that began before, or in this second, are over


class QuotaRecord(Item):
    """A calendar month of an owner: analyses charged (failed ones are given back), of the month and of each day."""

    used = NumberAttribute(default=0)
    seconds = NumberAttribute(default=0)  # of video analyzed
    for _day in range(1, 32):
        vars()[f"d{_day:02}"] = NumberAttribute(null=True)

    @classmethod
    def day(cls, day: int) -> NumberAttribute:
        """The counter of a day of the month, `d01` to `d31`."""
        return cast(NumberAttribute, getattr(cls, f"d{day:02}"))

    def days(self) -> dict[int, int]:
        """Analyses charged by day of the month; days without any are left out."""
        counts = {day: int(getattr(self, f"d{day:02}") or 0) for day in range(1, 32)}
        return {day: count for day, count in counts.items() if count}


class PlanChangeRecord(Item):
    """Change of an owner's plan, until all API keys have followed it."""

    since = NumberAttribute()  # epoch seconds


class UploadsRecord(Item):
    """Number of an owner's uploads that wait for their analysis."""

    outstanding = NumberAttribute(default=0)


class VersionedItem(Item):
    """An item that is read, changed and written as a whole: `version` counts the changes."""

    version = NumberAttribute(default=0)

    def unchanged(self) -> Condition:
        """Return the condition that nobody has changed the item since it was read."""
        version = type(self).version
        same: Condition = version == self.version if self.version else version.does_not_exist()
        return same

    def next_version(self) -> Action:
        """Return the part of an update that counts it."""
        counted: Action = type(self).version.set(int(self.version) + 1)
        return counted


class SlotsRecord(VersionedItem):
    """Requests of an owner that the endpoint may be working on: `fair_queue.Slot`, as lists."""

    in_flight = JSONAttribute(default=list)


class WaitingRecord(Item):
    """An attempt that waits for a slot of its owner."""

    inference_id = UnicodeAttribute()


class RequestsRecord(Item):
    """Requests of a user in a window of time; expires soon after it."""

    used = NumberAttribute(default=0)


class DeliveriesRecord(VersionedItem):
    """Deliveries of an owner's events: `lambdas.webhook.admission`. Times in epoch seconds."""

    in_flight = JSONAttribute(default=dict)  # by event: when it is forgotten
    circuits = JSONAttribute(default=dict)  # by destination: failures in a row, and until when it is left alone


class UploadRecord(Item):
    """A pending upload: its URL was given out, and no analysis has started. The sweeper removes it when it expires."""

    file_id = UnicodeAttribute()
    object_key = UnicodeAttribute()
    size = NumberAttribute(null=True)  # bytes, where the client said so
    multipart_id = UnicodeAttribute(null=True)
    expiring = BooleanAttribute(null=True)  # being removed: no analysis can be started from it
    created_at = UnicodeAttribute()


class KeyRecord(Item):
    """An API key. Its secret is kept as SHA-256 alone; the gateway knows the id alone."""

    id = UnicodeAttribute()
    name = UnicodeAttribute()
    status = UnicodeAttribute()  # pending, active or revoked
    secret_hash = UnicodeAttribute()  # hexadecimal
    gateway_key_id = UnicodeAttribute(null=True)
    scopes = UnicodeSetAttribute(null=True)  # api_keys.Scope; absent: all of them
    expires_at = NumberAttribute(null=True)  # from here on it does not work
    created_at = UnicodeAttribute()
    rotated_at = UnicodeAttribute(null=True)
    last_used_at = UnicodeAttribute(null=True)  # to the hour

    @property
    def prefix(self) -> str:
        """Beginning of the key, shown in lists so that people recognize it."""
        return key_prefix(self.id)


class AuditRecord(Item):
    """An event of an owner's audit log, listed until it expires."""

    at = UnicodeAttribute()  # clock.stamp
    event = UnicodeAttribute()  # audit.EventName
    by = UnicodeAttribute()
    subject = UnicodeAttribute(null=True)


def key_prefix(key_id: str) -> str:
    """Return the beginning of an API key's token, as lists show it."""
    return f"vs_{key_id[:8]}"


def due(record: Item, at: int) -> list[Action]:
    """The update that makes the sweeper look at a record at `at`, in epoch seconds."""
    return [Item.due_shard.set(item_keys.due_shard(record.pk)), Item.due_at.set(at)]


def not_due() -> list[Action]:
    """The update that keeps a record from the sweeper."""
    return [Item.due_shard.remove(), Item.due_at.remove()]


def connection() -> Connection:
    """Return the connection for transactions."""
    return Item._get_connection().connection
