"""Payload of a webhook: the event, and the analysis in short. The result itself is fetched by `statusUrl`."""

import json
from typing import Any

from pydantic.alias_generators import to_camel

from lambdas.core.analyses import queries
from lambdas.core.analyses.serializers import fields, status_url
from lambdas.core.storage.tables import AnalysisRecord
from lambdas.core.webhooks.events import Event

# The fields in docs/webhooks.md. None of them changes later: the body is the same for every attempt.
TOLD = ("id", "status", "attempt", "source", "file_name", "created_at", "status_url", "summary", "error")


def body_of(event: Event) -> bytes | None:
    """The body to send; the same for every attempt. None where the event has been overtaken.

    That is so when its analysis was deleted, or tried again: whoever asked about it hears of the new attempt.
    """
    data: dict[str, Any] = {}
    if event.analysis_id is not None:
        record = queries.find(event.analysis_id)
        if record is None or record.is_deleted or not _tells_of(event, record):
            return None
        data = _summary(record)
    document = {"id": event.id, "type": event.type, "createdAt": event.occurred_at, "data": data}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _tells_of(event: Event, record: AnalysisRecord) -> bool:
    return event.attempt == record.attempt and event.type == f"analysis.{record.status}"


def _summary(record: AnalysisRecord) -> dict[str, Any]:
    """Return the summary of an analysis, by the API's names."""
    known = fields(record) | {"status_url": status_url(record)}
    return {to_camel(name): known[name] for name in TOLD}
