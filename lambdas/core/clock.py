"""Times as the table keeps them. Functions that write a time take `now`, so that tests may choose it."""

from datetime import UTC, datetime, timedelta

DAY = 86_400  # seconds


def now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """A moment as text that sorts by time: `2026-11-24T23:22:29.123Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch(moment: datetime) -> int:
    """Whole seconds since 1970: what `due_at`, `ttl` and the deadlines are in."""
    return int(moment.timestamp())


def month_of(moment: datetime) -> str:
    """`2026-11`, in UTC: the key of a calendar month's counters."""
    return moment.astimezone(UTC).strftime("%Y-%m")


def next_month(month: str) -> datetime:
    """The first moment after a month such as `2026-11`."""
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    return (first + timedelta(days=32)).replace(day=1)
