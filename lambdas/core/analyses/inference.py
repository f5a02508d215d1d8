"""Submission to SageMaker of what has a slot: a copy of the upload, the request, and the record's change of state."""

from datetime import datetime
from typing import NamedTuple

from botocore.exceptions import ClientError

from common.analyses import FAILED, QUEUED
from lambdas.core import file_types
from lambdas.core.analyses import fair_queue, queries, transitions
from lambdas.core.analyses.fair_queue import Slot
from lambdas.core.aws import clients
from lambdas.core.errors import UPLOAD_MISSING, UPLOAD_REPLACED, Reason
from lambdas.core.settings import settings
from lambdas.core.storage import object_keys, objects
from lambdas.core.storage.tables import AnalysisRecord

COPY_REFUSED = ("412", "PreconditionFailed")


class Invocation(NamedTuple):
    """Accepted request to SageMaker: where it will put its answer, as `s3://bucket/key`."""

    output_location: str
    failure_location: str | None


def submit_next(owner: str, cause: str, now: datetime) -> AnalysisRecord | None:
    """Submit the attempt of an owner that has waited longest, where a slot is free. Returns what was submitted.

    `cause`: the event that has led here, which submits one attempt however often it is delivered.
    """
    begun = fair_queue.taken_by(owner, cause)
    if begun is not None:
        return submit(owner, begun, now)
    slot = fair_queue.take(owner, cause, now)
    if slot is None:
        return None
    record = submit(owner, slot, now)
    if record is None:  # cancelled, deleted or failed in this moment: nobody has asked the endpoint
        fair_queue.free(owner, slot.inference_id, now)
    return record


def submit(owner: str, slot: Slot, now: datetime) -> AnalysisRecord | None:
    """Hand the attempt that has a slot to the endpoint. None where there was nothing to hand over (any more).

    Killed between two steps and begun again, the endpoint may be asked twice: for the same copy, under the same
    inference id, of whose results the first one counts.
    """
    found = object_keys.parse_inference_id(slot.inference_id)
    record = queries.find(found.analysis_id) if found is not None else None
    if found is None or record is None or record.attempt != found.attempt or record.purged:
        return None  # the record no longer says whether the endpoint was asked: its notification frees the slot
    if record.output_location is not None:
        return None  # it was
    if record.status == QUEUED and not record.is_deleted:
        reason = copy_input(record)
        if reason is None:
            invocation = invoke(record)
            if not transitions.mark_processing(record, invocation.output_location, invocation.failure_location, now):
                _withdraw_ended(record)
            return record
        transitions.fail(record, reason, now)
    fair_queue.free(owner, slot.inference_id, now)
    return None


def _withdraw_ended(record: AnalysisRecord) -> None:
    """Remove the copy of an attempt that ended while it was being copied: so the model server ends its work."""
    current = queries.find(record.id)
    if current is None or current.status == FAILED or current.attempt != record.attempt or current.is_deleted:
        objects.delete_versions(settings().media_bucket, input_key(record))


def copy_input(record: AnalysisRecord) -> Reason | None:
    """Copy what was checked, and nothing else, to where it is analyzed. Returns why that cannot be done."""
    bucket = settings().media_bucket
    source = {"Bucket": bucket, "Key": record.object_key}
    if record.version_id is not None:  # a client may PUT again as long as its URL is good for
        source["VersionId"] = record.version_id
    try:
        clients.s3(copies=True).copy_object(
            Bucket=bucket,
            Key=input_key(record),
            CopySource=source,
            CopySourceIfMatch=record.etag,
            ContentType=record.content_type,
            MetadataDirective="REPLACE",
            TaggingDirective="REPLACE",  # who drops an object may have tagged it: none of our business
        )
    except ClientError as error:
        if clients.is_absent(error):
            return UPLOAD_REPLACED if objects.exists(bucket, record.object_key) else UPLOAD_MISSING
        if clients.code_of(error) in COPY_REFUSED:
            return UPLOAD_REPLACED
        raise
    return None


def invoke(record: AnalysisRecord) -> Invocation:
    """Ask the endpoint for an analysis of the copy; the model server ends it when the copy is removed."""
    location = str(object_keys.Location(settings().media_bucket, input_key(record)))
    answer = clients.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName=settings().endpoint_name,
        InputLocation=location,
        CustomAttributes=f"input={location}",
        InferenceId=record.inference_id,
        ContentType=record.content_type,
        RequestTTLSeconds=settings().request_ttl_seconds,
        InvocationTimeoutSeconds=settings().invocation_seconds,
    )
    return Invocation(answer["OutputLocation"], answer.get("FailureLocation"))


def input_key(record: AnalysisRecord) -> str:
    container = next(c for c in file_types.CONTAINERS if c.content_type == record.content_type)
    return object_keys.input_copy(record.id, int(record.attempt), container.extensions[0])
