"""Admission control of deliveries, so that one owner's slow or failing receivers do not delay other owners' events.

- Concurrency limit: each owner has a few deliveries at a time, so receivers that hang delay only their owner's events.
- Circuit breaker: a destination that keeps failing is paused, longer each time, and then tried by a single delivery.
  Test events are always delivered, as their purpose is to try the destination.

Both states are stored in one item per owner with optimistic locking. Each delivery has a lease, so that one that was
killed stops counting when its lease ends.
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
LEASE = 30  # seconds: the Lambda's timeout
FAILURES = 5  # consecutive failures that open a destination's circuit
FIRST_PAUSE = 60  # seconds, doubled with each further failure
LONGEST_PAUSE = 600
BUSY_PAUSE = 10  # seconds that an event waits for other deliveries of its owner
MAX_CIRCUITS = 50  # destinations per owner whose failures are stored
MAX_TRIES = 8  # optimistic writes before giving up


class NotAdmittedError(Exception):
    """A delivery must wait. `wait`: seconds until it may be made."""

    def __init__(self, reason: str, wait: int) -> None:
        super().__init__(reason)
        self.wait = wait


@contextmanager
def admitted(owner: str, destination: Destination, event_id: str, now: datetime, *, is_test: bool) -> Iterator[None]:
    """Admit a delivery, made in the block. Raises NotAdmittedError if it must wait, or what the block raises."""
    name = f"{destination.host}:{destination.port}"
    _admit(owner, name, event_id, epoch(now), is_test=is_test)
    try:
        yield
    except DeliveryError:
        _settle(owner, name, event_id, epoch(now), succeeded=False)
        raise
    except Exception:
        _settle(owner, name, event_id, epoch(now), succeeded=None)
        raise
    _settle(owner, name, event_id, epoch(now), succeeded=True)


def _admit(owner: str, name: str, event_id: str, now: int, *, is_test: bool) -> None:
    for _ in range(MAX_TRIES):
        record = _read(owner)
        others = _others(record, event_id, now)
        if len(others) >= IN_FLIGHT:
            break
        circuits = dict(record.circuits)
        failures, paused_until = circuits.get(name, (0, 0))
        if failures >= FAILURES:
            if paused_until > now and not is_test:
                raise NotAdmittedError(f"{name} has failed {failures} times in a row", paused_until - now)
            circuits[name] = [failures, now + LEASE]  # this delivery tries the destination; the others wait for it
        if _write(record, {**others, event_id: now + LEASE}, circuits):
            return
    raise NotAdmittedError("too many concurrent deliveries of this account", BUSY_PAUSE)


def _settle(owner: str, name: str, event_id: str, now: int, *, succeeded: bool | None) -> None:
    """Record the outcome of a delivery. Errors are only logged, as the delivery has been made and its lease ends."""
    try:
        for _ in range(MAX_TRIES):
            record = _read(owner)
            if _write(record, _others(record, event_id, now), _updated_circuits(record.circuits, name, now, succeeded)):
                return
        logger.warning("the outcome of a delivery could not be stored")
    except PynamoDBException:
        logger.exception("the outcome of a delivery could not be stored")


def _updated_circuits(
    circuits: dict[str, list[int]], name: str, now: int, succeeded: bool | None
) -> dict[str, list[int]]:
    """Return the circuits (consecutive failures and end of the pause by destination) after a delivery to `name`.

    `succeeded` is None if the delivery ended with an error that says nothing about the destination.
    """
    others = {other: circuit for other, circuit in circuits.items() if other != name}
    failures, paused_until = circuits.get(name, (0, 0))
    if succeeded is None:
        return {**others, name: [failures, paused_until]} if failures else others
    if succeeded:
        return others
    failures += 1
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** max(0, failures - FAILURES)) if failures >= FAILURES else 0
    kept = sorted(others.items(), key=lambda item: item[1][1])[-(MAX_CIRCUITS - 1) :]
    return {**dict(kept), name: [failures, now + pause]}


def _others(record: DeliveriesRecord, event_id: str, now: int) -> dict[str, int]:
    """Return the owner's other deliveries whose leases have not ended."""
    return {event: until for event, until in record.in_flight.items() if until > now and event != event_id}


def _read(owner: str) -> DeliveriesRecord:
    keys = item_keys.deliveries(owner)
    return DeliveriesRecord.find(*keys) or DeliveriesRecord(*keys)


def _write(record: DeliveriesRecord, in_flight: dict[str, int], circuits: dict[str, list[int]]) -> bool:
    """Write an owner's deliveries; return False if they have changed since they were read."""
    changes = [DeliveriesRecord.in_flight.set(in_flight), DeliveriesRecord.circuits.set(circuits)]
    return apply(record, [*changes, record.next_version()], record.unchanged())
