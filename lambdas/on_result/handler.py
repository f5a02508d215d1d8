"""SQS, with SageMaker's notifications in it (SNS, raw delivery) -> completed and failed analyses."""

from typing import Any

from lambdas.core import clock
from lambdas.core.analyses import result_ingest
from lambdas.core.analyses.sagemaker_events import Notice
from lambdas.core.aws.observability import logger, observed
from lambdas.core.event_sources import Failures, correlate, messages


@observed
def handler(event: dict[str, Any], _context: Any) -> Failures:
    """Answers which messages must come again."""
    return messages(event, _take)


def _take(body: str) -> None:
    notice = Notice.model_validate_json(body)
    correlate(notice.inference_id.partition(".")[0])
    logger.info("notified", extra={"inference_id": notice.inference_id, "status": notice.invocation_status})
    result_ingest.receive(notice, clock.now())
