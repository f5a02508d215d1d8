"""What a receiver gets: the event, and the analysis in short. The result itself is fetched by `statusUrl`."""

import json
from typing import Any

from lambdas.core import analyses, aws
from lambdas.core.settings import settings
from lambdas.core.tables import AnalysisRecord
from lambdas.core.webhooks import Event


def body_of(event: Event) -> bytes | None:
    """The body to send; the same for every attempt. None where the event has been overtaken.

    That is so when its analysis was deleted, or tried again: whoever asked about it hears of the new attempt.
    """
    data: dict[str, Any] = {}
    if event.analysis_id is not None:
        record = analyses.find(event.analysis_id)
        if record is None or record.is_deleted or not _tells_of(event, record):
            return None
        data = _summary(record)
    document = {"id": event.id, "type": event.type, "createdAt": event.occurred_at, "data": data}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _tells_of(event: Event, record: AnalysisRecord) -> bool:
    return event.attempt == record.attempt and event.type == f"analysis.{record.status}"


def _summary(record: AnalysisRecord) -> dict[str, Any]:
    """By the names that the API uses."""
    error = record.error
    return {
        "id": record.id,
        "status": record.status,
        "attempt": int(record.attempt),
        "source": record.source,
        "fileName": record.file_name,
        "createdAt": record.created_at,
        "statusUrl": f"{aws.parameter(settings().public_url_parameter)}/api/analyses/{record.id}",
        "summary": record.summary,
        "error": {"code": error.code, "message": error.message} if error is not None else None,
    }
