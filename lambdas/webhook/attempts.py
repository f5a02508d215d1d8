"""Record of each attempt to deliver an event in its owner's delivery log."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from pynamodb.exceptions import PynamoDBException

from lambdas.core import clock
from lambdas.core.aws.observability import logger
from lambdas.core.errors import BusyError
from lambdas.core.webhooks import deliveries
from lambdas.core.webhooks.deliveries import Attempt, ErrorKind
from lambdas.core.webhooks.events import Event
from lambdas.core.webhooks.url_policy import DestinationError
from lambdas.webhook.sending import DeliveryError


@dataclass
class Outcome:
    """Outcome of an attempt: the status of the response and, unless it was delivered, the kind of error."""

    status: int | None = None
    error: ErrorKind | None = None


@dataclass(frozen=True)
class Try:
    """Attempt of an event that is about to be made. `number` counts from 1; `delay`: seconds until the next one."""

    event: Event
    url: str
    number: int
    delay: int | None  # None: it is the last one

    @contextmanager
    def recorded(self) -> Iterator[Outcome]:
        """Record the attempt that is made in the block, which sets the status of the response."""
        at, began, outcome = clock.now(), time.monotonic(), Outcome()
        next_at: datetime | None = None
        try:
            yield outcome
        except DestinationError:
            outcome.error = "url-not-allowed"
            raise
        except DeliveryError as error:
            outcome.status, outcome.error = error.status, error.kind
            next_at = self._next_at(at)
            raise
        finally:
            if outcome.status is not None or outcome.error is not None:
                self._record(outcome, at, time.monotonic() - began, next_at)

    def record_pause(self) -> None:
        """Record that the event was not sent, because its destination was paused for too long."""
        at = clock.now()
        self._record(Outcome(error="paused"), at, 0.0, self._next_at(at))

    def _next_at(self, at: datetime) -> datetime | None:
        return None if self.delay is None else at + timedelta(seconds=self.delay)

    def _record(self, outcome: Outcome, at: datetime, seconds: float, next_at: datetime | None) -> None:
        """Write the entry. Errors are only logged, as the attempt has been made."""
        parts = urlsplit(self.url)
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        attempt = Attempt(self.number, at, seconds, origin, outcome.status, outcome.error, next_at)
        try:
            deliveries.record(self.event, attempt)
        except (PynamoDBException, BusyError):
            logger.exception("the delivery could not be recorded")
