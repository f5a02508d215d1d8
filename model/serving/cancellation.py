"""Cancellation of an analysis by removing its input from S3.

SageMaker's asynchronous inference cannot cancel a request and keeps the connection to the container open. So requests
name their input in the custom attributes (`model.serving.attributes`).
"""

import asyncio
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from model.serving.problems import InputRemovedError

INTERVAL = 0.5  # seconds between two checks
DENIALS = 3  # in a row that count as removal; a single one may be due to a change of the role's policy
GONE, DENIED = ("404", "NoSuchKey", "NoSuchBucket"), ("403", "AccessDenied")


async def input_removed(head: Callable[[], Any], interval: float = INTERVAL) -> Exception:
    """Wait until the input is removed. `head` requests its metadata from S3 and raises botocore's errors.

    Without permission to list the bucket, S3 denies access to a missing object. DENIALS of these in a row count as
    removed if the object was accessible before. After other errors the check is repeated.
    """
    existed, denials = False, 0
    while True:
        code = None
        try:
            await asyncio.to_thread(head)
            existed = True
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
        except BotoCoreError:
            pass
        denials = denials + 1 if code in DENIED else 0
        if code in GONE or (existed and denials >= DENIALS):
            return InputRemovedError("the analysis was cancelled because its input was removed")
        await asyncio.sleep(interval)
