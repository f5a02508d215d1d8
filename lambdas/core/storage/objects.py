"""Objects in S3, beyond one call: JSON written and read, and removal of every version."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from lambdas.core.aws import clients
from lambdas.core.settings import settings

PAGE = 1000  # what S3 deletes in one request


def exists(bucket: str, key: str) -> bool:
    return head(bucket, key) is not None


def head(bucket: str, key: str) -> dict[str, Any] | None:
    """Return S3's metadata of an object; None where there is none."""
    try:
        return dict(clients.s3().head_object(Bucket=bucket, Key=key))
    except ClientError as error:
        if clients.is_absent(error):
            return None
        raise


def metadata(bucket: str, key: str) -> dict[str, str]:
    """Return the user metadata of an object; empty where there is none."""
    return dict((head(bucket, key) or {}).get("Metadata", {}))


def read(bucket: str, key: str) -> bytes | None:
    """The whole object; None where there is none. For results, not for videos."""
    try:
        with clients.s3().get_object(Bucket=bucket, Key=key)["Body"] as body:
            return bytes(body.read())
    except ClientError as error:
        if clients.is_absent(error):
            return None
        raise


def put_json(bucket: str, key: str, body: bytes, **metadata: str) -> None:
    """Write a JSON document. `metadata` is noted beside it, unless empty; underscores in names become hyphens."""
    noted = {name.replace("_", "-"): value for name, value in metadata.items() if value}
    clients.s3().put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json", Metadata=noted)


def delete(bucket: str, key: str, version_id: str | None = None) -> None:
    """Remove one object, or one version of it. What is gone already is no error."""
    clients.s3().delete_object(Bucket=bucket, Key=key, **({"VersionId": version_id} if version_id else {}))


def delete_versions(bucket: str, key: str) -> None:
    """Remove an object with all its versions, and nothing that only begins like it."""
    _delete(bucket, (version for version in _versions(bucket, key) if version["Key"] == key))


def newest_version(bucket: str, key: str) -> str | None:
    """Return the newest version of an object; None where there is none, or where it was deleted."""
    return next((str(found["VersionId"]) for found in _versions_of(bucket, key) if found["IsLatest"]), None)


def delete_older(bucket: str, key: str, keep: str | None) -> None:
    """Remove all versions of an object but the newest one and `keep`."""
    older = (v for v in _versions_of(bucket, key) if not v["IsLatest"] and v["VersionId"] != keep)
    _delete(bucket, ({"Key": key, "VersionId": version["VersionId"]} for version in older))


def delete_prefix(bucket: str, prefix: str) -> None:
    """Remove everything under a prefix, with all versions."""
    assert prefix.endswith("/"), "a prefix without its slash would hit its neighbors"
    _delete(bucket, _versions(bucket, prefix))


def abort_multipart(key: str, upload_id: str) -> None:
    """Give up an upload in parts in the media bucket; one that is done or gone is no error."""
    try:
        clients.s3().abort_multipart_upload(Bucket=settings().media_bucket, Key=key, UploadId=upload_id)
    except ClientError as error:
        if not clients.is_absent(error):
            raise


def _versions(bucket: str, prefix: str) -> Iterator[dict[str, str]]:
    """Key and version of all there is under a prefix; of an unversioned bucket, the version is `null`."""
    for page in _version_pages(bucket, prefix):
        for found in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            yield {"Key": found["Key"], "VersionId": found["VersionId"]}


def _versions_of(bucket: str, key: str) -> Iterator[dict[str, Any]]:
    """The versions of one object, newest first, without the marks of its deletions."""
    found = (version for page in _version_pages(bucket, key) for version in page.get("Versions", ()))
    return (version for version in found if version["Key"] == key)


def _version_pages(bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    return iter(clients.s3().get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix))


def _delete(bucket: str, versions: Iterator[dict[str, str]]) -> None:
    batch: list[dict[str, str]] = []
    for version in versions:
        batch.append(version)
        if len(batch) == PAGE:
            _delete_batch(bucket, batch)
            batch = []
    if batch:
        _delete_batch(bucket, batch)


def _delete_batch(bucket: str, batch: list[dict[str, str]]) -> None:
    answer = clients.s3().delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
    errors = answer.get("Errors", [])
    if errors:
        raise RuntimeError(f"S3 did not delete {len(errors)} of {len(batch)} objects: {errors[0].get('Code')}")
