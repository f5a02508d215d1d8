"""Handler that delivers webhook events from SQS over HTTPS, with exponential backoff.

An event that is not admitted yet is queued again, so that this does not count as an attempt, for up to MAX_HOLD.

Delivery is at least once: if the handler is killed before the message is deleted, the event is sent again with the
same id. After too many attempts, the queue's redrive policy moves the message to the dead letter queue.
"""

import random
import time
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from lambdas.core import clock
from lambdas.core.aws import clients
from lambdas.core.aws.observability import WEBHOOKS_FAILED, count, logger, observed
from lambdas.core.clock import DAY
from lambdas.core.errors import AccountDeletedError
from lambdas.core.owners import profiles
from lambdas.core.settings import settings
from lambdas.core.webhooks import events, url_policy
from lambdas.core.webhooks.events import Event
from lambdas.core.webhooks.url_policy import DestinationError
from lambdas.webhook.admission import NotAdmittedError, admitted
from lambdas.webhook.payload import body_of
from lambdas.webhook.sending import DeliveryError, Sender
from lambdas.webhook.signature import EVENT_ID_HEADER, SIGNATURE_HEADER, sign

FIRST_DELAY = 30  # seconds until the second attempt
DELAY_GROWTH = 4  # factor between delays: 30 s, 2 min, 8 min, 32 min, 2 h, 8.5 h, 11 h
LONGEST_DELAY = 11 * 3600  # the visibility timeout of SQS is limited to 12 hours
MAX_HOLD = DAY  # since the event occurred; after that, an event that is not admitted counts as attempted
JITTER = 0.2  # fraction of a delay, so that a receiver that recovers does not get all events at once

sender = Sender()


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Deliver a batch of messages. Returns the ones that the queue must keep."""
    failed = [message["messageId"] for message in event["Records"] if not _process(message)]
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}


def _process(message: dict[str, Any]) -> bool:
    """Deliver a message; return True if the queue can delete it: delivered, or permanently undeliverable."""
    try:
        event = Event.model_validate_json(message["body"])
    except ValidationError:
        logger.error("message is not a valid event")
        return False  # ends up in the dead letter queue, which is monitored
    logger.append_keys(event_id=event.id, correlation_id=event.analysis_id)
    try:
        deliver(event)
    except (DestinationError, AccountDeletedError) as error:
        count(WEBHOOKS_FAILED)
        logger.warning("webhook undeliverable", reason=error.detail)
    except NotAdmittedError as error:
        logger.info("webhook not admitted", reason=str(error), seconds=error.wait)
        if _age(event) < MAX_HOLD:
            events.enqueue(event, delay=error.wait)
            return True
        _delay(message)
        return False
    except DeliveryError as error:
        count(WEBHOOKS_FAILED)
        logger.warning("webhook failed", reason=str(error))
        _delay(message)
        return False
    return True


def deliver(event: Event) -> None:
    """Send an event, unless it is obsolete.

    Raises DestinationError, AccountDeletedError, NotAdmittedError or DeliveryError.
    """
    url = events.url_of(event)
    if url is None:
        logger.info("webhook deleted")
        return
    destination = url_policy.parse(url, allow_local=settings().local_webhooks)
    body = body_of(event)
    if body is None:
        logger.info("webhook event obsolete")
        return
    secrets = profiles.webhook_secrets(event.owner, clock.now())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "VideoSentiment-Webhooks/1",
        EVENT_ID_HEADER: event.id,
        SIGNATURE_HEADER: sign(secrets, body, int(time.time())),
    }
    with admitted(event.owner, destination, event.id, clock.now(), is_test=event.type == "webhook.test"):
        status = sender.post(destination, body, headers)
        if not 200 <= status < 300:
            raise DeliveryError(f"response status {status}")
    logger.info("webhook delivered", status=status)


def delay_after(attempts: int) -> int:
    """Return the seconds to wait after so many attempts."""
    delay = min(LONGEST_DELAY, FIRST_DELAY * DELAY_GROWTH ** (attempts - 1))
    return int(delay * random.uniform(1 - JITTER, 1))


def _age(event: Event) -> float:
    """Return the seconds since an event occurred."""
    return (clock.now() - datetime.fromisoformat(event.occurred_at)).total_seconds()


def _delay(message: dict[str, Any]) -> None:
    """Delay the next delivery of a message by the queue."""
    attempts = int(message["attributes"]["ApproximateReceiveCount"])
    clients.client("sqs").change_message_visibility(
        QueueUrl=settings().webhook_queue_url,
        ReceiptHandle=message["receiptHandle"],
        VisibilityTimeout=delay_after(attempts),
    )
