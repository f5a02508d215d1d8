"""Events for owners' webhooks: what is told, where to, and the queue that the `webhook` Lambda sends from."""

import secrets
from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from lambdas.core import aws, owners
from lambdas.core.clock import stamp
from lambdas.core.settings import settings
from lambdas.core.tables import COMPLETED, AnalysisRecord

EventType = Literal["analysis.completed", "analysis.failed", "webhook.test"]


class Event(BaseModel):
    """Event as it waits in the queue. `id` is the same however often the event is sent.

    It holds no secret and nothing of the result: the `webhook` Lambda looks both up when it sends.
    """

    id: str
    type: EventType
    owner: str
    analysis_id: str | None = None  # of a test: none
    attempt: int | None = None
    url: str
    occurred_at: str  # clock.stamp


def event_of(record: AnalysisRecord, now: datetime) -> Event | None:
    """The event of a record that is completed or failed; None where its owner wants none.

    An analysis's own URL comes before the owner's.
    """
    profile = owners.find(record.owner)
    url = record.webhook_url or (profile.webhook_url if profile is not None else None)
    if url is None or (profile is not None and profile.deleting_since is not None):
        return None
    return Event(
        id=f"evt_{record.id}_{int(record.attempt)}_{record.status}",
        type="analysis.completed" if record.status == COMPLETED else "analysis.failed",
        owner=record.owner,
        analysis_id=record.id,
        attempt=int(record.attempt),
        url=url,
        occurred_at=record.updated_at or stamp(now),
    )


def trial(owner: str, url: str, now: datetime) -> Event:
    """An event that tells nothing: to see whether a webhook works."""
    return Event(
        id=f"evt_test_{secrets.token_hex(12)}", type="webhook.test", owner=owner, url=url, occurred_at=stamp(now)
    )


def enqueue(event: Event) -> None:
    """Have it sent. May be repeated: receivers know an event by its id."""
    aws.client("sqs").send_message(QueueUrl=settings().webhook_queue_url, MessageBody=event.model_dump_json())
