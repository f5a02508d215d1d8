"""The table's stream -> the drop folder's answers, and the webhook queue."""

from typing import Any

from lambdas.core import clock, publishing
from lambdas.core.batches import Change, Failures, changes
from lambdas.core.observability import logger, observed
from lambdas.core.tables import AnalysisRecord


@observed
def handler(event: dict[str, Any], _context: Any) -> Failures:
    """Answers from which record on the stream must come again."""
    return changes(event, {AnalysisRecord: _take})


def _take(change: Change[AnalysisRecord]) -> None:
    if publishing.is_news(change.before, change.after):
        publishing.publish(change.after, clock.now())
        logger.info("published", extra={"status": change.after.status})
