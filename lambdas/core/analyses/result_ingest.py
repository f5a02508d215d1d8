"""Ingestion of SageMaker's results and failures, which may arrive in any order, repeatedly, or never.

The steps are: store the result under the analysis's key, complete the record, delete SageMaker's object, release the
owner's slot. If this is interrupted, the message is delivered again, and the state of the record decides what remains
to be done.
"""

from datetime import datetime

from common.analyses import COMPLETED, FAILED
from lambdas.core.analyses import deletion, fair_queue, queries, result_summary, sagemaker_events, transitions
from lambdas.core.analyses.sagemaker_events import InferenceNotification
from lambdas.core.aws.observability import logger
from lambdas.core.errors import INVALID_RESULT, TIMED_OUT
from lambdas.core.settings import settings
from lambdas.core.storage import object_keys, objects
from lambdas.core.storage.tables import AnalysisRecord


class OutputMissingError(Exception):
    """Output that SageMaker has announced, but that does not exist (yet)."""


def receive(notification: InferenceNotification, now: datetime) -> None:
    """Process a notification. Raises OutputMissingError, so that it is delivered again."""
    inference = object_keys.parse_inference_id(notification.inference_id)
    if inference is None:
        logger.warning("result with an unknown inference id", extra={"inference_id": notification.inference_id})
        return
    record = queries.find(inference.analysis_id)
    if record is None or record.purged or record.attempt != inference.attempt:
        _discard(notification)
        objects.delete(settings().results_bucket, object_keys.progress(*inference))
    elif record.status == COMPLETED or record.is_cancelled:
        _discard(notification)
    elif notification.succeeded:
        _complete(record, notification.response.output_location, now)
    else:
        logger.warning("inference failed", extra={"reason": notification.failure_reason})
        # A failure's notification may lack the location; the record has the one that SageMaker returned on submission.
        location = notification.response.failure_location or record.failure_location
        _fail(record, notification.failure_reason, location, now)
    if record is not None:
        fair_queue.release(record.owner, notification.inference_id, now)


def recover(record: AnalysisRecord, now: datetime) -> None:
    """End an attempt whose deadline has passed, with its output if there is one: the notification may have been lost.

    By then the endpoint has finished with the attempt.
    """
    if _read(record.output_location) is not None:
        _complete(record, record.output_location, now)
    elif _read(record.failure_location) is not None:
        _fail(record, "", record.failure_location, now)
    else:
        transitions.fail(record, TIMED_OUT, now)
    fair_queue.release(record.owner, record.inference_id, now)


def _complete(record: AnalysisRecord, output: str | None, now: datetime) -> None:
    body = _read(output)
    if body is None:
        if record.status == FAILED:
            return  # processed before, and found invalid
        raise OutputMissingError(f"no output at {output}")
    analysis = result_summary.parse(body)
    if analysis is None:
        logger.error("the result is not a valid analysis", extra={"output": output})
        transitions.fail(record, INVALID_RESULT, now)
    else:
        key = object_keys.result(record.id, int(record.attempt))
        objects.put_json(settings().results_bucket, key, body)
        if not transitions.complete(record, result_summary.summarize(analysis), now):
            _remove_late_result(record, key)
    deletion.remove_output(output)


def _fail(record: AnalysisRecord, failure_reason: str, failure: str | None, now: datetime) -> None:
    transitions.fail(record, sagemaker_events.reason_of(failure_reason, _read(failure)), now)
    deletion.remove_output(failure)


def _remove_late_result(record: AnalysisRecord, key: str) -> None:
    """Delete a result that was not accepted, unless it is the current result of the record."""
    current = queries.find(record.id)
    if current is None or current.purged or current.is_cancelled or current.attempt != record.attempt:
        objects.delete_versions(settings().results_bucket, key)


def _discard(notification: InferenceNotification) -> None:
    deletion.remove_output(notification.response.output_location)
    deletion.remove_output(notification.response.failure_location)


def _read(uri: str | None) -> bytes | None:
    """Read an object that SageMaker wrote at `s3://bucket/key`; None if it is absent or in another bucket."""
    location = object_keys.parse_location(uri) if uri else None
    if location is None or location.bucket != settings().results_bucket:
        return None
    return objects.read(location.bucket, location.key)
