"""Conversion of records into response schemas."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from lambdas.api.schemas.account import AuditEvent, Day, Delivery, KeyItem, NewKey, UploadTerms, Usage
from lambdas.api.schemas.analyses import AnalysisDetail, AnalysisItem, VideoUrl
from lambdas.api.schemas.people import AccountPeople, PeopleEdits
from lambdas.api.schemas.shares import NewShare, SharedAnalysis, ShareItem
from lambdas.api.schemas.uploads import PendingUpload
from lambdas.core.analyses import fair_queue, people, shares
from lambdas.core.analyses.queries import Progress
from lambdas.core.analyses.serializers import fields
from lambdas.core.aws import clients
from lambdas.core.clock import moment
from lambdas.core.owners import api_keys, quota
from lambdas.core.settings import settings
from lambdas.core.storage.tables import (
    AnalysisRecord,
    AuditRecord,
    DeliveryRecord,
    KeyRecord,
    OwnerRecord,
    ShareRecord,
    UploadRecord,
)
from lambdas.core.webhooks import deliveries
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
    return AnalysisDetail.model_validate(fields(record) | more | {"people_edits": people_edits(record)})


def people_edits(record: AnalysisRecord) -> PeopleEdits:
    """Convert the names of an analysis's people."""
    edits = people.Edits.of(record)
    return PeopleEdits(names=dict(edits.names), merged=dict(edits.merged))


def account_people(profile: OwnerRecord) -> AccountPeople:
    """Convert an account's confirmation."""
    confirmed_at = profile.people_confirmed_at
    return AccountPeople.model_validate(
        {"lawful_basis_confirmed": confirmed_at is not None, "confirmed_at": confirmed_at}
    )


def pending_upload(record: UploadRecord) -> PendingUpload:
    """Convert a pending upload."""
    return PendingUpload(
        id=record.file_id,
        key=record.object_key,
        size=record.size,
        in_parts=record.multipart_id is not None,
        created_at=datetime.fromisoformat(record.created_at),
        expires_at=None if record.due_at is None else moment(record.due_at),
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
        "expires_at": None if record.expires_at is None else moment(record.expires_at),
        "created_at": record.created_at,
        "rotated_at": record.rotated_at,
        "last_used_at": record.last_used_at,
    }


def share(record: ShareRecord) -> ShareItem:
    """Convert a link, without its token."""
    return ShareItem.model_validate(_share_fields(record))


def new_share(made: shares.NewShare) -> NewShare:
    """Convert a new link, with its token and the addresses of its two pages."""
    base = clients.parameter(settings().public_url_parameter)
    pages = {"url": f"{base}/s/#{made.token}", "embed_url": f"{base}/embed/#{made.token}"}
    return NewShare.model_validate(_share_fields(made.record) | {"token": made.token} | pages)


def shared(found: shares.Shared, result_url: str, video: VideoUrl | None) -> SharedAnalysis:
    """Convert a shared analysis for a reader of its link."""
    return SharedAnalysis(
        file_name=found.analysis.file_name,
        created_at=datetime.fromisoformat(found.analysis.created_at),
        expires_at=moment(found.share.expires_at),
        analysis=found.result,
        result_url=result_url,
        video=video,
    )


def _share_fields(record: ShareRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "created_at": record.created_at,
        "expires_at": moment(record.expires_at),
        "include_video": record.include_video,
    }


def upload_terms(profile: OwnerRecord) -> UploadTerms:
    """Convert the confirmation stored in a profile."""
    at = profile.upload_terms_at
    return UploadTerms(accepted_at=None if at is None else moment(at))


def audit_event(record: AuditRecord) -> AuditEvent:
    """Convert an audit event."""
    return AuditEvent.model_validate(
        {"at": record.at, "event": record.event, "by": record.by, "subject": record.subject}
    )


def delivery(record: DeliveryRecord) -> Delivery:
    """Convert an entry of the delivery log."""
    following = record.next_attempt_at
    return Delivery.model_validate(
        {
            "id": record.id,
            "at": record.at,
            "event_id": record.event_id,
            "event_type": record.event_type,
            "analysis_id": record.analysis_id,
            "destination": record.destination,
            "attempt": record.attempt,
            "outcome": deliveries.outcome(record),
            "status": record.status,
            "error": record.error,
            "duration_ms": record.duration_ms,
            "next_attempt_at": None if following is None else moment(following),
            "redelivered": record.redelivered is not None,
        }
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
