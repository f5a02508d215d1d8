"""Handler of SageMaker's notifications (SNS with raw delivery, via SQS) that completes or fails analyses."""

from typing import Any

from lambdas.core import clock
from lambdas.core.analyses import result_ingest
from lambdas.core.analyses.sagemaker_events import InferenceNotification
from lambdas.core.aws.observability import logger, observed
from lambdas.core.event_sources import Failures, correlate, messages


@observed
def handler(event: dict[str, Any], _context: Any) -> Failures:
    """Process a batch of messages. Returns the ones that failed."""
    return messages(event, _process)


def _process(body: str) -> None:
    notification = InferenceNotification.model_validate_json(body)
    correlate(notification.inference_id.partition(".")[0])
    logger.info(
        "notification received",
        extra={"inference_id": notification.inference_id, "status": notification.invocation_status},
    )
    result_ingest.receive(notification, clock.now())
