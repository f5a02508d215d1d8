"""Batches of messages, each taken in by itself: what fails comes again, what succeeded does not."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from common import table
from lambdas.core.aws.observability import logger
from lambdas.core.storage.tables import AnalysisRecord, Item, PlanChangeRecord, SlotsRecord

Record = dict[str, Any]
Failures = dict[str, list[dict[str, str]]]  # what Lambda reads as `ReportBatchItemFailures`
KINDS: dict[str, type[Item]] = {  # by their sort key
    table.ANALYSIS: AnalysisRecord,
    table.SLOTS: SlotsRecord,
    table.PLAN: PlanChangeRecord,
}
T = TypeVar("T", bound=Item)


class Change(NamedTuple, Generic[T]):
    """Change of an item: before (None for a new one), after, and its place in the stream, however often it is told."""

    before: T | None
    after: T
    sequence: str


def messages(event: dict[str, Any], take: Callable[[str], None]) -> Failures:
    """Messages of SQS: `take` gets each one's body. The order does not matter."""
    failed = [record["messageId"] for record in event["Records"] if not _succeeds(take, record["body"])]
    return _failures(failed)


def changes(event: dict[str, Any], takers: Mapping[type[Item], Callable[[Change[Any]], None]]) -> Failures:
    """Changes of items from the table's stream, each taken in by the function for its kind; others are left alone.

    Lambda goes on from the first failure and sends everything after it again, so nothing after it is tried.
    """
    for record in event["Records"]:
        images = record["dynamodb"]
        new, old = images.get("NewImage"), images.get("OldImage")
        kind = KINDS.get(new[table.SORT_KEY]["S"]) if new is not None else None
        take = takers.get(kind) if kind is not None else None
        if kind is None or take is None:
            continue
        before = kind.from_raw_data(old) if old else None
        after = kind.from_raw_data(new)
        correlate(after.pk.rpartition("#")[2])
        if not _succeeds(take, Change(before, after, images["SequenceNumber"])):
            return _failures([images["SequenceNumber"]])
    return _failures([])


def correlate(identifier: str) -> None:
    """Add an analysis's id, where there is one, to all further log lines."""
    logger.append_keys(correlation_id=identifier)


def _succeeds(take: Callable[[Any], None], argument: object) -> bool:
    try:
        take(argument)
    except Exception:
        logger.exception("a message could not be taken in; it will come again")
        return False
    return True


def _failures(identifiers: Iterable[str]) -> Failures:
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}
