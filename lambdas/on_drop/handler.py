"""SQS, with EventBridge's events of S3 in it -> analyses of dropped objects, and a look at uploads.

Keys are not URL-encoded in these, unlike in S3's own.
"""

import json
from typing import Any

from common import prefixes
from lambdas.core import clock
from lambdas.core.analyses import drops
from lambdas.core.aws.observability import logger, observed
from lambdas.core.event_sources import Failures, correlate, messages
from lambdas.core.settings import settings
from lambdas.core.upkeep import arrivals


@observed
def handler(event: dict[str, Any], _context: Any) -> Failures:
    """Answers which messages must come again."""
    return messages(event, _take)


def _take(body: str) -> None:
    event = json.loads(body)
    detail = event.get("detail", {})
    if event.get("detail-type") != "Object Created" or detail["bucket"]["name"] != settings().media_bucket:
        return
    found = detail["object"]
    correlate(found["key"])  # until it has an id
    if found["key"].startswith(prefixes.UPLOADS):
        if detail.get("reason") == "CopyObject":  # an operator brings a video back: clients can only PUT
            return
        arrivals.check(found["key"], found.get("version-id"), int(found["size"]))
        return
    record = drops.take(found["key"], found.get("version-id"), clock.now())
    if record is not None:
        logger.info("dropped", extra={"analysis_id": record.id, "owner": record.owner})
