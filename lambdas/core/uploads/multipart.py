"""Multipart uploads for large files over unreliable connections: S3's own, with a presigned URL for each part."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from botocore.exceptions import ClientError

from lambdas.core.aws import clients
from lambdas.core.errors import BadRequestError, NotFoundError
from lambdas.core.settings import settings
from lambdas.core.storage.tables import UploadRecord
from lambdas.core.uploads import uploads

PART_BYTES = 16 << 20  # of each part except the last; S3's minimum is 5 MiB
MAX_SIGNED = 100  # parts signed in one request


class Multipart(NamedTuple):
    """Multipart upload that was started."""

    file_id: str
    key: str
    part_bytes: int  # of each part except the last
    parts: int
    expires_in: int  # seconds within which `sign` or `complete` must be called


class Part(NamedTuple):
    """Uploaded part: its number, from 1, and the ETag that S3 returned."""

    number: int
    etag: str


def create(owner: str, extension: str, size: int, *, now: datetime) -> Multipart:
    """Start a multipart upload of `size` bytes. Raises the errors of `uploads.create`."""
    container = uploads.container_of(extension)
    uploads.check_size(size)
    record = uploads.register(owner, container, extension, size, now=now)
    # Registered first: an upload that only S3 has would remain until the bucket's lifecycle rule removes it.
    started = clients.s3().create_multipart_upload(
        Bucket=settings().media_bucket, Key=record.object_key, ContentType=container.content_type
    )
    record.update(actions=[UploadRecord.multipart_id.set(started["UploadId"])], condition=UploadRecord.pk.exists())
    return Multipart(record.file_id, record.object_key, PART_BYTES, part_count(size), settings().url_seconds)


def part_count(size: int) -> int:
    """Return the number of parts of a file of `size` bytes."""
    return -(-size // PART_BYTES)


def sign(owner: str, key: str, numbers: Sequence[int], *, now: datetime) -> dict[int, str]:
    """Return presigned URLs to PUT parts to, by part number. Each accepts exactly the size of its part.

    Postpones the upload's expiry, within limits. Raises NotFoundError or BadRequestError.
    """
    record = _find(owner, key)
    count = part_count(int(record.size))
    if not numbers or len(numbers) > MAX_SIGNED or not all(1 <= number <= count for number in numbers):
        raise BadRequestError(f"Request 1 to {MAX_SIGNED} parts, with part numbers from 1 to {count}.")
    _postpone(record, now)
    address = {"Bucket": settings().media_bucket, "Key": key, "UploadId": record.multipart_id}
    return {
        number: clients.s3().generate_presigned_url(
            "upload_part",
            Params={**address, "PartNumber": number, "ContentLength": _part_size(record, number)},
            ExpiresIn=settings().url_seconds,
        )
        for number in numbers
    }


def complete(owner: str, key: str, parts: Sequence[Part], *, now: datetime) -> None:
    """Assemble the parts, after which the analysis can be started. Idempotent.

    Raises NotFoundError, or BadRequestError if the parts are not those of the declared file.
    """
    record = _find(owner, key)
    _check_numbers(record, parts)
    _postpone(record, now)
    listed = [{"PartNumber": part.number, "ETag": part.etag} for part in sorted(parts)]
    try:
        _check_size(record)
        clients.s3().complete_multipart_upload(
            Bucket=settings().media_bucket,
            Key=key,
            UploadId=record.multipart_id,
            MultipartUpload={"Parts": listed},
        )
    except ClientError as error:
        if clients.is_absent(error):  # completed before, or aborted
            uploads.check(owner, key)
        elif clients.code_of(error) in ("InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"):
            raise BadRequestError(f"S3 rejected the parts: {clients.code_of(error)}.") from error
        else:
            raise


def abort(owner: str, key: str, *, now: datetime) -> None:
    """Abort an upload and delete its parts. Idempotent."""
    record = uploads.find(owner, key)
    if record is not None:
        uploads.discard(record, now)


def _find(owner: str, key: str) -> UploadRecord:
    record = uploads.find(owner, key)
    if record is None or record.multipart_id is None:
        raise NotFoundError("Multipart upload not found.")
    return record


def _postpone(record: UploadRecord, now: datetime) -> None:
    if not uploads.postpone(record, now):
        raise NotFoundError("The upload has expired or was aborted. Start a new one.")


def _part_size(record: UploadRecord, number: int) -> int:
    return min(PART_BYTES, int(record.size) - (number - 1) * PART_BYTES)


def _check_numbers(record: UploadRecord, parts: Sequence[Part]) -> None:
    count = part_count(int(record.size))
    if sorted(part.number for part in parts) != list(range(1, count + 1)):
        raise BadRequestError(f"List each of the upload's {count} parts once.")


def _check_size(record: UploadRecord) -> None:
    """Check that the uploaded parts have the declared size. Raises BadRequestError, or S3's error if there are none."""
    address = {"Bucket": settings().media_bucket, "Key": record.object_key, "UploadId": record.multipart_id}
    pages = clients.s3().get_paginator("list_parts").paginate(**address)
    size = sum(int(part["Size"]) for page in pages for part in page.get("Parts", ()))
    if size != record.size:
        raise BadRequestError(f"The parts have {size} bytes, but {int(record.size)} bytes were declared.")
