"""Uploads: a URL for a client, and what was put there. Each waits, counted, until its analysis starts or it expires."""

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

GRACE = 3600  # seconds after the URL's end in which the analysis may still be started
LONGEST = DAY  # from an upload's beginning to its removal, however often parts of it are signed
SWEEP = 60  # seconds between two runs of the sweeper, which removes what has expired
UNSUPPORTED = f"the file type is not supported; send one of {', '.join(file_types.EXTENSIONS)}"


class Upload(NamedTuple):
    """Presigned request to upload a file: `PUT url` with exactly these headers."""

    file_id: str
    key: str
    url: str
    headers: dict[str, str]
    expires_in: int  # seconds


class CheckedObject(NamedTuple):
    """An object that was looked at: it exists, is no larger than allowed, and begins like a video."""

    key: str
    version_id: str | None
    etag: str
    size: int  # bytes
    content_type: str  # by its first bytes
    extension: str
    file_name: str


def create(owner: str, extension: str, size: int | None = None, *, now: datetime) -> Upload:
    """A URL for one file. `extension` as the client gives it (`.mp4`, `MP4`), `size` in bytes.

    Raises UnsupportedTypeError, BadRequestError, TooLargeError, TooManyUploadsError or AccountDeletedError.
    """
    container = supported(extension)
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


def supported(extension: str) -> Container:
    """The container of an extension, with or without its dot. Raises UnsupportedTypeError."""
    container = file_types.EXTENSIONS.get(normal(extension))
    if container is None:
        raise UnsupportedTypeError(UNSUPPORTED)
    return container


def normal(extension: str) -> str:
    """`MP4` and `.mp4` are `.mp4`."""
    return f".{extension.strip().lower().removeprefix('.')}"


def check_size(size: int | None) -> None:
    """Raises BadRequestError or TooLargeError for a size in bytes that cannot be taken."""
    if size is None:
        return
    if size <= 0:
        raise BadRequestError("the file is empty (0 bytes)")
    limit = settings().max_upload_bytes
    if size > limit:
        raise TooLargeError(f"the file has {size} bytes; {limit} are the most")


def register(owner: str, container: Container, extension: str, size: int | None, *, now: datetime) -> UploadRecord:
    """Count an upload, before a client learns of it. Raises TooManyUploadsError or AccountDeletedError."""
    assert normal(extension) in container.extensions
    file_id = uuid.uuid4().hex
    keys = item_keys.upload(owner, file_id)
    record = UploadRecord(
        *keys,
        owner=owner,
        listed=item_keys.upload_listing(stamp(now), file_id),
        file_id=file_id,
        object_key=object_keys.upload(owner, file_id, normal(extension)),
        size=size,
        created_at=stamp(now),
        due_shard=item_keys.due_shard(keys[0]),
        due_at=epoch(now) + settings().url_seconds + GRACE,
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
            raise AccountDeletedError("this account has been deleted") from error
        seconds = _seconds_to_next_expiry(owner, now)
        raise TooManyUploadsError(
            f"{limit} uploads are pending; start their analyses or abandon some: the next one expires in"
            f" {-(-seconds // 60)} minutes",
            members={"limit": limit},
            retry_after=seconds,
        ) from error
    return record


def _seconds_to_next_expiry(owner: str, now: datetime) -> int:
    """Seconds until one of an owner's uploads is removed, where no analysis is started from any."""
    ends = [int(record.due_at) for record in _listed(owner) if record.due_at is not None]
    expiry = min(ends, default=epoch(now) + settings().url_seconds + GRACE)
    return max(0, expiry - epoch(now)) + SWEEP


def pending(owner: str) -> list[UploadRecord]:
    """An owner's uploads without an analysis, newest first. The index lags a moment behind."""
    return [record for record in _listed(owner) if not record.expiring]


def _listed(owner: str) -> Iterable[UploadRecord]:
    listed = UploadRecord.listed.startswith(item_keys.UPLOAD_PREFIX)
    return UploadRecord.by_owner.query(owner, listed, scan_index_forward=False)


def find(owner: str, key: str) -> UploadRecord | None:
    """The pending upload with this key; None where there is none (any more)."""
    parsed = object_keys.parse_upload(key)
    if parsed is None or parsed.owner != owner:
        return None
    return UploadRecord.find(*item_keys.upload(owner, parsed.file_id))


def check(owner: str, key: str) -> CheckedObject:
    """Look at what a client uploaded: its size and its first bytes.

    Raises NotFoundError for a key that is not the owner's, NotUploadedError, TooLargeError or NotAVideoError.
    """
    parsed = object_keys.parse_upload(key)
    if parsed is None or parsed.owner != owner:
        raise NotFoundError("there is no such upload; use the key that /upload-url gave")
    return inspect(key)


def inspect(key: str, version_id: str | None = None) -> CheckedObject:
    """Look at an object of the media bucket, wherever it lies; a version of it where one is named.

    Raises NotUploadedError, TooLargeError or NotAVideoError.
    """
    address = {"Bucket": settings().media_bucket, "Key": key} | ({"VersionId": version_id} if version_id else {})
    try:
        found = clients.s3().head_object(**address)
        size = int(found["ContentLength"])
        if size == 0:
            raise NotAVideoError("the file is empty (0 bytes)")
        check_size(size)
        # If-Match: the object whose first bytes are checked is the one that was measured.
        wanted = {"IfMatch": found["ETag"], "Range": f"bytes=0-{file_types.SIGNATURE_BYTES - 1}"}
        with clients.s3().get_object(**address, **wanted)["Body"] as body:
            head = body.read()
    except ClientError as error:
        if clients.is_absent(error) or clients.code_of(error) in ("412", "PreconditionFailed"):
            raise NotUploadedError(
                "the file has not been uploaded; PUT it to its URL first. What has more than "
                f"{settings().max_upload_bytes} bytes is removed as it arrives"
            ) from error
        raise
    container = file_types.sniff(head)
    if container is None:
        raise NotAVideoError(_no_video(head))
    return CheckedObject(
        key=key,
        version_id=found.get("VersionId"),
        etag=found["ETag"],
        size=size,
        content_type=container.content_type,
        extension=container.extensions[0],
        file_name=key.rpartition("/")[2],
    )


def _no_video(head: bytes) -> str:
    """Return the error for a file that has a video's name but not its content."""
    kind = file_types.mistaken(head)
    found = f" (it begins like {kind})" if kind else ""
    return (
        f"what was uploaded is not a video that can be read{found}; export it again"
        f" as one of {', '.join(file_types.EXTENSIONS)}: its content counts, not its name"
    )


def consumed(owner: str, key: str) -> list[Part]:
    """The parts of a transaction that end an upload's waiting; `upload` refuses where it waits no more."""
    parsed = object_keys.parse_upload(key)
    assert parsed is not None and parsed.owner == owner, "only an owner's uploads get here"
    waiting = UploadRecord.pk.exists() & UploadRecord.expiring.does_not_exist()
    return _removal(UploadRecord(*item_keys.upload(owner, parsed.file_id), owner=owner), waiting)


def put_off(record: UploadRecord, now: datetime) -> bool:
    """Put an upload's expiry off, up to LONGEST after its beginning. False where it has expired or is no more."""
    end = epoch(datetime.fromisoformat(record.created_at)) + LONGEST
    if end <= epoch(now):
        return False
    at = min(end, epoch(now) + settings().url_seconds + GRACE)
    return apply(record, tables.due(record, at), UploadRecord.pk.exists() & UploadRecord.expiring.does_not_exist())


def abandon(owner: str, file_id: str, now: datetime) -> None:
    """Give a pending upload up. Raises NotFoundError where there is none (any more)."""
    record = UploadRecord.find(*item_keys.upload(owner, file_id)) if object_keys.is_file_id(file_id) else None
    if record is None:
        raise NotFoundError("there is no such pending upload")
    discard(record, now)


def discard(record: UploadRecord, now: datetime) -> None:
    """Remove an upload that no analysis was started from: what was put there, then the record and its count.

    May be repeated; one whose analysis started in the meantime is left alone.
    """
    # From here on no analysis can be started from it, so nothing is taken from under one.
    closing = [UploadRecord.expiring.set(True), *tables.due(record, epoch(now))]
    if not apply(record, closing, UploadRecord.pk.exists()):
        return
    if record.multipart_id is not None:
        objects.abort_multipart(record.object_key, record.multipart_id)
    objects.delete_versions(settings().media_bucket, record.object_key)
    try:
        write(*_removal(record, UploadRecord.pk.exists()))
    except RefusedError as error:
        if "upload" not in error.names:  # the account is gone, and its counters with it
            record.delete()


def _removal(record: UploadRecord, condition: Condition) -> list[Part]:
    counter = UploadsRecord(*item_keys.uploads(record.owner))
    counted = UploadsRecord.outstanding > 0
    return [
        delete("upload", record, condition),
        update("uploads", counter, [UploadsRecord.outstanding.add(-1)], counted),
    ]
