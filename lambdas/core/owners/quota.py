"""Billing plans, and the monthly quota and usage of owners.

Each calendar month has its own counter item, created by the first charge, so nothing needs to be reset.
"""

from datetime import datetime
from typing import Literal, NamedTuple, get_args

from common import retention
from lambdas.core.clock import month_of, next_month
from lambdas.core.errors import QuotaExceededError
from lambdas.core.storage import item_keys
from lambdas.core.storage.tables import AnalysisRecord, QuotaRecord
from lambdas.core.storage.transactions import Part, update

PlanName = Literal["free", "pro", "business"]
DEFAULT_PLAN: PlanName = "free"


class Plan(NamedTuple):
    """Limits of a billing plan."""

    requests_per_month: int
    retention_days: int  # of analyses
    in_flight: int  # analyses that are at the endpoint at a time; further ones wait


PLANS: dict[PlanName, Plan] = {
    "free": Plan(requests_per_month=10_000, retention_days=retention.ANALYSES["free"], in_flight=1),
    "pro": Plan(requests_per_month=100_000, retention_days=retention.ANALYSES["pro"], in_flight=2),
    "business": Plan(requests_per_month=1_000_000, retention_days=retention.ANALYSES["business"], in_flight=4),
}
assert tuple(PLANS) == get_args(PlanName)


class Usage(NamedTuple):
    """Usage of an owner in a calendar month. `days`: analyses charged, by day of the month."""

    month: str
    plan: str
    limit: int
    used: int
    minutes: float  # of video analyzed
    days: dict[int, int]
    resets_at: datetime

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


def plan(name: str) -> Plan:
    """Return the plan with this name, or the default plan if a record holds the name of a discontinued one."""
    return PLANS.get(name, PLANS[DEFAULT_PLAN])  # type: ignore[call-overload, no-any-return]


def usage(owner: str, month: str, plan_name: str = DEFAULT_PLAN) -> Usage:
    """Return an owner's usage in a month such as `2026-11`."""
    record = _read(owner, month)
    return Usage(
        month=month,
        plan=plan_name,
        limit=plan(plan_name).requests_per_month,
        used=int(record.used) if record else 0,
        minutes=round(float(record.seconds) / 60, 2) if record else 0.0,
        days=record.days() if record else {},
        resets_at=next_month(month),
    )


def exceeded(owner: str, limit: int, now: datetime) -> QuotaExceededError:
    """Return the error for an exhausted quota, with the current usage and the time of the reset."""
    month = month_of(now)
    record = _read(owner, month)
    return QuotaExceededError(limit, int(record.used) if record else limit, next_month(month), now)


def charge(owner: str, limit: int, now: datetime) -> Part:
    """Return the transaction part that charges one analysis; it fails if the month's quota is used up."""
    counter = QuotaRecord(*item_keys.quota(owner, month_of(now)))
    actions = [QuotaRecord.used.add(1), QuotaRecord.day(now.day).add(1)]
    room = QuotaRecord.used.does_not_exist() | (QuotaRecord.used < limit)
    return update("quota", counter, actions, room if limit > 0 else QuotaRecord.used < limit)


def refund(record: AnalysisRecord) -> list[Part]:
    """Return the transaction part that refunds an attempt to the month and day of its charge; none if not charged."""
    if record.charge_month is None:
        return []
    counter = QuotaRecord(*item_keys.quota(record.owner, record.charge_month))
    actions = [QuotaRecord.used.add(-1), QuotaRecord.day(int(record.charge_day)).add(-1)]
    return [update("quota", counter, actions)]


def count_seconds(owner: str, now: datetime, seconds: float) -> Part:
    """Return the transaction part that counts seconds of analyzed video in the current month."""
    counter = QuotaRecord(*item_keys.quota(owner, month_of(now)))
    return update("seconds", counter, [QuotaRecord.seconds.add(round(seconds, 3))])


def _read(owner: str, month: str) -> QuotaRecord | None:
    return QuotaRecord.find(*item_keys.quota(owner, month))
