"""Routes for uploads: a single presigned PUT, multipart uploads, and the pending uploads."""

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

    PUT the file to it with the returned headers, then start the analysis by `key`. For files over 100 MB, a multipart
    upload is recommended.
    """
    upload = uploads.create(caller.owner, request.file_type, request.file_size, now=now)
    return UploadUrl(
        url=upload.url,
        file_id=upload.file_id,
        file_type=uploads.normalize(request.file_type),
        key=upload.key,
        headers=upload.headers,
        expires_in=upload.expires_in,
    )


@router.post("/multipart-uploads", status_code=201, responses=problems(400, 413, 503))
def create_multipart_upload(caller: CallerDep, request: MultipartRequest, now: NowDep) -> MultipartUpload:
    """Start a multipart upload.

    For files over 100 MB: parts can be uploaded in parallel, and a part that fails is retried alone. Split the file,
    sign the parts, PUT each of them, and complete the upload.
    """
    upload = multipart.create(caller.owner, request.file_type, request.file_size, now=now)
    return MultipartUpload(
        file_id=upload.file_id,
        key=upload.key,
        part_size=upload.part_bytes,
        parts=upload.parts,
        expires_in=upload.expires_in,
    )


@router.post("/multipart-uploads/parts", responses=problems(400, 404))
def sign_upload_parts(caller: CallerDep, request: SignPartsRequest, now: NowDep) -> PartUrls:
    """Get URLs for parts of an upload, at most 100 per request.

    Each URL accepts exactly the size of its part. An upload that is not completed expires one day after its start.
    """
    signed = multipart.sign(caller.owner, request.key, request.part_numbers, now=now)
    parts = [PartUrl(part_number=number, url=url) for number, url in signed.items()]
    return PartUrls(parts=parts, expires_in=settings().url_seconds)


@router.post("/multipart-uploads/complete", responses=problems(400, 404, 409))
def complete_multipart_upload(caller: CallerDep, request: CompleteRequest, now: NowDep) -> UploadedFile:
    """Complete a multipart upload from all its parts, which must have the declared size. Idempotent."""
    parts = [multipart.Part(part.part_number, part.etag) for part in request.parts]
    multipart.complete(caller.owner, request.key, parts, now=now)
    return UploadedFile(key=request.key)


@router.post("/multipart-uploads/abort", status_code=204, responses=problems())
def abort_multipart_upload(caller: CallerDep, request: AbortRequest, now: NowDep) -> None:
    """Abort a multipart upload and delete its parts. Idempotent."""
    multipart.abort(caller.owner, request.key, now=now)


@router.get("/uploads", responses=problems())
def list_pending_uploads(caller: CallerDep) -> PendingUploads:
    """List the pending uploads, from which no analysis has been started.

    Their number is limited; the error `too-many-uploads` has the time until the next one expires.
    """
    return PendingUploads(uploads=[presenters.pending_upload(record) for record in uploads.pending(caller.owner)])


@router.delete("/uploads/{id}", status_code=204, responses=problems(404))
def abandon_upload(caller: CallerDep, id: UploadId, now: NowDep) -> None:
    """Abandon a pending upload. The uploaded data is deleted, and the upload no longer counts toward the limit."""
    uploads.abandon(caller.owner, id, now)
