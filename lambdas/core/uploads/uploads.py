"""Uploads by presigned URL, and the checks of uploaded objects.

An upload is pending, and counts toward its owner's limit, until its analysis is started or it expires.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from botocore.exceptions import ClientError
from pynamodb.expressions.condition import Condition

from lambdas.core import file_types
from lambdas.core.aws import clients
from lambdas.core.clock import DAY, epoch, stamp
from lambdas.core.errors import (
    AccountDeletedError,
    BadRequestError,
    NotAVideoError,
    NotFoundError,
    NotUploadedError,
    TooLargeError,
    TooManyUploadsError,
    UnsupportedTypeError,
)
from lambdas.core.file_types import Container
from lambdas.core.owners import profiles
from lambdas.core.settings import settings
from lambdas.core.storage import item_keys, object_keys, objects, tables
from lambdas.core.storage.tables import UploadRecord, UploadsRecord
from lambdas.core.storage.transactions import Part, RefusedError, apply, delete, put, update, write

GRACE_SECONDS = 3600  # time to start the analysis after the URL has expired
MAX_LIFETIME_SECONDS = DAY  # of a pending upload, however often its parts are signed
SWEEP_SECONDS = 60  # interval of the sweeper, which removes expired uploads
UNSUPPORTED = f"Unsupported file type. Use one of {', '.join(file_types.EXTENSIONS)}."


class Upload(NamedTuple):
    """Presigned request to upload a file: PUT to `url` with exactly these headers."""

    file_id: str
    key: str
    url: str
    headers: dict[str, str]
    expires_in: int  # seconds


class CheckedObject(NamedTuple):
    """Object that passed the checks: it exists, is within the size limit, and has a video's signature."""

    key: str
    version_id: str | None
    etag: str
    size: int  # bytes
    content_type: str  # by its signature
    extension: str
    file_name: str


def create(owner: str, extension: str, size: int | None = None, *, now: datetime) -> Upload:
    """Create a pending upload with a presigned URL. `extension` as given (`.mp4`, `MP4`), `size` in bytes.

    Raises UnsupportedTypeError, BadRequestError, TooLargeError, TooManyUploadsError or AccountDeletedError.
    """
    container = container_of(extension)
    check_size(size)
    record = register(owner, container, extension, size, now=now)
    headers = {"Content-Type": container.content_type}
    parameters = {"Bucket": settings().media_bucket, "Key": record.object_key, "ContentType": container.content_type}
    if size is not None:
        parameters["ContentLength"] = size  # type: ignore[assignment]
        headers["Content-Length"] = str(size)
    seconds = settings().url_seconds
    url = clients.s3().generate_presigned_url("put_object", Params=parameters, ExpiresIn=seconds)
    return Upload(record.file_id, record.object_key, url, headers, seconds)


def container_of(extension: str) -> Container:
    """Return the container of an extension, with or without the dot. Raises UnsupportedTypeError."""
    container = file_types.EXTENSIONS.get(normalize(extension))
    if container is None:
        raise UnsupportedTypeError(UNSUPPORTED)
    return container


def normalize(extension: str) -> str:
    """Normalize an extension: `MP4` and `.mp4` both become `.mp4`."""
    return f".{extension.strip().lower().removeprefix('.')}"


def check_size(size: int | None) -> None:
    """Check a size in bytes, None if it is unknown. Raises BadRequestError or TooLargeError."""
    if size is None:
        return
    if size <= 0:
        raise BadRequestError("The file is empty (0 bytes).")
    limit = settings().max_upload_bytes
    if size > limit:
        raise TooLargeError(f"The file is {size} bytes; the limit is {limit} bytes.")


def register(owner: str, container: Container, extension: str, size: int | None, *, now: datetime) -> UploadRecord:
    """Store and count a pending upload, before its URL is issued. Raises TooManyUploadsError or AccountDeletedError."""
    assert normalize(extension) in container.extensions
    file_id = uuid.uuid4().hex
    keys = item_keys.upload(owner, file_id)
    record = UploadRecord(
        *keys,
        owner=owner,
        listed=item_keys.upload_listing(stamp(now), file_id),
        file_id=file_id,
        object_key=object_keys.upload(owner, file_id, normalize(extension)),
        size=size,
        created_at=stamp(now),
        due_shard=item_keys.due_shard(keys[0]),
        due_at=epoch(now) + settings().url_seconds + GRACE_SECONDS,
    )
    limit = settings().max_outstanding_uploads
    room = UploadsRecord.outstanding.does_not_exist() | (UploadsRecord.outstanding < limit)
    counter = UploadsRecord(*item_keys.uploads(owner))
    try:
        write(
            profiles.not_deleting(owner),
            put("upload", record, UploadRecord.pk.does_not_exist()),
            update("uploads", counter, [UploadsRecord.outstanding.add(1)], room),
        )
    except RefusedError as error:
        if "owner" in error.names:
            raise AccountDeletedError(profiles.ACCOUNT_DELETED) from error
        seconds = _seconds_to_next_expiry(owner, now)
        raise TooManyUploadsError(
            f"{limit} uploads are pending. Start their analyses or abandon some of them."
            f" The next one expires in {-(-seconds // 60)} minutes.",
            members={"limit": limit},
            retry_after=seconds,
        ) from error
    return record


def _seconds_to_next_expiry(owner: str, now: datetime) -> int:
    """Return the seconds until the sweeper removes the first of an owner's pending uploads."""
    ends = [int(record.due_at) for record in _listed(owner) if record.due_at is not None]
    expiry = min(ends, default=epoch(now) + settings().url_seconds + GRACE_SECONDS)
    return max(0, expiry - epoch(now)) + SWEEP_SECONDS


def pending(owner: str) -> list[UploadRecord]:
    """Return an owner's pending uploads, newest first. The index is eventually consistent."""
    return [record for record in _listed(owner) if not record.expiring]


def _listed(owner: str) -> Iterable[UploadRecord]:
    listed = UploadRecord.listed.startswith(item_keys.UPLOAD_PREFIX)
    return UploadRecord.by_owner.query(owner, listed, scan_index_forward=False)


def find(owner: str, key: str) -> UploadRecord | None:
    """Return an owner's pending upload with this key; None if there is none."""
    parsed = object_keys.parse_upload(key)
    if parsed is None or parsed.owner != owner:
        return None
    return UploadRecord.find(*item_keys.upload(owner, parsed.file_id))


def check(owner: str, key: str) -> CheckedObject:
    """Check the size and signature of an owner's uploaded object.

    Raises NotFoundError for a key that is not the owner's, NotUploadedError, TooLargeError or NotAVideoError.
    """
    parsed = object_keys.parse_upload(key)
    if parsed is None or parsed.owner != owner:
        raise NotFoundError("Upload not found. Use the `key` that POST /upload-url returned.")
    return inspect(key)


def inspect(key: str, version_id: str | None = None) -> CheckedObject:
    """Check the size and signature of any object in the media bucket; `version_id`: of a specific version.

    Raises NotUploadedError, TooLargeError or NotAVideoError.
    """
    address = {"Bucket": settings().media_bucket, "Key": key} | ({"VersionId": version_id} if version_id else {})
    try:
        found = clients.s3().head_object(**address)
        size = int(found["ContentLength"])
        if size == 0:
            raise NotAVideoError("The file is empty (0 bytes).")
        check_size(size)
        # If-Match ensures that size and signature are those of the same object.
        wanted = {"IfMatch": found["ETag"], "Range": f"bytes=0-{file_types.SIGNATURE_BYTES - 1}"}
        with clients.s3().get_object(**address, **wanted)["Body"] as body:
            head = body.read()
    except ClientError as error:
        if clients.is_absent(error) or clients.code_of(error) in ("412", "PreconditionFailed"):
            raise NotUploadedError(
                "The file has not been uploaded. PUT it to its upload URL first. Files above "
                f"{settings().max_upload_bytes} bytes are removed on arrival."
            ) from error
        raise
    container = file_types.sniff(head)
    if container is None:
        raise NotAVideoError(_not_a_video(head))
    return CheckedObject(
        key=key,
        version_id=found.get("VersionId"),
        etag=found["ETag"],
        size=size,
        content_type=container.content_type,
        extension=container.extensions[0],
        file_name=key.rpartition("/")[2],
    )


def _not_a_video(head: bytes) -> str:
    """Return the message for a file whose content is neither video nor audio, whatever its name."""
    kind = file_types.describe_other(head)
    found = f" Its content looks like {kind}." if kind else ""
    return f"This file isn't a readable video or audio file.{found} Re-export it as MP4, WebM, MP3 or WAV."


def consume(owner: str, key: str) -> list[Part]:
    """Return the transaction parts that turn a pending upload into an analysis; `upload` fails if it is not pending."""
    parsed = object_keys.parse_upload(key)
    assert parsed is not None and parsed.owner == owner, "the caller has checked the key"
    is_pending = UploadRecord.pk.exists() & UploadRecord.expiring.does_not_exist()
    return _removal(UploadRecord(*item_keys.upload(owner, parsed.file_id), owner=owner), is_pending)


def postpone(record: UploadRecord, now: datetime) -> bool:
    """Postpone an upload's expiry, within MAX_LIFETIME_SECONDS of its creation. Returns False if it is not pending."""
    end = epoch(datetime.fromisoformat(record.created_at)) + MAX_LIFETIME_SECONDS
    if end <= epoch(now):
        return False
    at = min(end, epoch(now) + settings().url_seconds + GRACE_SECONDS)
    return apply(record, tables.due(record, at), UploadRecord.pk.exists() & UploadRecord.expiring.does_not_exist())


def abandon(owner: str, file_id: str, now: datetime) -> None:
    """Delete a pending upload at its owner's request. Raises NotFoundError if there is none."""
    record = UploadRecord.find(*item_keys.upload(owner, file_id)) if object_keys.is_file_id(file_id) else None
    if record is None:
        raise NotFoundError("Pending upload not found.")
    discard(record, now)


def discard(record: UploadRecord, now: datetime) -> None:
    """Remove a pending upload: first the uploaded data, then the record and its count.

    Idempotent. Does nothing if an analysis has been started from it in the meantime.
    """
    # After this write no analysis can be started from it, so no analysis can lose its file.
    closing = [UploadRecord.expiring.set(True), *tables.due(record, epoch(now))]
    if not apply(record, closing, UploadRecord.pk.exists()):
        return
    if record.multipart_id is not None:
        objects.abort_multipart(record.object_key, record.multipart_id)
    objects.delete_versions(settings().media_bucket, record.object_key)
    try:
        write(*_removal(record, UploadRecord.pk.exists()))
    except RefusedError as error:
        if "upload" not in error.names:  # the counter is gone, as the account was deleted
            record.delete()


def _removal(record: UploadRecord, condition: Condition) -> list[Part]:
    counter = UploadsRecord(*item_keys.uploads(record.owner))
    counted = UploadsRecord.outstanding > 0
    return [
        delete("upload", record, condition),
        update("uploads", counter, [UploadsRecord.outstanding.add(-1)], counted),
    ]
