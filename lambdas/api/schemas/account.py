"""Schemas of an account: usage, example, API keys, audit log and webhook."""

import datetime as dt
from typing import Annotated

from pydantic import Field

from lambdas.api.schemas import examples
from lambdas.api.schemas.base import WHOLE, Schema, WebhookUrl, example
from lambdas.core.owners import api_keys
from lambdas.core.owners.api_keys import Scope
from lambdas.core.owners.audit import EventName
from lambdas.core.webhooks.deliveries import ErrorKind, Outcome
from lambdas.core.webhooks.events import EventType


class Day(Schema):
    """Analyses charged on a day."""

    date: dt.date
    requests: int


class Usage(Schema):
    """Usage in a calendar month (UTC)."""

    model_config = example(
        month="2026-11",
        plan="free",
        limit=10_000,
        used=42,
        remaining=9_958,
        left=9_958,
        resetsAt="2026-12-01T00:00:00Z",
        minutes=63.5,
        concurrency=1,
        days=[{"date": "2026-11-24", "requests": 42}],
    )

    month: str
    plan: str
    limit: int
    used: int
    remaining: int = Field(description="Analyses that can still be started in the month.")
    left: int = Field(deprecated=True, description="Deprecated: use `remaining`, which has the same value.")
    resets_at: dt.datetime
    minutes: float = Field(description="Minutes of video analyzed.")
    concurrency: int = Field(description="Analyses that are processed at a time; further ones are queued in order.")
    days: list[Day] = Field(description="Days with at least one analysis.")


class ExampleState(Schema):
    """State of the analyzed example that the web app shows in every account until the user deletes it."""

    model_config = example(deleted=False)

    deleted: bool


class UploadTerms(Schema):
    """Confirmation that the user may analyze the people shown in uploads."""

    model_config = example(acceptedAt=examples.TIME)

    accepted_at: dt.datetime | None = Field(description="Null if the user has not confirmed it yet.")


class KeyRequest(Schema):
    """New API key. The scope `read` allows all GET requests, `analyze` all other requests."""

    model_config = example(name="production", scopes=["read", "analyze"], expiresInDays=90)

    name: str = Field(min_length=1, max_length=api_keys.MAX_NAME, pattern=r"\S")
    scopes: list[Scope] = Field(default=list(api_keys.SCOPES), min_length=1, max_length=len(api_keys.SCOPES))
    expires_in_days: Annotated[int, Field(ge=1, le=api_keys.MAX_DAYS, strict=True), WHOLE] | None = Field(
        default=None, description="Validity in days; null for a key that never expires."
    )


class KeyItem(Schema):
    """API key without its secret, identified by `prefix`."""

    model_config = example(examples.KEY_ITEM)

    id: str
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: dt.datetime
    expires_at: dt.datetime | None = Field(description="Null if the key never expires.")
    rotated_at: dt.datetime | None
    last_used_at: dt.datetime | None = Field(description="Time of the last use, with a resolution of one hour.")


class NewKey(KeyItem):
    """New or rotated API key. `token` is shown only once; send it as `Authorization: Bearer TOKEN`."""

    model_config = example(examples.NEW_KEY)

    token: str


class KeyList(Schema):
    """All active API keys, newest first."""

    model_config = example(keys=[examples.KEY_ITEM])

    keys: list[KeyItem]


class AuditEvent(Schema):
    """Event of the audit log."""

    model_config = example(at=examples.TIME, event="key-created", by="session", subject="production")

    at: dt.datetime
    event: EventName
    by: str = Field(
        description="Actor: `session`, the prefix of an API key, `operator` (staff of the service) or `system`."
    )
    subject: str | None = Field(description="Name or id of the object concerned.")


class AuditPage(Schema):
    """Page of audit events, newest first. Pass `cursor` to get the next page; it is null on the last one."""

    model_config = example(
        events=[{"at": examples.TIME, "event": "key-created", "by": "session", "subject": "production"}], cursor=None
    )

    events: list[AuditEvent]
    cursor: str | None


class WebhookRequest(Schema):
    """New webhook URL."""

    model_config = example(url=examples.WEBHOOK_URL)

    url: WebhookUrl


class Webhook(Schema):
    """Webhook of the account. `secret` signs its events; `url` is null if no webhook is set."""

    model_config = example(url=examples.WEBHOOK_URL, secret="whsec_...", secretBeforeUntil=None)

    url: str | None
    secret: str
    secret_before_until: dt.datetime | None = Field(
        description="Time until which the replaced secret also signs events; null if there is none."
    )


class WebhookTest(Schema):
    """Test event that has been queued for delivery."""

    model_config = example(eventId="evt_test_7d1c2a", deliveryId=examples.DELIVERY_ID)

    event_id: str
    delivery_id: str = Field(description="Id that the event's first attempt will have in the delivery log.")


class Delivery(Schema):
    """Attempt to deliver a webhook event."""

    model_config = example(examples.DELIVERY)

    id: str
    at: dt.datetime
    event_id: str = Field(description="The same for every attempt and redelivery of an event.")
    event_type: EventType
    analysis_id: str | None = Field(description="Null for a test event.")
    destination: str = Field(description="Scheme, host and port of the URL, whose path and query may hold secrets.")
    attempt: int = Field(description="Number of the attempt, from 1.")
    outcome: Outcome = Field(description="`retrying`: failed, and another attempt will follow at `nextAttemptAt`.")
    status: int | None = Field(description="HTTP status of the response; null if there was none.")
    error: ErrorKind | None = Field(description="Kind of error; null if the event was delivered.")
    duration_ms: int
    next_attempt_at: dt.datetime | None
    redelivered: bool = Field(description="Whether it was queued once more; that is possible once per attempt.")


class DeliveryPage(Schema):
    """Page of the delivery log, newest first. Pass `cursor` to get the next page; it is null on the last one."""

    model_config = example(deliveries=[examples.DELIVERY], cursor=None)

    deliveries: list[Delivery]
    cursor: str | None


class Redelivery(Schema):
    """Event that has been queued once more."""

    model_config = example(deliveryId=examples.DELIVERY_ID)

    delivery_id: str = Field(description="Id that its first new attempt will have in the delivery log.")
