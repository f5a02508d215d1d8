"""Schemas of an account: usage, API keys, the webhook."""

import datetime as dt

from pydantic import Field

from lambdas.api.schemas import examples
from lambdas.api.schemas.base import Schema, example


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
    model_config = example(name="production")

    name: str = Field(min_length=1, max_length=100, pattern=r"\S")


class KeyItem(Schema):
    """An API key. Its secret is nowhere: only `prefix` tells which it is."""

    model_config = example(examples.KEY_ITEM)

    id: str
    name: str
    prefix: str
    created_at: dt.datetime
    rotated_at: dt.datetime | None
    last_used_at: dt.datetime | None = Field(description="To the hour.")


class NewKey(KeyItem):
    """A key as it was made. `token` is shown this once; it goes into `Authorization: Bearer`."""

    model_config = example(examples.NEW_KEY)

    token: str


class KeyList(Schema):
    model_config = example(keys=[examples.KEY_ITEM])

    keys: list[KeyItem]


class WebhookRequest(Schema):
    model_config = example(url=examples.WEBHOOK_URL)

    url: str = Field(min_length=1, max_length=2048)


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
