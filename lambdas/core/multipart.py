"""Uploads in parts, for large files over poor lines: S3's own, with each part's URL signed by us."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from botocore.exceptions import ClientError

from lambdas.core import aws, tables, uploads
from lambdas.core.clock import epoch
from lambdas.core.errors import BadRequestError, NotFoundError
from lambdas.core.settings import settings
from lambdas.core.tables import UploadRecord
from lambdas.core.transactions import apply

MAX_PARTS = 10_000  # S3's limits
MIN_PART_BYTES = 5 << 20
PART_BYTES = 16 << 20  # what a client is told to send
MAX_SIGNED = 100  # parts signed in one request


class Multipart(NamedTuple):
    file_id: str
    key: str
    part_bytes: int  # of each part but the last
    expires_in: int  # seconds until the next `sign` or `complete`, at the latest


class Part(NamedTuple):
    """A part that S3 took: its number from 1, and the ETag S3 answered."""

    number: int
    etag: str


def create(owner: str, extension: str, size: int, *, now: datetime) -> Multipart:
    """Begin. Raises as `uploads.create`."""
    container = uploads.supported(extension)
    uploads.check_size(size)
    record = uploads.register(owner, container, extension, size, now=now)
    # Registered first: an upload that S3 knows and we do not would be found by the bucket's lifecycle rule alone.
    begun = aws.s3().create_multipart_upload(
        Bucket=settings().media_bucket, Key=record.object_key, ContentType=container.content_type
    )
    record.update(actions=[UploadRecord.multipart_id.set(begun["UploadId"])], condition=UploadRecord.pk.exists())
    return Multipart(record.file_id, record.object_key, PART_BYTES, settings().url_seconds)


def sign(owner: str, key: str, numbers: Sequence[int], *, now: datetime) -> dict[int, str]:
    """URLs to PUT parts to, by number. Puts the upload's expiry off. Raises NotFoundError or BadRequestError."""
    record = _find(owner, key)
    if not numbers or len(numbers) > MAX_SIGNED or not all(1 <= number <= MAX_PARTS for number in numbers):
        raise BadRequestError(f"ask for 1 to {MAX_SIGNED} parts, with numbers from 1 to {MAX_PARTS}")
    _put_off(record, now)
    address = {"Bucket": settings().media_bucket, "Key": key, "UploadId": record.multipart_id}
    return {
        number: aws.s3().generate_presigned_url(
            "upload_part", Params={**address, "PartNumber": number}, ExpiresIn=settings().url_seconds
        )
        for number in numbers
    }


def complete(owner: str, key: str, parts: Sequence[Part], *, now: datetime) -> None:
    """Put the parts together; afterwards the analysis can be started. May be repeated.

    Raises NotFoundError, or BadRequestError where S3 does not accept the parts.
    """
    record = _find(owner, key)
    _put_off(record, now)
    listed = [{"PartNumber": part.number, "ETag": part.etag} for part in sorted(parts)]
    try:
        aws.s3().complete_multipart_upload(
            Bucket=settings().media_bucket,
            Key=key,
            UploadId=record.multipart_id,
            MultipartUpload={"Parts": listed},
        )
    except ClientError as error:
        if aws.is_absent(error):  # put together before, or given up
            uploads.check(owner, key)
        elif aws.code_of(error) in ("InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"):
            raise BadRequestError(f"the parts do not fit together: S3 says {aws.code_of(error)}") from error
        else:
            raise


def abort(owner: str, key: str, *, now: datetime) -> None:
    """Give an upload up. May be repeated."""
    record = uploads.find(owner, key)
    if record is not None:
        uploads.discard(record, now)


def _find(owner: str, key: str) -> UploadRecord:
    record = uploads.find(owner, key)
    if record is None or record.multipart_id is None:
        raise NotFoundError("there is no such upload in parts")
    return record


def _put_off(record: UploadRecord, now: datetime) -> None:
    at = epoch(now) + settings().url_seconds + uploads.GRACE
    if not apply(record, tables.due(record, at), UploadRecord.pk.exists()):
        raise NotFoundError("there is no such upload in parts")
