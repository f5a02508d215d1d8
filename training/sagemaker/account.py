"""AWS session of a job, and checks of its S3 locations."""

from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError

from training.sagemaker.job import Job, LaunchError


def connect(region: str | None, needs_credentials: bool = True) -> Any:
    """Create a boto3 session. Raises LaunchError without a region, or without credentials if they are needed."""
    session = boto3.Session(region_name=region)
    if session.region_name is None:
        raise LaunchError("no AWS region: give --region, set AWS_DEFAULT_REGION, or run `aws configure`")
    if needs_credentials and session.get_credentials() is None:
        raise LaunchError("no AWS credentials: run `aws configure` or `aws sso login`, or set AWS_PROFILE")
    return session


def check_s3_locations(account: Any, job: Job) -> None:
    """Raise LaunchError unless the bucket exists (the SDK would create it) and the job's data is accessible."""
    s3 = account.client("s3")
    try:
        s3.head_bucket(Bucket=job.bucket)
    except ClientError as error:
        raise LaunchError(f"bucket {job.bucket}: {_reason(error)}") from error
    address = urlsplit(job.data)
    for folder in sorted({source.options.folder for source in job.loaded_recipe.sources()}):
        prefix = f"{address.path.lstrip('/')}{folder}/"
        try:
            found = s3.list_objects_v2(Bucket=address.netloc, Prefix=prefix, MaxKeys=1)["KeyCount"]
        except ClientError as error:
            raise LaunchError(f"data {job.data}: {_reason(error)}") from error
        if not found:
            raise LaunchError(f"data {job.data}: it has no folder {folder}/, which recipe {job.recipe.name} reads")


def _reason(error: ClientError) -> str:
    known = {"404": "it does not exist", "403": "access denied", "NoSuchBucket": "its bucket does not exist"}
    details = error.response["Error"]
    return str(known.get(details["Code"], details["Message"]))
