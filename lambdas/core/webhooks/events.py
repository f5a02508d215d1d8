"""Events for owners' webhooks: what is told, where to, and the queue that the `webhook` Lambda sends from."""

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
    """Event as it waits in the queue. `id` is the same however often the event is sent.

    It holds no secret, nothing of the result and no address of the account's webhook: the `webhook` Lambda looks them
    up when it sends. So a webhook that is deleted gets nothing more.
    """

    id: str
    type: EventType
    owner: str
    analysis_id: str | None = None  # of a test: none
    attempt: int | None = None
    url: str | None = None  # the analysis's own; None: the account's webhook, looked up when the event is sent
    occurred_at: str  # clock.stamp


def event_of(record: AnalysisRecord, now: datetime) -> Event | None:
    """The event of a record that is completed or failed; None where its owner wants none.

    An analysis's own URL comes before the owner's.
    """
    profile = profiles.find(record.owner)
    wanted = record.webhook_url or (profile.webhook_url if profile is not None else None)
    if wanted is None or (profile is not None and profile.deleting_since is not None):
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


def trial(owner: str, now: datetime) -> Event:
    """An event that tells nothing: to see whether the account's webhook works."""
    return Event(id=f"evt_test_{secrets.token_hex(12)}", type="webhook.test", owner=owner, occurred_at=stamp(now))


def address_of(event: Event) -> str | None:
    """Return where an event is to be sent; None where its webhook has been deleted."""
    if event.url is not None:
        return event.url
    profile = profiles.find(event.owner)
    if profile is None or profile.webhook_url is None:
        return None
    if profile.webhook_since is not None and event.occurred_at < profile.webhook_since:
        return None  # deleted, and another one set since
    return str(profile.webhook_url)


def enqueue(event: Event, delay: int = 0) -> None:
    """Have it sent, after `delay` seconds at the earliest. May be repeated: receivers know an event by its id.

    The group has SQS prefer the events of other owners where one has a backlog.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html
    """
    clients.client("sqs").send_message(
        QueueUrl=settings().webhook_queue_url,
        MessageBody=event.model_dump_json(),
        MessageGroupId=event.owner,
        DelaySeconds=delay,
    )
