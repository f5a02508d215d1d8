"""Schemas of uploads, in one request or in parts."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from lambdas.api.schemas.base import WHOLE, Schema, any_case, example
from lambdas.api.schemas.examples import FILE_ID, KEY, PENDING_UPLOAD, UPLOAD_URL
from lambdas.core.file_types import EXTENSIONS
from lambdas.core.settings import Settings

MAX_PARTS = 10_000  # S3's limit
MAX_UPLOAD_BYTES = int(Settings.model_fields["max_upload_bytes"].default)  # a stage may override it
Key = Annotated[str, Field(min_length=1, max_length=1024, description="The `key` returned by `createUploadUrl`.")]
PartNumber = Annotated[int, Field(ge=1, le=MAX_PARTS, strict=True), WHOLE]
# The pattern is documented, not enforced here: `uploads.container_of` returns 400 with the supported types.
FileType = Annotated[
    str,
    Field(
        min_length=1,
        max_length=16,
        json_schema_extra={"pattern": rf"^\s*\.?(?:{'|'.join(any_case(e.removeprefix('.')) for e in EXTENSIONS)})\s*$"},
        description="File extension, with or without the dot.",
    ),
]
FileSize = Annotated[int, Field(ge=1, strict=True, json_schema_extra={"maximum": MAX_UPLOAD_BYTES}), WHOLE]


class UploadRequest(Schema):
    """File to upload in one request."""

    model_config = example(fileType=".mp4", fileSize=7_340_032)

    file_type: FileType
    file_size: FileSize | None = Field(
        default=None, description="Size in bytes. If given, the upload must have exactly this size."
    )


class UploadUrl(Schema):
    """PUT the file to `url` with exactly `headers` within `expiresIn` seconds, then start its analysis by `key`."""

    model_config = example(
        url=UPLOAD_URL,
        fileId=FILE_ID,
        fileType=".mp4",
        key=KEY,
        headers={"Content-Type": "video/mp4"},
        expiresIn=900,
    )

    url: str
    file_id: str
    file_type: str
    key: str
    headers: dict[str, str]
    expires_in: int


class MultipartRequest(Schema):
    """File to upload in parts."""

    model_config = example(fileType=".mov", fileSize=734_003_200)

    file_type: FileType
    file_size: FileSize = Field(description="Size in bytes. The parts together must have exactly this size.")


class MultipartUpload(Schema):
    """Multipart upload. Split the file into `parts` pieces of `partSize` bytes; the last one may be smaller."""

    model_config = example(fileId=FILE_ID, key=KEY, partSize=16_777_216, parts=44, expiresIn=900)

    file_id: str
    key: str
    part_size: int
    parts: int
    expires_in: int = Field(description="Seconds within which parts must be signed or the upload completed.")


class SignPartsRequest(Schema):
    """Parts to upload next."""

    model_config = example(key=KEY, partNumbers=[1, 2, 3])

    key: Key
    part_numbers: list[PartNumber] = Field(min_length=1, max_length=100)


class PartUrl(Schema):
    """Presigned URL of a part."""

    part_number: int
    url: str


class PartUrls(Schema):
    """PUT each part to its URL, and keep the `ETag` header of the response."""

    model_config = example(parts=[{"partNumber": 1, "url": UPLOAD_URL}], expiresIn=900)

    parts: list[PartUrl]
    expires_in: int


class CompletedPart(Schema):
    """Uploaded part, with the `ETag` that its PUT returned."""

    part_number: PartNumber
    etag: str = Field(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]+$")


class CompleteRequest(Schema):
    """Multipart upload to complete, with all its parts."""

    model_config = example(key=KEY, parts=[{"partNumber": 1, "etag": '"9b2cf535f27731c974343645a3985328"'}])

    key: Key
    parts: list[CompletedPart] = Field(min_length=1, max_length=1000)


class AbortRequest(Schema):
    """Multipart upload to abort."""

    model_config = example(key=KEY)

    key: Key


class UploadedFile(Schema):
    """Completed upload; start its analysis by `key`."""

    model_config = example(key=KEY)

    key: str


class PendingUpload(Schema):
    """Upload without an analysis. It is pending until its analysis is started, it is abandoned, or it expires."""

    model_config = example(PENDING_UPLOAD)

    id: str
    key: str
    size: int | None = Field(description="Declared size in bytes.")
    in_parts: bool
    created_at: datetime
    expires_at: datetime | None = Field(description="Time at which the upload is removed.")


class PendingUploads(Schema):
    """Pending uploads, newest first; at most 50."""

    model_config = example(uploads=[PENDING_UPLOAD])

    uploads: list[PendingUpload]
