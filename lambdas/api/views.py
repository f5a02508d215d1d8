"""Records of the table as what answers hold."""

from datetime import UTC, date, datetime
from typing import Any

from lambdas.api.schemas.account import Day, KeyItem, NewKey, Usage
from lambdas.api.schemas.analyses import AnalysisDetail, AnalysisItem, Failure
from lambdas.core import api_keys, quota
from lambdas.core.reading import Progress
from lambdas.core.tables import AnalysisRecord, KeyRecord
from model.contract import Analysis


def moment(seconds: float | None) -> datetime | None:
    """A time of the table, in epoch seconds."""
    return None if seconds is None else datetime.fromtimestamp(float(seconds), UTC)


def item(record: AnalysisRecord) -> AnalysisItem:
    """An analysis in short."""
    return AnalysisItem.model_validate(_fields(record))


def detail(
    record: AnalysisRecord, analysis: Analysis | None, result_url: str | None, progress: Progress | None
) -> AnalysisDetail:
    """An analysis with all there is."""
    more = {"analysis": analysis, "result_url": result_url, "progress": progress}
    return AnalysisDetail.model_validate(_fields(record) | more)


def _fields(record: AnalysisRecord) -> dict[str, Any]:
    error = record.error
    return {
        "id": record.id,
        "status": record.status,
        "attempt": int(record.attempt),
        "source": record.source,
        "file_name": record.file_name,
        "size": record.size,
        "content_type": record.content_type,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "expires_at": moment(record.expires_at),
        "summary": record.summary,
        "error": Failure(code=error.code, message=error.message) if error is not None else None,
    }


def key(record: KeyRecord) -> KeyItem:
    """An API key, by its prefix."""
    return KeyItem.model_validate(_key_fields(record))


def new_key(made: api_keys.NewKey) -> NewKey:
    """An API key with its token."""
    return NewKey.model_validate(_key_fields(made.record) | {"token": made.token})


def _key_fields(record: KeyRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "name": record.name,
        "prefix": record.prefix,
        "created_at": record.created_at,
        "rotated_at": record.rotated_at,
        "last_used_at": record.last_used_at,
    }


def usage(found: quota.Usage) -> Usage:
    """A month's counters; `days` holds those with requests."""
    first = date.fromisoformat(f"{found.month}-01")
    days = [Day(date=first.replace(day=day), requests=count) for day, count in sorted(found.days.items()) if count]
    return Usage(
        month=found.month,
        plan=found.plan,
        limit=found.limit,
        used=found.used,
        left=found.remaining,
        resets_at=found.resets_at,
        minutes=found.minutes,
        days=days,
    )
