"""Ceiling on the analyses of a whole stage in a calendar month: what it may cost, whoever asks and however many.

Counted apart from the transaction that creates an analysis: one item that every transaction writes would make them
refuse each other. A process that is killed in between leaves one counted that never began, never the other way round.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from lambdas.core.aws.observability import CEILING_REFUSALS, count
from lambdas.core.clock import month_of, next_month
from lambdas.core.errors import CeilingReachedError
from lambdas.core.settings import settings
from lambdas.core.storage import item_keys
from lambdas.core.storage.tables import QuotaRecord
from lambdas.core.storage.transactions import apply


@contextmanager
def counted(now: datetime) -> Iterator[None]:
    """Count an attempt that begins in this block; not one that ends with an error. Raises CeilingReachedError."""
    limit = settings().monthly_analyses
    if not limit:
        yield
        return
    counter = QuotaRecord(*item_keys.stage_quota(month_of(now)))
    room = QuotaRecord.used.does_not_exist() | (QuotaRecord.used < limit)
    if not apply(counter, [QuotaRecord.used.add(1)], room):
        count(CEILING_REFUSALS)
        raise CeilingReachedError(next_month(month_of(now)), now)
    try:
        yield
    except BaseException:
        with suppress(Exception):  # one too many is no harm; the reason must not be lost
            counter.update(actions=[QuotaRecord.used.add(-1)])
        raise


def used(month: str) -> int:
    """Return the attempts that all owners began in a month such as `2026-11`."""
    record = QuotaRecord.find(*item_keys.stage_quota(month))
    return 0 if record is None else int(record.used)
