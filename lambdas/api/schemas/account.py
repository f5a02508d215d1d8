"""Schemas of an account: usage, API keys, the webhook."""

import datetime as dt
from typing import Annotated

from pydantic import Field

from lambdas.api.schemas import examples
from lambdas.api.schemas.base import WHOLE, Schema, WebhookUrl, example
from lambdas.core.owners import api_keys
from lambdas.core.owners.api_keys import Scope
from lambdas.core.owners.audit import EventName


class Day(Schema):
    date: dt.date
    requests: int


class Usage(Schema):
    """Use of the quota in a calendar month (UTC)."""

    model_config = example(
        month="2026-11",
        plan="free",
        limit=10_000,
        used=42,
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
    left: int
    resets_at: dt.datetime
    minutes: float = Field(description="Minutes of video analyzed.")
    concurrency: int = Field(description="Analyses that are processed at a time. Further ones wait, in order.")
    days: list[Day]


class ExampleState(Schema):
    """The analyzed example that the web app shows in every account; `deleted` where the user removed it."""

    model_config = example(deleted=False)

    deleted: bool


class KeyRequest(Schema):
    """`read` allows every GET, `analyze` everything else: uploads, starting, cancelling, deleting, restoring."""

    model_config = example(name="production", scopes=["read", "analyze"], expiresInDays=90)

    name: str = Field(min_length=1, max_length=api_keys.MAX_NAME, pattern=r"\S")
    scopes: list[Scope] = Field(default=list(api_keys.SCOPES), min_length=1, max_length=len(api_keys.SCOPES))
    expires_in_days: Annotated[int, Field(ge=1, le=api_keys.MAX_DAYS, strict=True), WHOLE] | None = Field(
        default=None, description="Without it, the key works until revoked."
    )


class KeyItem(Schema):
    """An API key. Its secret is nowhere: only `prefix` tells which it is."""

    model_config = example(examples.KEY_ITEM)

    id: str
    name: str
    prefix: str
    scopes: list[Scope]
    created_at: dt.datetime
    expires_at: dt.datetime | None = Field(description="It works until then; null where it does not expire.")
    rotated_at: dt.datetime | None
    last_used_at: dt.datetime | None = Field(description="To the hour.")


class NewKey(KeyItem):
    """A key as it was made. `token` is shown this once; it goes into `Authorization: Bearer`."""

    model_config = example(examples.NEW_KEY)

    token: str


class KeyList(Schema):
    model_config = example(keys=[examples.KEY_ITEM])

    keys: list[KeyItem]


class AuditEvent(Schema):
    """Something that happened in the account."""

    model_config = example(at=examples.TIME, event="key-created", by="session", subject="production")

    at: dt.datetime
    event: EventName
    by: str = Field(description="`session`, an API key's prefix, `operator` (ours), or `system`.")
    subject: str | None = Field(description="Name or id of what it is about.")


class AuditPage(Schema):
    """Newest first. `cursor` asks for the next page; null on the last one."""

    model_config = example(
        events=[{"at": examples.TIME, "event": "key-created", "by": "session", "subject": "production"}], cursor=None
    )

    events: list[AuditEvent]
    cursor: str | None


class WebhookRequest(Schema):
    model_config = example(url=examples.WEBHOOK_URL)

    url: WebhookUrl


class Webhook(Schema):
    """Address that events are sent to. `secret` signs them; `url` is null without a webhook."""

    model_config = example(url=examples.WEBHOOK_URL, secret="whsec_...", secretBeforeUntil=None)

    url: str | None
    secret: str
    secret_before_until: dt.datetime | None = Field(
        description="After a replacement: until when the secret before signs events as well. Null otherwise."
    )


class WebhookTest(Schema):
    """The event that is on its way to the webhook, as any other would be."""

    model_config = example(eventId="evt_test_7d1c2a")

    event_id: str
