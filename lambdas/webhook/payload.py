"""Payload of a webhook: the event and a summary of the analysis. The full result is fetched from `statusUrl`."""

import json
from typing import Any

from pydantic.alias_generators import to_camel

from lambdas.core.analyses import queries
from lambdas.core.analyses.serializers import fields, status_url
from lambdas.core.storage.tables import AnalysisRecord
from lambdas.core.webhooks.events import Event

# Documented in docs/webhooks.md. None of them changes between deliveries, so the body is always the same.
ANALYSIS_FIELDS = ("id", "status", "attempt", "source", "file_name", "created_at", "status_url", "summary", "error")


def body_of(event: Event) -> bytes | None:
    """Return the body to send, identical for every delivery; None if the event is obsolete.

    It is obsolete if its analysis was deleted or retried: the new attempt has its own event.
    """
    data: dict[str, Any] = {}
    if event.analysis_id is not None:
        record = queries.find(event.analysis_id)
        if record is None or record.is_deleted or not _is_current(event, record):
            return None
        data = _summary(record)
    document = {"id": event.id, "type": event.type, "createdAt": event.occurred_at, "data": data}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _is_current(event: Event, record: AnalysisRecord) -> bool:
    return event.attempt == record.attempt and event.type == f"analysis.{record.status}"


def _summary(record: AnalysisRecord) -> dict[str, Any]:
    """Return the summary of an analysis, with the API's field names."""
    known = fields(record) | {"status_url": status_url(record)}
    return {to_camel(name): known[name] for name in ANALYSIS_FIELDS}
