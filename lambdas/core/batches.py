"""Batches of messages, each taken in by itself: what fails comes again, what succeeded does not."""

from collections.abc import Callable, Iterable
from typing import Any

from lambdas.core.observability import logger
from lambdas.core.tables import AnalysisRecord

Record = dict[str, Any]
Failures = dict[str, list[dict[str, str]]]  # what Lambda reads as `ReportBatchItemFailures`


def messages(event: dict[str, Any], take: Callable[[str], None]) -> Failures:
    """Messages of SQS: `take` gets each one's body. The order does not matter."""
    failed = [record["messageId"] for record in event["Records"] if not _succeeds(take, record["body"])]
    return _failures(failed)


def changes(event: dict[str, Any], take: Callable[[AnalysisRecord | None, AnalysisRecord], None]) -> Failures:
    """Changes of analyses from the table's stream: `take` gets the record before (None for a new one) and after.

    Lambda goes on from the first failure and sends everything after it again, so nothing after it is tried.
    """
    for record in event["Records"]:
        images = record["dynamodb"]
        new = images.get("NewImage")
        if new is None or new["sk"]["S"] != "ANALYSIS":
            continue
        before = images.get("OldImage")
        pair = (_record(before) if before else None, _record(new))
        correlate(pair[1].id)
        if not _succeeds(lambda pair: take(*pair), pair):
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


def _record(image: dict[str, Any]) -> AnalysisRecord:
    return AnalysisRecord.from_raw_data(image)
