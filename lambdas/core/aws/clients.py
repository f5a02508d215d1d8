"""The way to AWS: one client per service and process, with retries and time limits set once.

Addresses and credentials come from the environment (botocore reads `AWS_ENDPOINT_URL...` itself), so the same code
runs against AWS and against an emulator.
"""

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

CONNECT_SECONDS = 3
READ_SECONDS = 20
ATTEMPTS = 4
# A copy within S3 is answered when it is done, which takes up to a minute for 1 GB. One that is given up goes on over
# there, so it is not tried often.
COPY_SECONDS, COPY_ATTEMPTS = 60, 2
POOL = 20  # connections kept open; the API waits for results on threads

ABSENT = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound", "NoSuchUpload"})


def config(**changes: Any) -> Config:
    """Return the configuration that all clients share."""
    shared: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        "retries": {"mode": "standard", "total_max_attempts": ATTEMPTS},
        "max_pool_connections": POOL,
    }
    return Config(**shared | changes)


@cache
def client(service: str) -> Any:
    """The client of a service; threads may share it."""
    return _made(service, config())


@cache
def s3(*, copies: bool = False) -> Any:
    """Return the client of S3; `copies`: the one for copies of whole videos, which waits longer for an answer.

    S3 signs with version 4, which presigned URLs must have, and names bucket and region in the host.

    By default botocore signs for the host without a region, which answers for a new bucket with a redirect for hours;
    a browser does not follow it with an upload. In us-east-1 it does so even for the virtual style unless it is told
    otherwise, and the page's policy names the regional host alone (`bucket_origin` in stacks/edge/headers.py).
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-s3-regional-endpoint.html
    """
    changes: dict[str, Any] = {"s3": {"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}}
    if copies:
        changes |= {"read_timeout": COPY_SECONDS}
        changes |= {"retries": {"mode": "standard", "total_max_attempts": COPY_ATTEMPTS}}
    return _made("s3", config(signature_version="s3v4", **changes))


def _made(service: str, config: Config) -> Any:
    """A client. boto3 is imported with the first: much of a cold start goes without."""
    import boto3

    return boto3.client(service, config=config)


def code_of(error: ClientError) -> str:
    """AWS's name for what went wrong."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_absent(error: ClientError) -> bool:
    """Return True when an error means that the object, or this version of it, does not exist."""
    return code_of(error) in ABSENT


@cache
def secret(name: str) -> str:
    """A secret of Secrets Manager, read once per process."""
    return str(client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])


@cache
def parameter(name: str) -> str:
    """A parameter of SSM, read once per process."""
    return str(client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
