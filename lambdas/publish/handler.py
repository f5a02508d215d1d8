"""Handler of the table's stream that writes drop folder answers and queues webhook events."""

from typing import Any

from lambdas.core import clock
from lambdas.core.analyses import outbox
from lambdas.core.aws.observability import logger, observed
from lambdas.core.event_sources import Change, Failures, changes
from lambdas.core.storage.tables import AnalysisRecord


@observed
def handler(event: dict[str, Any], _context: Any) -> Failures:
    """Process a batch of the stream. Returns the first record that failed."""
    return changes(event, {AnalysisRecord: _process})


def _process(change: Change[AnalysisRecord]) -> None:
    if outbox.needs_publishing(change.before, change.after):
        outbox.publish(change.after, clock.now())
        logger.info("published", extra={"status": change.after.status})
