"""Submission of attempts that hold a slot: copy the upload, invoke the SageMaker endpoint, update the record."""

from datetime import datetime
from typing import NamedTuple

from botocore.exceptions import ClientError

from common.analyses import FAILED, QUEUED
from lambdas.core import file_types
from lambdas.core.analyses import fair_queue, queries, transitions
from lambdas.core.analyses.fair_queue import Slot
from lambdas.core.aws import clients
from lambdas.core.errors import NOT_SUBMITTED, UPLOAD_MISSING, UPLOAD_REPLACED, Reason
from lambdas.core.settings import settings
from lambdas.core.storage import object_keys, objects
from lambdas.core.storage.tables import AnalysisRecord

COPY_REFUSED = ("412", "PreconditionFailed")


class Invocation(NamedTuple):
    """Request that SageMaker has accepted, with the locations of its future output, as `s3://bucket/key`."""

    output_location: str
    failure_location: str | None


def submit_next(owner: str, cause: str, now: datetime) -> AnalysisRecord | None:
    """Submit the owner's attempt that has waited longest, if a slot is free. Returns its record, or None.

    `cause` identifies the triggering event, which submits one attempt however often it is delivered.
    """
    held = fair_queue.acquired_by(owner, cause)
    if held is not None:
        return submit(owner, held, now)
    slot = fair_queue.acquire(owner, cause, now)
    if slot is None:
        return None
    record = submit(owner, slot, now)
    if record is None:  # cancelled, deleted or failed in the meantime, so the endpoint was not invoked
        fair_queue.release(owner, slot.inference_id, now)
    return record


def submit(owner: str, slot: Slot, now: datetime) -> AnalysisRecord | None:
    """Submit the attempt that holds a slot to the endpoint. Returns None if it is not to be submitted (any more).

    If this is interrupted and repeated, the endpoint may be invoked twice, with the same copy and inference id; the
    first result counts.
    """
    record = _record_of(slot)
    if record is None:
        return None  # the endpoint may have been invoked: the notification then releases the slot
    if record.output_location is not None:
        return None  # already submitted
    if record.status == QUEUED and not record.is_deleted:
        reason = copy_input(record)
        if reason is None:
            invocation = invoke(record)
            if not transitions.mark_processing(record, invocation.output_location, invocation.failure_location, now):
                _remove_copy_if_ended(record)
            return record
        transitions.fail(record, reason, now)
    fair_queue.release(owner, slot.inference_id, now)
    return None


def expire(owner: str, slot: Slot, now: datetime) -> None:
    """Release a slot whose time is over. An attempt that was never submitted in that time fails."""
    record = _record_of(slot)
    if record is not None and record.status == QUEUED:
        transitions.fail(record, NOT_SUBMITTED, now)
    fair_queue.release(owner, slot.inference_id, now)


def _record_of(slot: Slot) -> AnalysisRecord | None:
    """Return the record whose current attempt holds a slot; None if it has another attempt by now, or is purged."""
    found = object_keys.parse_inference_id(slot.inference_id)
    record = queries.find(found.analysis_id) if found is not None else None
    if found is None or record is None or record.attempt != found.attempt or record.purged:
        return None
    return record


def _remove_copy_if_ended(record: AnalysisRecord) -> None:
    """Remove the copy of an attempt that ended while it was being submitted, which makes the model server stop."""
    current = queries.find(record.id)
    if current is None or current.status == FAILED or current.attempt != record.attempt or current.is_deleted:
        objects.delete_versions(settings().media_bucket, input_key(record))


def copy_input(record: AnalysisRecord) -> Reason | None:
    """Copy exactly the object that was checked to the key that is analyzed. Returns the reason if it cannot."""
    bucket = settings().media_bucket
    source = {"Bucket": bucket, "Key": record.object_key}
    if record.version_id is not None:  # the client can PUT again while its URL is valid
        source["VersionId"] = record.version_id
    try:
        clients.s3(copies=True).copy_object(
            Bucket=bucket,
            Key=input_key(record),
            CopySource=source,
            CopySourceIfMatch=record.etag,
            ContentType=record.content_type,
            MetadataDirective="REPLACE",
            TaggingDirective="REPLACE",  # do not copy tags that the uploader may have set
        )
    except ClientError as error:
        if clients.is_absent(error):
            return UPLOAD_REPLACED if objects.exists(bucket, record.object_key) else UPLOAD_MISSING
        if clients.code_of(error) in COPY_REFUSED:
            return UPLOAD_REPLACED
        raise
    return None


def invoke(record: AnalysisRecord) -> Invocation:
    """Invoke the endpoint for the copy. The model server stops when the copy is removed.

    It tells people apart only where the record says so.
    """
    location = str(object_keys.Location(settings().media_bucket, input_key(record)))
    answer = clients.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName=settings().endpoint_name,
        InputLocation=location,
        CustomAttributes=f"input={location};people={str(bool(record.people)).lower()}",  # model.serving.attributes
        InferenceId=record.inference_id,
        ContentType=record.content_type,
        RequestTTLSeconds=settings().request_ttl_seconds,
        InvocationTimeoutSeconds=settings().invocation_seconds,
    )
    return Invocation(answer["OutputLocation"], answer.get("FailureLocation"))


def input_key(record: AnalysisRecord) -> str:
    """Return the key of the copy that the current attempt analyzes."""
    container = next(c for c in file_types.CONTAINERS if c.content_type == record.content_type)
    return object_keys.input_copy(record.id, int(record.attempt), container.extensions[0])
