"""SQS, with SageMaker's notifications in it (SNS, raw delivery) -> completed and failed analyses."""

from typing import Any

from lambdas.core import clock, receiving
from lambdas.core.batches import Failures, correlate, messages
from lambdas.core.notices import Notice
from lambdas.core.observability import logger, observed


@observed
def handler(event: dict[str, Any], _context: Any) -> Failures:
    """Answers which messages must come again."""
    return messages(event, _take)


def _take(body: str) -> None:
    notice = Notice.model_validate_json(body)
    correlate(notice.inference_id.partition(".")[0])
    logger.info("notified", extra={"inference_id": notice.inference_id, "status": notice.invocation_status})
    receiving.receive(notice, clock.now())
