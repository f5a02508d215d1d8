"""Conditional writes and transactions with named parts.

DynamoDB reports by position which conditions of a transaction failed. pynamodb sends condition checks first, then
deletes, puts and updates, each in the order of the calls; `write` maps the positions back to the names of the parts.
"""

import random
import time
from collections.abc import Callable, Sequence

from pynamodb.exceptions import CancellationReason, TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from lambdas.core.errors import BusyError
from lambdas.core.storage import tables
from lambdas.core.storage.tables import Item

MAX_TRIES = 8
FIRST_PAUSE = 0.05  # seconds, doubled every round, of which a random part is waited
LONGEST_PAUSE = 1.0

CONDITION_FAILED = "ConditionalCheckFailed"
# Conflicts with concurrent writes, and throttling: a retry may succeed.
TRANSIENT = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "TransactionInProgressException"}
)
TRANSIENT_ERRORS = TRANSIENT | {
    "TransactionConflictException",
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
}


class Part:
    """Operation on one item of a transaction. `name` identifies it in `RefusedError`."""

    kind: int  # position of its kind of operation in the requests that pynamodb sends

    def __init__(self, name: str, add: Callable[[TransactWrite], None], kind: int) -> None:
        self.name, self.add, self.kind = name, add, kind


def check(name: str, model: type[Item], keys: tuple[str, str], condition: Condition) -> Part:
    """Create a part that only checks a condition."""
    return Part(name, lambda write: write.condition_check(model, *keys, condition=condition), 0)


def delete(name: str, record: Item, condition: Condition | None = None) -> Part:
    """Create a part that deletes an item."""
    return Part(name, lambda write: write.delete(record, condition=condition), 1)


def put(name: str, record: Item, condition: Condition | None = None) -> Part:
    """Create a part that writes a whole item."""
    return Part(name, lambda write: write.save(record, condition=condition), 2)


def update(name: str, record: Item, actions: Sequence[Action], condition: Condition | None = None) -> Part:
    """Create a part that updates an item."""
    return Part(name, lambda write: write.update(record, actions=list(actions), condition=condition), 3)


class RefusedError(Exception):
    """Transaction in which the conditions of the parts `names` failed. Nothing was written."""

    def __init__(self, names: frozenset[str]) -> None:
        super().__init__(f"conditions failed: {', '.join(sorted(names))}")
        self.names = names


def write(*parts: Part) -> None:
    """Write all parts or none.

    Raises RefusedError if conditions fail, and BusyError if the transaction keeps conflicting with others.
    """
    ordered = sorted(parts, key=lambda part: part.kind)  # stable: calls keep their order within a kind
    for number in range(MAX_TRIES):
        try:
            with TransactWrite(connection=tables.connection()) as transaction:
                for part in ordered:
                    part.add(transaction)
            return
        except TransactWriteError as error:
            _raise_unless_transient(error, ordered)
        time.sleep(random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2**number)))
    raise BusyError


def try_write(*parts: Part) -> bool:
    """Write all parts or none; return False if conditions fail. Raises BusyError like `write`."""
    try:
        write(*parts)
    except RefusedError:
        return False
    return True


def _raise_unless_transient(error: TransactWriteError, ordered: Sequence[Part]) -> None:
    """Return if the error is transient. Raises RefusedError if conditions failed, otherwise the error itself."""
    reasons: list[CancellationReason | None] = list(error.cancellation_reasons)
    refused = frozenset(
        part.name
        for part, reason in zip(ordered, reasons, strict=False)
        if reason is not None and reason.code == CONDITION_FAILED
    )
    if refused:
        raise RefusedError(refused) from error
    if any(reason is not None and reason.code in TRANSIENT for reason in reasons):
        return
    if error.cause_response_code in TRANSIENT_ERRORS:
        return
    raise error


def apply(record: Item, actions: Sequence[Action], condition: Condition, extra: Part | None = None) -> bool:
    """Update one item, and write `extra` in the same transaction; return False if a condition failed.

    After a write, the record has the attributes of the item in the table.
    """
    if extra is not None:
        if not try_write(update("record", record, actions, condition), extra):
            return False
        record.refresh(consistent_read=True)
        return True
    try:
        record.update(actions=list(actions), condition=condition)
    except UpdateError as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            return False
        raise
    return True
