"""Uploads in parts, for large files over poor lines: S3's own, with each part's URL signed by us."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from botocore.exceptions import ClientError

from lambdas.core.aws import clients
from lambdas.core.errors import BadRequestError, NotFoundError
from lambdas.core.settings import settings
from lambdas.core.storage.tables import UploadRecord
from lambdas.core.uploads import uploads

PART_BYTES = 16 << 20  # of each part but the last; S3 takes 5 MiB and more
MAX_SIGNED = 100  # parts signed in one request


class Multipart(NamedTuple):
    file_id: str
    key: str
    part_bytes: int  # of each part but the last
    parts: int
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
    begun = clients.s3().create_multipart_upload(
        Bucket=settings().media_bucket, Key=record.object_key, ContentType=container.content_type
    )
    record.update(actions=[UploadRecord.multipart_id.set(begun["UploadId"])], condition=UploadRecord.pk.exists())
    return Multipart(record.file_id, record.object_key, PART_BYTES, parts_of(size), settings().url_seconds)


def parts_of(size: int) -> int:
    """Number of parts of a file of `size` bytes."""
    return -(-size // PART_BYTES)


def sign(owner: str, key: str, numbers: Sequence[int], *, now: datetime) -> dict[int, str]:
    """URLs to PUT parts to, by number; each takes exactly the bytes of its part.

    Puts the upload's expiry off, within limits. Raises NotFoundError or BadRequestError.
    """
    record = _find(owner, key)
    count = parts_of(int(record.size))
    if not numbers or len(numbers) > MAX_SIGNED or not all(1 <= number <= count for number in numbers):
        raise BadRequestError(f"ask for 1 to {MAX_SIGNED} parts, with numbers from 1 to {count}")
    _put_off(record, now)
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
    """Put the parts together; afterwards the analysis can be started. May be repeated.

    Raises NotFoundError, or BadRequestError where the parts are not those of the announced file.
    """
    record = _find(owner, key)
    _check_numbers(record, parts)
    _put_off(record, now)
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
        if clients.is_absent(error):  # put together before, or given up
            uploads.check(owner, key)
        elif clients.code_of(error) in ("InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"):
            raise BadRequestError(f"the parts do not fit together: S3 says {clients.code_of(error)}") from error
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
    if not uploads.put_off(record, now):
        raise NotFoundError("the upload has expired or was abandoned; begin another one")


def _part_size(record: UploadRecord, number: int) -> int:
    return min(PART_BYTES, int(record.size) - (number - 1) * PART_BYTES)


def _check_numbers(record: UploadRecord, parts: Sequence[Part]) -> None:
    count = parts_of(int(record.size))
    if sorted(part.number for part in parts) != list(range(1, count + 1)):
        raise BadRequestError(f"name each of the upload's {count} parts once")


def _check_size(record: UploadRecord) -> None:
    """Compare what S3 holds with the announced size. Raises BadRequestError, or S3's error where it holds nothing."""
    address = {"Bucket": settings().media_bucket, "Key": record.object_key, "UploadId": record.multipart_id}
    pages = clients.s3().get_paginator("list_parts").paginate(**address)
    size = sum(int(part["Size"]) for page in pages for part in page.get("Parts", ()))
    if size != record.size:
        raise BadRequestError(f"the parts hold {size} bytes, not the {int(record.size)} that were announced")
