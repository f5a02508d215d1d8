"""Serialization of analyses, shared by the API and webhooks."""

from typing import Any

from lambdas.core.aws import clients
from lambdas.core.clock import moment
from lambdas.core.settings import settings
from lambdas.core.storage.tables import AnalysisRecord


def fields(record: AnalysisRecord) -> dict[str, Any]:
    """Return the public fields of an analysis except its result. The API and webhooks use the names in camelCase."""
    error = record.error
    expires = record.expires_at
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
        "expires_at": None if expires is None else moment(expires),
        "seconds_analyzed": None if record.summary is None else record.summary["duration_s"],
        "charged_on": None if record.charge_month is None else f"{record.charge_month}-{int(record.charge_day):02}",
        "summary": record.summary,
        "error": None if error is None else {"code": error.code, "message": error.message},
    }


def status_url(record: AnalysisRecord) -> str:
    """Return the status URL of an analysis, for API keys."""
    return f"{clients.parameter(settings().public_url_parameter)}/api/analyses/{record.id}"
