"""Processing of SageMaker's results and failures, which may arrive in any order, repeatedly, or never.

The record decides. A result is stored under the analysis's own name first, then the record says so, then SageMaker's
object is removed, then the owner's slot is freed; killed anywhere between, the message comes again and goes on from
there.
"""

from datetime import datetime

from common.analyses import COMPLETED, FAILED
from lambdas.core.analyses import deletion, fair_queue, queries, result_excerpt, sagemaker_events, transitions
from lambdas.core.analyses.sagemaker_events import Notice
from lambdas.core.aws.observability import logger
from lambdas.core.errors import INVALID_RESULT, TIMED_OUT
from lambdas.core.settings import settings
from lambdas.core.storage import object_keys, objects
from lambdas.core.storage.tables import AnalysisRecord


class OutputMissingError(Exception):
    """SageMaker says that an output is there, and it is not (yet)."""


def receive(notice: Notice, now: datetime) -> None:
    """Take in a notification. Raises OutputMissingError, for the message to come again."""
    inference = object_keys.parse_inference_id(notice.inference_id)
    if inference is None:
        logger.warning("a result that is none of ours", extra={"inference_id": notice.inference_id})
        return
    record = queries.find(inference.analysis_id)
    if record is None or record.purged or record.attempt != inference.attempt:
        _discard(notice)
        objects.delete(settings().results_bucket, object_keys.progress(*inference))
    elif record.status == COMPLETED or record.is_cancelled:
        _discard(notice)
    elif notice.succeeded:
        _succeeded(record, notice.response.output_location, now)
    else:
        logger.warning("inference failed", extra={"reason": notice.failure_reason})
        # A failure's notice may lack the location; the record holds what SageMaker answered to this attempt.
        _failed(record, notice.failure_reason, notice.response.failure_location or record.failure_location, now)
    if record is not None:
        fair_queue.free(record.owner, notice.inference_id, now)


def recover(record: AnalysisRecord, now: datetime) -> None:
    """An attempt whose deadline has passed: perhaps only its notification was lost. The endpoint is done with it."""
    if _read(record.output_location) is not None:
        _succeeded(record, record.output_location, now)
    elif _read(record.failure_location) is not None:
        _failed(record, "", record.failure_location, now)
    else:
        transitions.fail(record, TIMED_OUT, now)
    fair_queue.free(record.owner, record.inference_id, now)


def _succeeded(record: AnalysisRecord, output: str | None, now: datetime) -> None:
    body = _read(output)
    if body is None:
        if record.status == FAILED:
            return  # it has been taken in before, and found wanting
        raise OutputMissingError(f"there is no output at {output}")
    analysis = result_excerpt.parse(body)
    if analysis is None:
        logger.error("the result is not an analysis", extra={"output": output})
        transitions.fail(record, INVALID_RESULT, now)
    else:
        key = object_keys.result(record.id, int(record.attempt))
        objects.put_json(settings().results_bucket, key, body)
        if not transitions.complete(record, result_excerpt.summarize(analysis), now):
            _withdraw(record, key)
    deletion.remove_output(output)


def _failed(record: AnalysisRecord, failure_reason: str, failure: str | None, now: datetime) -> None:
    transitions.fail(record, sagemaker_events.reason_of(failure_reason, _read(failure)), now)
    deletion.remove_output(failure)


def _withdraw(record: AnalysisRecord, key: str) -> None:
    """A result that came too late is removed, unless it is the very one that counts."""
    current = queries.find(record.id)
    if current is None or current.purged or current.is_cancelled or current.attempt != record.attempt:
        objects.delete_versions(settings().results_bucket, key)


def _discard(notice: Notice) -> None:
    deletion.remove_output(notice.response.output_location)
    deletion.remove_output(notice.response.failure_location)


def _read(uri: str | None) -> bytes | None:
    """Read an object that SageMaker wrote at `s3://bucket/key`; None when it is absent or in another place."""
    location = object_keys.parse_location(uri) if uri else None
    if location is None or location.bucket != settings().results_bucket:
        return None
    return objects.read(location.bucket, location.key)
