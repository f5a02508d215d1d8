"""Limits of how often a user may ask, counted in the table: API Gateway limits API keys, but no users of a pool.

A window of fixed length is an item of its own, which a request adds one to: one write, whatever it answers, and nothing
to reset. Where the table cannot be written, the request passes: a throttle holds excess back and protects no data, and
what is then asked of the table fails by itself.
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
    """A number of requests that are allowed in each window of a number of seconds."""

    name: str
    requests: int
    seconds: int


def app_requests() -> Limit:
    """Everything that a signed-in user asks of the API."""
    return Limit("app", settings().app_requests_per_minute, 60)


def webhook_tests() -> Limit:
    """Test events: each is a request of ours to an address of the user's, repeated where it fails."""
    return Limit("webhook-test", settings().webhook_tests_per_hour, 3600)


def check(owner: str, limit: Limit, now: datetime) -> None:
    """Count a request of an owner. Raises TooManyRequestsError."""
    window = epoch(now) // limit.seconds * limit.seconds
    counter = RequestsRecord(*item_keys.requests(owner, limit.name, window))
    try:
        counter.update(actions=[RequestsRecord.used.add(1), RequestsRecord.ttl.set(window + 2 * limit.seconds)])
    except PynamoDBException:
        logger.exception("a request could not be counted")
        return
    if counter.used > limit.requests:
        count(THROTTLED)
        raise TooManyRequestsError(limit.requests, limit.seconds, window + limit.seconds - epoch(now))
