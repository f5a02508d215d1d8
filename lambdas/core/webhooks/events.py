"""Webhook events: their content and recipients, and the queue from which the `webhook` Lambda delivers them."""

import secrets
from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from common.analyses import COMPLETED
from lambdas.core.aws import clients
from lambdas.core.clock import stamp
from lambdas.core.owners import profiles
from lambdas.core.settings import settings
from lambdas.core.storage.tables import AnalysisRecord

EventType = Literal["analysis.completed", "analysis.failed", "webhook.test"]


class Event(BaseModel):
    """Event in the queue. `id` is the same for every delivery of the event.

    Secret, result and the account's webhook URL are not part of it: the `webhook` Lambda reads them at delivery, so
    that nothing is sent to a webhook that has been deleted.
    """

    id: str
    type: EventType
    owner: str
    analysis_id: str | None = None  # None for a test event
    attempt: int | None = None
    url: str | None = None  # the analysis's own; None: the account's webhook, read at delivery
    occurred_at: str  # clock.stamp
    tries: int = 0  # attempts before the event was queued again
    redelivery_of: str | None = None  # entry of the delivery log that the owner had delivered again


def event_of(record: AnalysisRecord, now: datetime) -> Event | None:
    """Create the event of a completed or failed analysis; None if it has no webhook or the account is being deleted.

    An analysis's own URL takes precedence over the account's webhook.
    """
    profile = profiles.find(record.owner)
    url = record.webhook_url or (profile.webhook_url if profile is not None else None)
    if url is None or (profile is not None and profile.deleting_since is not None):
        return None
    return Event(
        id=f"evt_{record.id}_{int(record.attempt)}_{record.status}",
        type="analysis.completed" if record.status == COMPLETED else "analysis.failed",
        owner=record.owner,
        analysis_id=record.id,
        attempt=int(record.attempt),
        url=record.webhook_url,
        occurred_at=record.updated_at or stamp(now),
    )


def test_event(owner: str, now: datetime) -> Event:
    """Create a test event without data for the account's webhook."""
    return Event(id=f"evt_test_{secrets.token_hex(12)}", type="webhook.test", owner=owner, occurred_at=stamp(now))


def url_of(event: Event) -> str | None:
    """Return the URL for an event; None if its webhook has been deleted."""
    if event.url is not None:
        return event.url
    profile = profiles.find(event.owner)
    if profile is None or profile.webhook_url is None:
        return None
    if profile.webhook_since is not None and event.occurred_at < profile.webhook_since:
        return None  # of a deleted webhook; a new one was set after the event
    return str(profile.webhook_url)


def enqueue(event: Event, delay: int = 0) -> None:
    """Queue an event for delivery after `delay` seconds.

    May be called again: receivers identify duplicates by the event id.

    The message group makes the queue fair: SQS prefers other owners' events while one owner has a backlog.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
    """
    clients.client("sqs").send_message(
        QueueUrl=settings().webhook_queue_url,
        MessageBody=event.model_dump_json(),
        MessageGroupId=event.owner,
        DelaySeconds=delay,
    )
