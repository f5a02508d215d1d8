"""SQS -> HTTPS. An event that does not arrive stays in the queue and is tried again, later each time.

One that is not admitted yet is put into the queue anew, so that this does not count as one of its attempts; but not
for longer than LONGEST_HOLD.

At least once: killed after a delivery, before the queue knows, this sends again with the same event id. What
was tried too often goes to the dead letters, by the queue's own rule.
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
DELAY_GROWTH = 4  # each delay is so many times the one before: 30 s, 2 min, 8 min, 32 min, 2 h, 8.5 h, 11 h
LONGEST_DELAY = 11 * 3600  # SQS hides a message for 12 hours at most
LONGEST_HOLD = DAY  # since the event; then even what is not admitted counts as an attempt
JITTER = 0.2  # of a delay, so that receivers that come back are not hit by all at once

sender = Sender()


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Deliver a batch; answers which of it the queue must keep."""
    kept = [message["messageId"] for message in event["Records"] if not _handled(message)]
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in kept]}


def _handled(message: dict[str, Any]) -> bool:
    """Deliver a message; return True when it is done with: delivered, or never to be."""
    try:
        event = Event.model_validate_json(message["body"])
    except ValidationError:
        logger.error("a message that is no event")
        return False  # for the dead letters, where somebody will look at it
    logger.append_keys(event_id=event.id, correlation_id=event.analysis_id)
    try:
        deliver(event)
    except (DestinationError, AccountDeletedError) as error:
        count(WEBHOOKS_FAILED)
        logger.warning("webhook given up", reason=error.detail)
    except NotAdmittedError as error:
        logger.info("webhook not admitted", reason=str(error), seconds=error.wait)
        if _age(event) < LONGEST_HOLD:
            events.enqueue(event, delay=error.wait)
            return True
        _hide(message)
        return False
    except DeliveryError as error:
        count(WEBHOOKS_FAILED)
        logger.warning("webhook failed", reason=str(error))
        _hide(message)
        return False
    return True


def deliver(event: Event) -> None:
    """Send an event, unless it has been overtaken.

    Raises DestinationError, AccountDeletedError, NotAdmittedError or DeliveryError.
    """
    url = events.address_of(event)
    if url is None:
        logger.info("webhook deleted")
        return
    destination = url_policy.parse(url, allow_local=settings().local_webhooks)
    body = body_of(event)
    if body is None:
        logger.info("webhook overtaken")
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
            raise DeliveryError(f"answered {status}")
    logger.info("webhook delivered", status=status)


def delay_after(attempts: int) -> int:
    """Seconds until the next attempt, after so many."""
    delay = min(LONGEST_DELAY, FIRST_DELAY * DELAY_GROWTH ** (attempts - 1))
    return int(delay * random.uniform(1 - JITTER, 1))


def _age(event: Event) -> float:
    """Return the seconds since what an event is about."""
    return (clock.now() - datetime.fromisoformat(event.occurred_at)).total_seconds()


def _hide(message: dict[str, Any]) -> None:
    """Have the queue give a message again later, not at once."""
    attempts = int(message["attributes"]["ApproximateReceiveCount"])
    clients.client("sqs").change_message_visibility(
        QueueUrl=settings().webhook_queue_url,
        ReceiptHandle=message["receiptHandle"],
        VisibilityTimeout=delay_after(attempts),
    )
