"""The table's stream -> SageMaker: the other half of the outbox that a queued record is."""

from typing import Any

from lambdas.core import clock, inference, reading
from lambdas.core.batches import Failures, changes
from lambdas.core.observability import logger, observed
from lambdas.core.tables import QUEUED, AnalysisRecord


@observed
def handler(event: dict[str, Any], _context: Any) -> Failures:
    """Answers from which record on the stream must come again."""
    return changes(event, _take)


def _take(_before: AnalysisRecord | None, after: AnalysisRecord) -> None:
    if after.status != QUEUED:
        return
    record = reading.find(after.id)  # the stream may lag, and tells everything at least once
    if record is not None and record.attempt == after.attempt and inference.submit(record, clock.now()):
        logger.info("submitted", extra={"attempt": int(record.attempt)})
