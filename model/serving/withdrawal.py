"""Withdrawal of a request: whoever asked for an analysis removes its input, and the work ends.

SageMaker's asynchronous inference has no way to take a request back, and keeps the connection to the container open.
So the request names its input, in the custom attributes: `input=s3://bucket/key`.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from model.serving.problems import WithdrawnError

INTERVAL = 0.5  # seconds between two looks
NAME = "input"
GONE, REFUSED = ("404", "NoSuchKey", "NoSuchBucket"), ("403", "AccessDenied")


def input_named(attributes: str | None) -> str | None:
    """Return the address of the input that custom attributes (`a=1; input=s3://bucket/key`) name; None without."""
    pairs = (part.strip().partition("=") for part in (attributes or "").split(";"))
    return next((value for name, _, value in pairs if name == NAME and value), None)


async def withdrawn(look: Callable[[], Any], interval: float = INTERVAL) -> Exception:
    """Return once the input is gone. `look` asks S3 for it and raises botocore's errors.

    Without the permission to list a bucket, S3 refuses to tell of an object that is not there: that counts once it was
    seen before. Whatever else goes wrong, it is asked again.
    """
    seen = False
    while True:
        try:
            await asyncio.to_thread(look)
            seen = True
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in GONE or (seen and code in REFUSED):
                return WithdrawnError("the analysis was cancelled: its input was removed")
        except BotoCoreError:
            pass
        await asyncio.sleep(interval)
