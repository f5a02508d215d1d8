"""The table's stream -> the drop folder's answers, and the webhook queue."""

from typing import Any

from lambdas.core import clock, publishing
from lambdas.core.batches import Failures, changes
from lambdas.core.observability import logger, observed
from lambdas.core.tables import AnalysisRecord


@observed
def handler(event: dict[str, Any], _context: Any) -> Failures:
    """Answers from which record on the stream must come again."""
    return changes(event, _take)


def _take(before: AnalysisRecord | None, after: AnalysisRecord) -> None:
    if publishing.is_news(before, after):
        publishing.publish(after, clock.now())
        logger.info("published", extra={"status": after.status})
