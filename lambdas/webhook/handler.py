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

from common import webhooks
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
from lambdas.webhook.attempts import Try
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
    receives = int(message["attributes"]["ApproximateReceiveCount"])
    delay = delay_after(receives)
    try:
        deliver(event, event.tries + receives, delay if receives < webhooks.ATTEMPTS else None)
    except (DestinationError, AccountDeletedError) as error:
        count(WEBHOOKS_FAILED)
        logger.warning("webhook undeliverable", reason=error.detail)
    except NotAdmittedError as error:
        logger.info("webhook not admitted", reason=str(error), seconds=error.wait)
        if _age(event) < MAX_HOLD:
            events.enqueue(event.model_copy(update={"tries": event.tries + receives - 1}), delay=error.wait)
            return True
        _delay(message, delay)
        return False
    except DeliveryError as error:
        count(WEBHOOKS_FAILED)
        logger.warning("webhook failed", reason=str(error))
        _delay(message, delay)
        return False
    return True


def deliver(event: Event, number: int, delay: int | None) -> None:
    """Send an event, unless it is obsolete, and record the attempt in the owner's delivery log.

    `number`: of the attempt; `delay`: seconds until the next one if it fails, None for the last one. Raises
    DestinationError, AccountDeletedError, NotAdmittedError or DeliveryError.
    """
    url = events.url_of(event)
    if url is None:
        logger.info("webhook deleted")
        return
    body = body_of(event)
    if body is None:
        logger.info("webhook event obsolete")
        return
    attempt = Try(event, url, number, delay)
    try:
        with attempt.recorded() as outcome:
            outcome.status = _send(event, url, body)
    except NotAdmittedError:
        if _age(event) >= MAX_HOLD:
            attempt.record_pause()
        raise
    logger.info("webhook delivered", status=outcome.status)


def _send(event: Event, url: str, body: bytes) -> int:
    """Sign and send an event; return the status of the response. Raises the errors of `deliver`."""
    destination = url_policy.parse(url, allow_local=settings().local_webhooks)
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
            raise DeliveryError(f"response status {status}", "http-status", status)
    return status


def delay_after(attempts: int) -> int:
    """Return the seconds to wait after so many attempts."""
    delay = min(LONGEST_DELAY, FIRST_DELAY * DELAY_GROWTH ** (attempts - 1))
    return int(delay * random.uniform(1 - JITTER, 1))


def _age(event: Event) -> float:
    """Return the seconds since an event occurred."""
    return (clock.now() - datetime.fromisoformat(event.occurred_at)).total_seconds()


def _delay(message: dict[str, Any], seconds: int) -> None:
    """Delay the next delivery of a message by the queue."""
    clients.client("sqs").change_message_visibility(
        QueueUrl=settings().webhook_queue_url,
        ReceiptHandle=message["receiptHandle"],
        VisibilityTimeout=seconds,
    )
