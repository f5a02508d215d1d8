"""Transactions whose refusals say which of their items refused.

DynamoDB gives the reasons by position. pynamodb sends condition checks first, then deletes, puts and updates, each
kind in the order of the calls: `write` keeps that in mind, so that callers name their parts instead of counting.
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

ROUNDS = 8
FIRST_PAUSE = 0.05  # seconds, doubled every round, of which a random part is waited
LONGEST_PAUSE = 1.0

CONDITION_FAILED = "ConditionalCheckFailed"
# Others were at the same items, or DynamoDB had enough of us: trying again may work.
PASSING = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "TransactionInProgressException"}
)
PASSING_ERRORS = PASSING | {
    "TransactionConflictException",
    "ThrottlingException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
}


class Part:
    """Operation on one item of a transaction. `name` identifies it in `Refused`."""

    kind: int  # the place of its kind in what pynamodb sends

    def __init__(self, name: str, add: Callable[[TransactWrite], None], kind: int) -> None:
        self.name, self.add, self.kind = name, add, kind


def check(name: str, model: type[Item], keys: tuple[str, str], condition: Condition) -> Part:
    """The condition must hold; nothing is written."""
    return Part(name, lambda write: write.condition_check(model, *keys, condition=condition), 0)


def delete(name: str, record: Item, condition: Condition | None = None) -> Part:
    return Part(name, lambda write: write.delete(record, condition=condition), 1)


def put(name: str, record: Item, condition: Condition | None = None) -> Part:
    return Part(name, lambda write: write.save(record, condition=condition), 2)


def update(name: str, record: Item, actions: Sequence[Action], condition: Condition | None = None) -> Part:
    return Part(name, lambda write: write.update(record, actions=list(actions), condition=condition), 3)


class RefusedError(Exception):
    """The conditions of the parts in `names` did not hold. Nothing was written."""

    def __init__(self, names: frozenset[str]) -> None:
        super().__init__(f"refused by {', '.join(sorted(names))}")
        self.names = names


def write(*parts: Part) -> None:
    """Write all parts or none.

    Raises RefusedError where conditions do not hold, and BusyError where others stay at the same items.
    """
    ordered = sorted(parts, key=lambda part: part.kind)  # stable: calls keep their order within a kind
    for round_number in range(ROUNDS):
        try:
            with TransactWrite(connection=tables.connection()) as transaction:
                for part in ordered:
                    part.add(transaction)
            return
        except TransactWriteError as error:
            _judge(error, ordered)
        time.sleep(random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2**round_number)))
    raise BusyError


def written(*parts: Part) -> bool:
    """Write all parts or none; False where conditions do not hold. Raises BusyError as `write`."""
    try:
        write(*parts)
    except RefusedError:
        return False
    return True


def _judge(error: TransactWriteError, ordered: Sequence[Part]) -> None:
    """Return where trying again may work. Raises RefusedError, or the error itself."""
    reasons: list[CancellationReason | None] = list(error.cancellation_reasons)
    refused = frozenset(
        part.name
        for part, reason in zip(ordered, reasons, strict=False)
        if reason is not None and reason.code == CONDITION_FAILED
    )
    if refused:
        raise RefusedError(refused) from error
    if any(reason is not None and reason.code in PASSING for reason in reasons):
        return
    if error.cause_response_code in PASSING_ERRORS:
        return
    raise error


def apply(record: Item, actions: Sequence[Action], condition: Condition, beside: Part | None = None) -> bool:
    """Update one item, and write `beside` with it; False where the condition did not hold.

    The record then holds what the table holds.
    """
    if beside is not None:
        if not written(update("record", record, actions, condition), beside):
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
