"""Handler of new objects in S3 (EventBridge events, via SQS): starts analyses of drops and checks uploads.

Keys in these events are not URL-encoded, unlike in S3's own event notifications.
"""

import json
from typing import Any

from common import prefixes
from lambdas.core import clock
from lambdas.core.analyses import drop_folder
from lambdas.core.aws.observability import logger, observed
from lambdas.core.event_sources import Failures, correlate, messages
from lambdas.core.settings import settings
from lambdas.core.upkeep import upload_cleanup


@observed
def handler(event: dict[str, Any], _context: Any) -> Failures:
    """Process a batch of messages. Returns the ones that failed."""
    return messages(event, _process)


def _process(body: str) -> None:
    event = json.loads(body)
    detail = event.get("detail", {})
    if event.get("detail-type") != "Object Created" or detail["bucket"]["name"] != settings().media_bucket:
        return
    found = detail["object"]
    correlate(found["key"])  # there is no analysis id yet
    if found["key"].startswith(prefixes.UPLOADS):
        if detail.get("reason") == "CopyObject":  # restored by an operator, as clients can only PUT
            return
        upload_cleanup.check(found["key"], found.get("version-id"), int(found["size"]))
        return
    record = drop_folder.process(found["key"], found.get("version-id"), clock.now())
    if record is not None:
        logger.info("drop accepted", extra={"analysis_id": record.id, "owner": record.owner})
