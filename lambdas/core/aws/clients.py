"""AWS clients: one per service and process, with shared retries and timeouts.

Endpoints and credentials come from the environment (botocore reads `AWS_ENDPOINT_URL...` itself), so the same code
runs against AWS and against an emulator.
"""

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

CONNECT_SECONDS = 3
READ_SECONDS = 20
ATTEMPTS = 4
# S3 responds to a copy once it is complete, up to a minute for 1 GB. A copy continues on the server after the client
# has timed out, so retries are few.
COPY_SECONDS, COPY_ATTEMPTS = 60, 2
POOL = 20  # open connections per client; the API polls for results on several threads

ABSENT = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound", "NoSuchUpload"})


def config(**changes: Any) -> Config:
    """Return the configuration that all clients share, with `changes` applied."""
    shared: dict[str, Any] = {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        "retries": {"mode": "standard", "total_max_attempts": ATTEMPTS},
        "max_pool_connections": POOL,
    }
    return Config(**shared | changes)


@cache
def client(service: str) -> Any:
    """Return the client of a service. It is thread-safe."""
    return _new_client(service, config())


@cache
def s3(*, copies: bool = False) -> Any:
    """Return the S3 client; with `copies`, the one for copies of whole videos, which has a longer timeout.

    It signs with version 4, as presigned URLs require, for hosts that contain bucket and region.

    By default botocore signs for the global host. That host redirects for hours after a bucket is created, and
    browsers do not follow a redirect of an upload. In us-east-1 botocore uses the global host even in virtual style
    unless configured otherwise, and the page's content security policy allows the regional host only
    (`bucket_origin` in stacks/edge/headers.py).
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-s3-regional-endpoint.html
    """
    changes: dict[str, Any] = {"s3": {"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"}}
    if copies:
        changes |= {"read_timeout": COPY_SECONDS}
        changes |= {"retries": {"mode": "standard", "total_max_attempts": COPY_ATTEMPTS}}
    return _new_client("s3", config(signature_version="s3v4", **changes))


def _new_client(service: str, config: Config) -> Any:
    """Create a client. boto3 is imported here, as importing it would slow down cold starts that need no client."""
    import boto3

    return boto3.client(service, config=config)


def code_of(error: ClientError) -> str:
    """Return the AWS error code of an error; empty if it has none."""
    return str(error.response.get("Error", {}).get("Code", ""))


def is_absent(error: ClientError) -> bool:
    """Return True if an error means that the object, or this version of it, does not exist."""
    return code_of(error) in ABSENT


@cache
def secret(name: str) -> str:
    """Return a secret from Secrets Manager, read once per process."""
    return str(client("secretsmanager").get_secret_value(SecretId=name)["SecretString"])


@cache
def parameter(name: str) -> str:
    """Return an SSM parameter, read once per process."""
    return str(client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
