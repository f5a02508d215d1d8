"""Batch processing of SQS messages and DynamoDB stream records: only failed records are delivered again."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from common import table
from lambdas.core.aws.observability import logger
from lambdas.core.storage.tables import AnalysisRecord, Item, PlanChangeRecord, SlotsRecord

Record = dict[str, Any]
Failures = dict[str, list[dict[str, str]]]  # response of a Lambda with `ReportBatchItemFailures`
ITEM_TYPES: dict[str, type[Item]] = {  # by their sort key
    table.ANALYSIS: AnalysisRecord,
    table.SLOTS: SlotsRecord,
    table.PLAN: PlanChangeRecord,
}
T = TypeVar("T", bound=Item)


class Change(NamedTuple, Generic[T]):
    """Change of an item. `before` is None for a new item; `sequence` is the same for every delivery of the change."""

    before: T | None
    after: T
    sequence: str


def messages(event: dict[str, Any], process: Callable[[str], None]) -> Failures:
    """Call `process` with the body of each SQS message, in any order. Returns the messages that failed."""
    failed = [record["messageId"] for record in event["Records"] if not _succeeds(process, record["body"])]
    return _failures(failed)


def changes(event: dict[str, Any], processors: Mapping[type[Item], Callable[[Change[Any]], None]]) -> Failures:
    """Call the processor of each changed item's type, in stream order; other types are skipped.

    Stops at the first failure, which it returns: Lambda delivers that record and all after it again.
    """
    for record in event["Records"]:
        images = record["dynamodb"]
        new, old = images.get("NewImage"), images.get("OldImage")
        item_type = ITEM_TYPES.get(new[table.SORT_KEY]["S"]) if new is not None else None
        process = processors.get(item_type) if item_type is not None else None
        if item_type is None or process is None:
            continue
        before = item_type.from_raw_data(old) if old else None
        after = item_type.from_raw_data(new)
        correlate(after.pk.rpartition("#")[2])
        if not _succeeds(process, Change(before, after, images["SequenceNumber"])):
            return _failures([images["SequenceNumber"]])
    return _failures([])


def correlate(identifier: str) -> None:
    """Set the correlation id of all further log lines, usually an analysis's id."""
    logger.append_keys(correlation_id=identifier)


def _succeeds(process: Callable[[Any], None], argument: object) -> bool:
    try:
        process(argument)
    except Exception:
        logger.exception("processing failed; the message will be delivered again")
        return False
    return True


def _failures(identifiers: Iterable[str]) -> Failures:
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}
