"""Time formats of the table. Functions that write a time take `now` as an argument, so that tests can set it."""

from datetime import UTC, datetime, timedelta

DAY = 86_400  # seconds


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def stamp(at: datetime) -> str:
    """Format a time as ISO 8601 text that sorts chronologically: `2026-11-24T23:22:29.123Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch(at: datetime) -> int:
    """Convert a time to whole epoch seconds, the unit of `due_at`, `ttl` and the deadlines."""
    return int(at.timestamp())


def moment(seconds: float) -> datetime:
    """Return the time of epoch seconds, in UTC."""
    return datetime.fromtimestamp(float(seconds), UTC)


def month_of(at: datetime) -> str:
    """Return the calendar month (UTC) of a time, such as `2026-11`: the key of that month's counters."""
    return at.astimezone(UTC).strftime("%Y-%m")


def next_month(month: str) -> datetime:
    """Return the start of the month after one such as `2026-11`."""
    first = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    return (first + timedelta(days=32)).replace(day=1)
