"""The table's stream -> the drop folder's answers, and the webhook queue."""

from typing import Any

from lambdas.core import clock
from lambdas.core.analyses import notifications
from lambdas.core.aws.observability import logger, observed
from lambdas.core.event_sources import Change, Failures, changes
from lambdas.core.storage.tables import AnalysisRecord


@observed
def handler(event: dict[str, Any], _context: Any) -> Failures:
    """Answers from which record on the stream must come again."""
    return changes(event, {AnalysisRecord: _take})


def _take(change: Change[AnalysisRecord]) -> None:
    if notifications.is_news(change.before, change.after):
        notifications.publish(change.after, clock.now())
        logger.info("published", extra={"status": change.after.status})
