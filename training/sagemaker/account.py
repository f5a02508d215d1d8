"""The AWS account that a job is launched into: its session, and whether the places a job names are there."""

from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError

from training.sagemaker.job import Job, LaunchError


def connect(region: str | None, needs_credentials: bool = True) -> Any:
    """A boto3 session. Raises LaunchError where it has no region, or no credentials though they are needed."""
    session = boto3.Session(region_name=region)
    if session.region_name is None:
        raise LaunchError("no AWS region: give --region, set AWS_DEFAULT_REGION, or run `aws configure`")
    if needs_credentials and session.get_credentials() is None:
        raise LaunchError("no AWS credentials: run `aws configure` or `aws sso login`, or set AWS_PROFILE")
    return session


def check_places(account: Any, job: Job) -> None:
    """Raises LaunchError unless the bucket is there (the SDK would make it) and holds or reaches the job's data."""
    s3 = account.client("s3")
    try:
        s3.head_bucket(Bucket=job.bucket)
    except ClientError as error:
        raise LaunchError(f"bucket {job.bucket}: {_reason(error)}") from error
    place = urlsplit(job.data)
    for folder in sorted({source.options.folder for source in job.plan.sources()}):
        prefix = f"{place.path.lstrip('/')}{folder}/"
        try:
            found = s3.list_objects_v2(Bucket=place.netloc, Prefix=prefix, MaxKeys=1)["KeyCount"]
        except ClientError as error:
            raise LaunchError(f"data {job.data}: {_reason(error)}") from error
        if not found:
            raise LaunchError(f"data {job.data}: there is no {folder}/ in it, which recipe {job.recipe.name} reads")


def _reason(error: ClientError) -> str:
    known = {"404": "it is not there", "403": "this account may not use it", "NoSuchBucket": "its bucket is not there"}
    refusal = error.response["Error"]
    return str(known.get(refusal["Code"], refusal["Message"]))
