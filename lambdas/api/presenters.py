"""Conversion of records into response schemas."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from lambdas.api.schemas.account import AuditEvent, Day, KeyItem, NewKey, UploadTerms, Usage
from lambdas.api.schemas.analyses import AnalysisDetail, AnalysisItem
from lambdas.api.schemas.uploads import PendingUpload
from lambdas.core.analyses import fair_queue
from lambdas.core.analyses.queries import Progress
from lambdas.core.analyses.serializers import fields
from lambdas.core.owners import api_keys, quota
from lambdas.core.storage.tables import AnalysisRecord, AuditRecord, KeyRecord, OwnerRecord, UploadRecord
from model.contract import Analysis


def item(record: AnalysisRecord) -> AnalysisItem:
    """Convert an analysis into a list item."""
    return items([record])[0]


def items(records: Sequence[AnalysisRecord]) -> list[AnalysisItem]:
    """Convert an owner's analyses into list items."""
    positions = fair_queue.positions(records)
    return [
        AnalysisItem.model_validate(fields(record) | {"position": position})
        for record, position in zip(records, positions, strict=True)
    ]


def detail(
    record: AnalysisRecord, analysis: Analysis | None, result_url: str | None, progress: Progress | None
) -> AnalysisDetail:
    """Convert an analysis with its result or progress."""
    (position,) = fair_queue.positions([record])
    more = {"position": position, "analysis": analysis, "result_url": result_url, "progress": progress}
    return AnalysisDetail.model_validate(fields(record) | more)


def pending_upload(record: UploadRecord) -> PendingUpload:
    """Convert a pending upload."""
    return PendingUpload(
        id=record.file_id,
        key=record.object_key,
        size=record.size,
        in_parts=record.multipart_id is not None,
        created_at=datetime.fromisoformat(record.created_at),
        expires_at=None if record.due_at is None else datetime.fromtimestamp(float(record.due_at), UTC),
    )


def key(record: KeyRecord) -> KeyItem:
    """Convert an API key, without its secret."""
    return KeyItem.model_validate(_key_fields(record))


def new_key(made: api_keys.NewKey) -> NewKey:
    """Convert a new API key, with its token."""
    return NewKey.model_validate(_key_fields(made.record) | {"token": made.token})


def _key_fields(record: KeyRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "name": record.name,
        "prefix": record.prefix,
        "scopes": api_keys.scopes(record),
        "expires_at": None if record.expires_at is None else datetime.fromtimestamp(float(record.expires_at), UTC),
        "created_at": record.created_at,
        "rotated_at": record.rotated_at,
        "last_used_at": record.last_used_at,
    }


def upload_terms(profile: OwnerRecord) -> UploadTerms:
    """Convert the confirmation stored in a profile."""
    at = profile.upload_terms_at
    return UploadTerms(accepted_at=None if at is None else datetime.fromtimestamp(float(at), UTC))


def audit_event(record: AuditRecord) -> AuditEvent:
    """Convert an audit event."""
    return AuditEvent.model_validate(
        {"at": record.at, "event": record.event, "by": record.by, "subject": record.subject}
    )


def usage(found: quota.Usage) -> Usage:
    """Convert a month's usage. `days` lists only days with requests."""
    first = date.fromisoformat(f"{found.month}-01")
    days = [Day(date=first.replace(day=day), requests=count) for day, count in sorted(found.days.items()) if count]
    return Usage(
        month=found.month,
        plan=found.plan,
        limit=found.limit,
        used=found.used,
        remaining=found.remaining,
        left=found.remaining,
        resets_at=found.resets_at,
        minutes=found.minutes,
        concurrency=quota.plan(found.plan).in_flight,
        days=days,
    )
