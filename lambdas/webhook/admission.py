"""Admission of deliveries: receivers of one owner must not take the time that other owners' events need.

- An owner has so many deliveries at a time: receivers that hang hold up their own owner's events alone.
- A destination that failed several times in a row is left alone for a while, longer each time; then one delivery tries
  it (a circuit breaker). Test events always do: they are there to find out.

Both stand in one item of the owner, written on the condition that it is as it was read. A delivery that was killed is
forgotten when its time is over.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from pynamodb.exceptions import PynamoDBException

from lambdas.core.aws.observability import logger
from lambdas.core.clock import epoch
from lambdas.core.storage import item_keys
from lambdas.core.storage.tables import DeliveriesRecord
from lambdas.core.storage.transactions import apply
from lambdas.core.webhooks.url_policy import Destination
from lambdas.webhook.sending import DeliveryError

IN_FLIGHT = 2  # deliveries of an owner at a time
LEASE = 30  # seconds: what the Lambda has for a delivery
FAILURES = 5  # in a row; then the destination is left alone
FIRST_PAUSE = 60  # seconds, doubled with each further failure
LONGEST_PAUSE = 600
BUSY_PAUSE = 10  # seconds that an event waits for others of its owner
MOST_CIRCUITS = 50  # destinations of an owner whose failures are remembered
ROUNDS = 8  # how often others may be faster before we give up


class NotAdmittedError(Exception):
    """A delivery that is not to be made yet; the message says why. `wait`: seconds until it may be."""

    def __init__(self, reason: str, wait: int) -> None:
        super().__init__(reason)
        self.wait = wait


@contextmanager
def admitted(owner: str, destination: Destination, event_id: str, now: datetime, *, is_test: bool) -> Iterator[None]:
    """A delivery, made in the block, whose errors pass through. Raises NotAdmittedError where it must wait."""
    name = f"{destination.host}:{destination.port}"
    _enter(owner, name, event_id, epoch(now), is_test=is_test)
    try:
        yield
    except DeliveryError:
        _leave(owner, name, event_id, epoch(now), succeeded=False)
        raise
    except Exception:
        _leave(owner, name, event_id, epoch(now), succeeded=None)
        raise
    _leave(owner, name, event_id, epoch(now), succeeded=True)


def _enter(owner: str, name: str, event_id: str, now: int, *, is_test: bool) -> None:
    for _ in range(ROUNDS):
        record = _read(owner)
        others = _others(record, event_id, now)
        if len(others) >= IN_FLIGHT:
            break
        circuits = dict(record.circuits)
        failures, closed_until = circuits.get(name, (0, 0))
        if failures >= FAILURES:
            if closed_until > now and not is_test:
                raise NotAdmittedError(f"{name} has failed {failures} times in a row", closed_until - now)
            circuits[name] = [failures, now + LEASE]  # one delivery tries it, and the others wait for what comes of it
        if _write(record, {**others, event_id: now + LEASE}, circuits):
            return
    raise NotAdmittedError("other events of the account are being delivered", BUSY_PAUSE)


def _leave(owner: str, name: str, event_id: str, now: int, *, succeeded: bool | None) -> None:
    """End a delivery. What cannot be written is forgotten with the lease: the delivery itself has been made."""
    try:
        for _ in range(ROUNDS):
            record = _read(owner)
            if _write(record, _others(record, event_id, now), _judged(record.circuits, name, now, succeeded)):
                return
        logger.warning("the end of a delivery could not be noted")
    except PynamoDBException:
        logger.exception("the end of a delivery could not be noted")


def _judged(circuits: dict[str, list[int]], name: str, now: int, succeeded: bool | None) -> dict[str, list[int]]:
    """Return the failures by destination, and until when each is left alone, after another delivery."""
    others = {other: found for other, found in circuits.items() if other != name}
    failures, closed_until = circuits.get(name, (0, 0))
    if succeeded is None:
        return {**others, name: [failures, closed_until]} if failures else others
    if succeeded:
        return others
    failures += 1
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** max(0, failures - FAILURES)) if failures >= FAILURES else 0
    kept = sorted(others.items(), key=lambda item: item[1][1])[-(MOST_CIRCUITS - 1) :]
    return {**dict(kept), name: [failures, now + pause]}


def _others(record: DeliveriesRecord, event_id: str, now: int) -> dict[str, int]:
    """The owner's other deliveries, but for those that are forgotten by now."""
    return {event: until for event, until in record.in_flight.items() if until > now and event != event_id}


def _read(owner: str) -> DeliveriesRecord:
    keys = item_keys.deliveries(owner)
    return DeliveriesRecord.find(*keys) or DeliveriesRecord(*keys)


def _write(record: DeliveriesRecord, in_flight: dict[str, int], circuits: dict[str, list[int]]) -> bool:
    """Write an owner's deliveries; False where they have changed since they were read."""
    changes = [DeliveriesRecord.in_flight.set(in_flight), DeliveriesRecord.circuits.set(circuits)]
    return apply(record, [*changes, record.next_version()], record.unchanged())
