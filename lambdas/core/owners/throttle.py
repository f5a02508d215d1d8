"""Rate limits of users, counted in the table: API Gateway can throttle API keys, but not users of a user pool.

Limits use fixed windows. Each window is an item that every request increments, so nothing needs to be reset. If the
counter cannot be written, the request is allowed: the limit protects capacity, not data.
"""

from datetime import datetime
from typing import NamedTuple

from pynamodb.exceptions import PynamoDBException

from lambdas.core.aws.observability import THROTTLED, count, logger
from lambdas.core.clock import epoch
from lambdas.core.errors import TooManyRequestsError
from lambdas.core.settings import settings
from lambdas.core.storage import item_keys
from lambdas.core.storage.tables import RequestsRecord


class Limit(NamedTuple):
    """Rate limit: `requests` allowed in each window of `seconds`."""

    name: str
    requests: int
    seconds: int


def app_requests() -> Limit:
    """Return the limit of a signed-in user's requests to the API."""
    return Limit("app", settings().app_requests_per_minute, 60)


def webhook_tests() -> Limit:
    """Return the limit of test events: each makes this service send requests, with retries, to a user's URL."""
    return Limit("webhook-test", settings().webhook_tests_per_hour, 3600)


def share_reads(share_id: str) -> Limit:
    """Return the limit of reads of one link, which need no account."""
    return Limit(f"share-{share_id}", settings().share_reads_per_minute, 60)


def webhook_redeliveries() -> Limit:
    """Return the limit of repeated deliveries, which are requests to a user's URL as well."""
    return Limit("webhook-redelivery", settings().webhook_redeliveries_per_hour, 3600)


def check(owner: str, limit: Limit, now: datetime) -> None:
    """Count a request of an owner. Raises TooManyRequestsError."""
    window = epoch(now) // limit.seconds * limit.seconds
    counter = RequestsRecord(*item_keys.requests(owner, limit.name, window))
    try:
        counter.update(actions=[RequestsRecord.used.add(1), RequestsRecord.ttl.set(window + 2 * limit.seconds)])
    except PynamoDBException:
        logger.exception("the rate limit's counter could not be written")
        return
    if counter.used > limit.requests:
        count(THROTTLED)
        raise TooManyRequestsError(limit.requests, limit.seconds, window + limit.seconds - epoch(now))
