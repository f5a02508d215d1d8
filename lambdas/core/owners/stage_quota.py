"""Limit on the analyses that all owners of a stage together may start in a calendar month, to bound its cost.

The counter is not part of the transaction that creates an analysis, because transactions that all write one item would
conflict. If a process is killed in between, an analysis that never started is counted; none goes uncounted.
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
    """Count an attempt that starts in this block, unless the block raises. Raises CeilingReachedError."""
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
        with suppress(Exception):  # overcounting by one is harmless; the original error must not be lost
            counter.update(actions=[QuotaRecord.used.add(-1)])
        raise


def used(month: str) -> int:
    """Return the number of attempts that all owners started in a month such as `2026-11`."""
    record = QuotaRecord.find(*item_keys.stage_quota(month))
    return 0 if record is None else int(record.used)
