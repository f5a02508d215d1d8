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
REFUSALS = 3  # in a row, that count as the input's removal: a single one may be a role's policy that is being changed
NAME = "input"
GONE, REFUSED = ("404", "NoSuchKey", "NoSuchBucket"), ("403", "AccessDenied")


def input_named(attributes: str | None) -> str | None:
    """Return the address of the input that custom attributes (`a=1; input=s3://bucket/key`) name; None without."""
    pairs = (part.strip().partition("=") for part in (attributes or "").split(";"))
    return next((value for name, _, value in pairs if name == NAME and value), None)


async def withdrawn(look: Callable[[], Any], interval: float = INTERVAL) -> Exception:
    """Return once the input is gone. `look` asks S3 for it and raises botocore's errors.

    Without the permission to list a bucket, S3 answers 403 for an object that is not there. That counts where the
    object was seen before, and only after REFUSALS such answers in a row. Any other error: it is asked again.
    """
    seen, refusals = False, 0
    while True:
        code = None
        try:
            await asyncio.to_thread(look)
            seen = True
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
        except BotoCoreError:
            pass
        refusals = refusals + 1 if code in REFUSED else 0
        if code in GONE or (seen and refusals >= REFUSALS):
            return WithdrawnError("the analysis was cancelled: its input was removed")
        await asyncio.sleep(interval)
