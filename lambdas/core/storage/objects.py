"""Helpers for objects in S3: reading, writing JSON, and deleting versions and prefixes."""

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from lambdas.core.aws import clients
from lambdas.core.settings import settings

PAGE = 1000  # objects that S3 deletes in one request, at most


def exists(bucket: str, key: str) -> bool:
    """Return True if an object exists."""
    return head(bucket, key) is not None


def head(bucket: str, key: str) -> dict[str, Any] | None:
    """Return the response to a HEAD request; None if there is no such object."""
    try:
        return dict(clients.s3().head_object(Bucket=bucket, Key=key))
    except ClientError as error:
        if clients.is_absent(error):
            return None
        raise


def metadata(bucket: str, key: str) -> dict[str, str]:
    """Return the user-defined metadata of an object; empty if there is no such object."""
    return dict((head(bucket, key) or {}).get("Metadata", {}))


def read(bucket: str, key: str) -> bytes | None:
    """Return an object's content, all in memory; None if there is no such object."""
    try:
        with clients.s3().get_object(Bucket=bucket, Key=key)["Body"] as body:
            return bytes(body.read())
    except ClientError as error:
        if clients.is_absent(error):
            return None
        raise


def put_json(bucket: str, key: str, body: bytes, **metadata: str) -> None:
    """Write a JSON document with user-defined metadata.

    Empty values are left out, and underscores in names become hyphens.
    """
    headers = {name.replace("_", "-"): value for name, value in metadata.items() if value}
    clients.s3().put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json", Metadata=headers)


def delete(bucket: str, key: str, version_id: str | None = None) -> None:
    """Delete an object, or one version of it. Does nothing if it does not exist."""
    clients.s3().delete_object(Bucket=bucket, Key=key, **({"VersionId": version_id} if version_id else {}))


def delete_versions(bucket: str, key: str) -> None:
    """Delete all versions of exactly this key."""
    _delete(bucket, (version for version in _versions(bucket, key) if version["Key"] == key))


def newest_version(bucket: str, key: str) -> str | None:
    """Return the id of an object's newest version; None if there is none, or if the object was deleted."""
    return next((str(found["VersionId"]) for found in _versions_of(bucket, key) if found["IsLatest"]), None)


def delete_older(bucket: str, key: str, keep: str | None) -> None:
    """Delete all versions of an object except the newest and `keep`."""
    older = (v for v in _versions_of(bucket, key) if not v["IsLatest"] and v["VersionId"] != keep)
    _delete(bucket, ({"Key": key, "VersionId": version["VersionId"]} for version in older))


def delete_prefix(bucket: str, prefix: str) -> None:
    """Delete all versions of all objects under a prefix."""
    assert prefix.endswith("/"), "without the trailing slash, keys that only start alike would match"
    _delete(bucket, _versions(bucket, prefix))


def abort_multipart(key: str, upload_id: str) -> None:
    """Abort a multipart upload to the media bucket. Does nothing if it was completed or aborted."""
    try:
        clients.s3().abort_multipart_upload(Bucket=settings().media_bucket, Key=key, UploadId=upload_id)
    except ClientError as error:
        if not clients.is_absent(error):
            raise


def _versions(bucket: str, prefix: str) -> Iterator[dict[str, str]]:
    """Yield key and version of everything under a prefix, delete markers included; unversioned: version `null`."""
    for page in _version_pages(bucket, prefix):
        for found in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            yield {"Key": found["Key"], "VersionId": found["VersionId"]}


def _versions_of(bucket: str, key: str) -> Iterator[dict[str, Any]]:
    """Yield the versions of one object, newest first, without delete markers."""
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
