"""Routes that give out addresses for uploads: one presigned PUT, or many for a large file."""

from typing import Annotated

from fastapi import APIRouter, Path

from lambdas.api import presenters
from lambdas.api.deps import CallerDep, NowDep
from lambdas.api.openapi_docs import problems
from lambdas.api.schemas.examples import FILE_ID
from lambdas.api.schemas.uploads import (
    AbortRequest,
    CompleteRequest,
    MultipartRequest,
    MultipartUpload,
    PartUrl,
    PartUrls,
    PendingUploads,
    SignPartsRequest,
    UploadedFile,
    UploadRequest,
    UploadUrl,
)
from lambdas.core.settings import settings
from lambdas.core.uploads import multipart, uploads

router = APIRouter(tags=["uploads"])

UploadId = Annotated[str, Path(max_length=64, examples=[FILE_ID])]


@router.post("/upload-url", responses=problems(400, 413, 503))
def create_upload_url(caller: CallerDep, request: UploadRequest, now: NowDep) -> UploadUrl:
    """Get a URL to upload a video to.

    PUT the file there with the headers that the answer names, then start the analysis with its `key`. Files over
    100 MB go better in parts.
    """
    upload = uploads.create(caller.owner, request.file_type, request.file_size, now=now)
    return UploadUrl(
        url=upload.url,
        file_id=upload.file_id,
        file_type=uploads.normal(request.file_type),
        key=upload.key,
        headers=upload.headers,
        expires_in=upload.expires_in,
    )


@router.post("/multipart-uploads", status_code=201, responses=problems(400, 413, 503))
def create_multipart_upload(caller: CallerDep, request: MultipartRequest, now: NowDep) -> MultipartUpload:
    """Begin to upload a video in parts.

    For files over 100 MB: parts go in parallel, and one that fails is sent again alone. Cut the file, sign the
    parts, PUT each, and complete the upload.
    """
    begun = multipart.create(caller.owner, request.file_type, request.file_size, now=now)
    return MultipartUpload(
        file_id=begun.file_id,
        key=begun.key,
        part_size=begun.part_bytes,
        parts=begun.parts,
        expires_in=begun.expires_in,
    )


@router.post("/multipart-uploads/parts", responses=problems(400, 404))
def sign_upload_parts(caller: CallerDep, request: SignPartsRequest, now: NowDep) -> PartUrls:
    """Get URLs for parts of an upload, 100 at most at a time.

    Each takes exactly the bytes of its part. An upload that is not completed expires a day after its beginning.
    """
    signed = multipart.sign(caller.owner, request.key, request.part_numbers, now=now)
    parts = [PartUrl(part_number=number, url=url) for number, url in signed.items()]
    return PartUrls(parts=parts, expires_in=settings().url_seconds)


@router.post("/multipart-uploads/complete", responses=problems(400, 404, 409))
def complete_multipart_upload(caller: CallerDep, request: CompleteRequest, now: NowDep) -> UploadedFile:
    """Put the parts of an upload together: all of them, and as many bytes as were announced. May be repeated."""
    parts = [multipart.Part(part.part_number, part.etag) for part in request.parts]
    multipart.complete(caller.owner, request.key, parts, now=now)
    return UploadedFile(key=request.key)


@router.post("/multipart-uploads/abort", status_code=204, responses=problems())
def abort_multipart_upload(caller: CallerDep, request: AbortRequest, now: NowDep) -> None:
    """Give an upload up: what was sent is deleted. May be repeated."""
    multipart.abort(caller.owner, request.key, now=now)


@router.get("/uploads", responses=problems())
def list_pending_uploads(caller: CallerDep) -> PendingUploads:
    """List the uploads that no analysis was started from.

    So many may be pending at once; `too-many-uploads` says when the next one expires.
    """
    return PendingUploads(uploads=[presenters.pending_upload(record) for record in uploads.pending(caller.owner)])


@router.delete("/uploads/{id}", status_code=204, responses=problems(404))
def abandon_upload(caller: CallerDep, id: UploadId, now: NowDep) -> None:
    """Abandon a pending upload: what was sent is deleted, and another one may begin in its place."""
    uploads.abandon(caller.owner, id, now)
