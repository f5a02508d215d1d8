"""Submission of a queued record to SageMaker: a copy of the upload, the request, and the record's change of state."""

from datetime import datetime
from typing import NamedTuple

from botocore.exceptions import ClientError

from lambdas.core import aws, containers, object_keys, transitions
from lambdas.core.errors import UPLOAD_MISSING, UPLOAD_REPLACED, Reason
from lambdas.core.settings import settings
from lambdas.core.tables import DROP_DOOR, QUEUED, AnalysisRecord

COPY_REFUSED = ("412", "PreconditionFailed")


class Invocation(NamedTuple):
    """Accepted request to SageMaker: where it will put its answer, as `s3://bucket/key`."""

    output_location: str
    failure_location: str | None


def submit(record: AnalysisRecord, now: datetime) -> bool:
    """Hand a queued analysis to the endpoint. False where there was nothing to hand over (any more).

    Killed between two steps and begun again, the endpoint may be asked twice: for the same copy, under the same
    inference id, of whose results the first one counts.
    """
    if record.status != QUEUED or record.is_deleted:
        return False
    reason = copy_input(record)
    if reason is not None:
        transitions.fail(record, reason, now)
        return False
    invocation = invoke(record)
    return transitions.mark_processing(record, invocation.output_location, invocation.failure_location, now)


def copy_input(record: AnalysisRecord) -> Reason | None:
    """Copy what was checked, and nothing else, to where it is analysed. Returns why that cannot be done."""
    bucket = settings().media_bucket
    source = {"Bucket": bucket, "Key": record.object_key}
    if record.source == DROP_DOOR and record.version_id is not None:
        source["VersionId"] = record.version_id
    try:
        aws.s3(copies=True).copy_object(
            Bucket=bucket,
            Key=input_key(record),
            CopySource=source,
            CopySourceIfMatch=record.etag,
            ContentType=record.content_type,
            MetadataDirective="REPLACE",
            TaggingDirective="REPLACE",  # who drops an object may have tagged it: none of our business
        )
    except ClientError as error:
        if aws.is_absent(error):
            return UPLOAD_MISSING
        if aws.code_of(error) in COPY_REFUSED:
            return UPLOAD_REPLACED
        raise
    return None


def invoke(record: AnalysisRecord) -> Invocation:
    """Ask the endpoint for an analysis of the copy; the model server ends it when the copy is removed."""
    location = str(object_keys.Location(settings().media_bucket, input_key(record)))
    answer = aws.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName=settings().endpoint_name,
        InputLocation=location,
        CustomAttributes=f"input={location}",
        InferenceId=object_keys.inference_id(record.id, int(record.attempt)),
        ContentType=record.content_type,
        RequestTTLSeconds=settings().request_ttl_seconds,
        InvocationTimeoutSeconds=settings().invocation_seconds,
    )
    return Invocation(answer["OutputLocation"], answer.get("FailureLocation"))


def input_key(record: AnalysisRecord) -> str:
    container = next(c for c in containers.CONTAINERS if c.content_type == record.content_type)
    return object_keys.input_copy(record.id, int(record.attempt), container.extensions[0])
