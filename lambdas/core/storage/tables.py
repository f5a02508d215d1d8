"""Models of the items in the single DynamoDB table. The domain packages define how items change.

Both indexes are sparse: `by_owner` holds the items that an owner can list, `by_due` those that the sweeper must check
once `due_at` has passed.
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
UPLOAD_SOURCE, DROP_SOURCE = "upload", "drop"


class _TableName:
    """Table name, read when it is used, so that importing this module needs no environment."""

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
    """Base of all items: keys, and attributes of the indexes and the expiry. Times are in epoch seconds."""

    class Meta:
        """pynamodb's settings of the table."""

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
        """Return an item by a consistent read; None if it does not exist."""
        try:
            return cls.get(pk, sk, consistent_read=True)
        except cls.DoesNotExist:
            return None

    @classmethod
    def _get_connection(cls) -> TableConnection:
        """Share one connection among all models, instead of one each."""
        return Model._get_connection.__func__(Item)  # type: ignore[attr-defined, no-any-return]


class Failure(MapAttribute[str, str]):
    """Reason why an analysis failed: `lambdas.core.errors.Reason`."""

    code = UnicodeAttribute()
    message = UnicodeAttribute()


class AnalysisRecord(Item):
    """Analysis. `attempt` counts from 1; `charge_month` is set while the current attempt is charged."""

    id = UnicodeAttribute()
    status = UnicodeAttribute()
    attempt = NumberAttribute()
    source = UnicodeAttribute()  # UPLOAD_SOURCE or DROP_SOURCE
    object_key = UnicodeAttribute(null=True)  # in the media bucket
    version_id = UnicodeAttribute(null=True)
    etag = UnicodeAttribute(null=True)
    size = NumberAttribute(null=True)  # bytes
    content_type = UnicodeAttribute(null=True)
    file_name = UnicodeAttribute(null=True)
    webhook_url = UnicodeAttribute(null=True)
    people = BooleanAttribute(null=True)  # whether people are told apart; absent in old records: no

    created_at = UnicodeAttribute()  # clock.stamp
    updated_at = UnicodeAttribute()
    queued_at = UnicodeAttribute(null=True)  # of the attempt: orders the owner's waiting attempts
    charge_month = UnicodeAttribute(null=True)
    charge_day = NumberAttribute(null=True)  # of that month
    deadline = NumberAttribute(null=True)  # end of the wait for a slot; once submitted, of the attempt
    output_location = UnicodeAttribute(null=True)
    failure_location = UnicodeAttribute(null=True)
    result_key = UnicodeAttribute(null=True)  # in the results bucket
    error = Failure(null=True)  # type: ignore[no-untyped-call]
    summary = JSONAttribute(null=True)  # results.Summary
    people_edits = JSONAttribute(null=True)  # people.Edits: names that the owner has given
    expires_at = NumberAttribute(null=True)
    deleted_at = NumberAttribute(null=True)  # set: hidden from the owner
    purged = BooleanAttribute(null=True)  # set: can no longer be restored
    shares = NumberAttribute(null=True)  # links to it

    @property
    def inference_id(self) -> str:
        """Id of the current attempt at the endpoint."""
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
    """Profile of an owner: a user of the user pool, identified by their `sub`."""

    plan = UnicodeAttribute()
    email = UnicodeAttribute(null=True)
    created_at = UnicodeAttribute()
    webhook_url = UnicodeAttribute(null=True)
    webhook_since = UnicodeAttribute(null=True)  # earlier events are not sent to it
    webhook_secret = UnicodeAttribute(null=True)
    webhook_secret_before = UnicodeAttribute(null=True)  # the replaced secret, which also signs for a while
    webhook_secret_before_until = NumberAttribute(null=True)
    people_confirmed_at = UnicodeAttribute(null=True)  # lawful basis for telling people apart; absent: not confirmed
    api_keys = NumberAttribute(default=0)
    example_deleted = BooleanAttribute(null=True)  # absent: the web app shows the example
    upload_terms_at = NumberAttribute(null=True)  # when the user confirmed that the people shown may be analyzed
    deleting_since = NumberAttribute(null=True)
    last_sign_in = NumberAttribute(null=True)  # newest sign-in that was followed by a request
    sessions_ended_at = NumberAttribute(null=True)  # sessions that began before or in this second have ended


class QuotaRecord(Item):
    """Usage of an owner in a calendar month: analyses charged (failed ones are refunded), in total and by day."""

    used = NumberAttribute(default=0)
    seconds = NumberAttribute(default=0)  # of video analyzed
    for _day in range(1, 32):
        vars()[f"d{_day:02}"] = NumberAttribute(null=True)

    @classmethod
    def day(cls, day: int) -> NumberAttribute:
        """Return the counter of a day of the month, `d01` to `d31`."""
        return cast(NumberAttribute, getattr(cls, f"d{day:02}"))

    def days(self) -> dict[int, int]:
        """Return the analyses charged by day of the month, without days that have none."""
        counts = {day: int(getattr(self, f"d{day:02}") or 0) for day in range(1, 32)}
        return {day: count for day, count in counts.items() if count}


class PlanChangeRecord(Item):
    """Change of an owner's plan that is being applied to the API keys."""

    since = NumberAttribute()  # epoch seconds


class UploadsRecord(Item):
    """Number of an owner's pending uploads."""

    outstanding = NumberAttribute(default=0)


class VersionedItem(Item):
    """Item with optimistic locking: it is read, changed and written as a whole, and `version` counts the writes."""

    version = NumberAttribute(default=0)

    def unchanged(self) -> Condition:
        """Return the condition that the item has not changed since it was read."""
        version = type(self).version
        same: Condition = version == self.version if self.version else version.does_not_exist()
        return same

    def next_version(self) -> Action:
        """Return the action of an update that increments the version."""
        counted: Action = type(self).version.set(int(self.version) + 1)
        return counted


class SlotsRecord(VersionedItem):
    """Slots that an owner has taken: each a `fair_queue.Slot` as a list."""

    in_flight = JSONAttribute(default=list)


class WaitingRecord(Item):
    """Attempt that is waiting for a slot of its owner."""

    inference_id = UnicodeAttribute()


class RequestsRecord(Item):
    """Number of a user's requests in a rate limit's window, after which the item soon expires."""

    used = NumberAttribute(default=0)


class DeliveriesRecord(VersionedItem):
    """State of an owner's webhook deliveries, see `lambdas.webhook.admission`. Times are in epoch seconds."""

    in_flight = JSONAttribute(default=dict)  # event id -> end of the delivery's lease
    circuits = JSONAttribute(default=dict)  # destination -> [consecutive failures, end of the pause]


class DeliveryRecord(Item):
    """Attempt to deliver a webhook event, listed in the delivery log until it expires."""

    id = UnicodeAttribute()
    at = UnicodeAttribute()  # clock.stamp: start of the attempt
    event_id = UnicodeAttribute()
    event_type = UnicodeAttribute()  # events.EventType
    occurred_at = UnicodeAttribute()  # of the event
    analysis_id = UnicodeAttribute(null=True)
    analysis_attempt = NumberAttribute(null=True)
    own_url = BooleanAttribute()  # sent to the analysis's own URL, not to the account's webhook
    destination = UnicodeAttribute()  # scheme, host and port: path and query may hold secrets
    attempt = NumberAttribute()
    duration_ms = NumberAttribute()
    status = NumberAttribute(null=True)  # HTTP status of the response
    error = UnicodeAttribute(null=True)  # deliveries.ErrorKind
    next_attempt_at = NumberAttribute(null=True)  # epoch seconds
    redelivery_began = NumberAttribute(null=True)  # epoch seconds
    redelivered = BooleanAttribute(null=True)


class UploadRecord(Item):
    """Pending upload: its URL was issued, and no analysis has been started. The sweeper removes it when it expires."""

    file_id = UnicodeAttribute()
    object_key = UnicodeAttribute()
    size = NumberAttribute(null=True)  # bytes, if the client declared it
    multipart_id = UnicodeAttribute(null=True)
    expiring = BooleanAttribute(null=True)  # being removed: no analysis can be started from it
    created_at = UnicodeAttribute()


class KeyRecord(Item):
    """API key. Only the SHA-256 of its secret is stored; API Gateway stores only the id."""

    id = UnicodeAttribute()
    name = UnicodeAttribute()
    status = UnicodeAttribute()  # pending, active or revoked
    secret_hash = UnicodeAttribute()  # hexadecimal
    gateway_key_id = UnicodeAttribute(null=True)
    scopes = UnicodeSetAttribute(null=True)  # api_keys.Scope; absent: all scopes
    expires_at = NumberAttribute(null=True)
    created_at = UnicodeAttribute()
    rotated_at = UnicodeAttribute(null=True)
    last_used_at = UnicodeAttribute(null=True)  # with a resolution of one hour

    @property
    def prefix(self) -> str:
        """First characters of the key, shown in lists to identify it."""
        return key_prefix(self.id)


class ShareRecord(Item):
    """Link to one analysis, for readers without an account. Only the SHA-256 of its secret is stored."""

    id = UnicodeAttribute()
    analysis_id = UnicodeAttribute()
    secret_hash = UnicodeAttribute()  # hexadecimal
    include_video = BooleanAttribute(default=False)
    created_at = UnicodeAttribute()  # clock.stamp
    expires_at = NumberAttribute()


class AuditRecord(Item):
    """Event of an owner's audit log, listed until it expires."""

    at = UnicodeAttribute()  # clock.stamp
    event = UnicodeAttribute()  # audit.EventName
    by = UnicodeAttribute()
    subject = UnicodeAttribute(null=True)


def key_prefix(key_id: str) -> str:
    """Return the first characters of an API key's token, as shown in lists."""
    return f"vs_{key_id[:8]}"


def due(record: Item, at: int) -> list[Action]:
    """Return the actions that have the sweeper check a record at `at`, in epoch seconds."""
    return [Item.due_shard.set(item_keys.due_shard(record.pk)), Item.due_at.set(at)]


def not_due() -> list[Action]:
    """Return the actions that hide a record from the sweeper."""
    return [Item.due_shard.remove(), Item.due_at.remove()]


def connection() -> Connection:
    """Return the connection for transactions."""
    return Item._get_connection().connection
