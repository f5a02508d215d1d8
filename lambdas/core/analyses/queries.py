"""Queries of analyses: a single one, a page, the result and the progress."""

import json
from datetime import datetime
from functools import reduce
from operator import and_

from pydantic import BaseModel, Field, ValidationError
from pynamodb.expressions.condition import Condition

from common.analyses import COMPLETED, PROCESSING
from common.progress import Stage
from lambdas.core.errors import BadRequestError, NotFinishedError, NotFoundError
from lambdas.core.settings import settings
from lambdas.core.storage import item_keys, object_keys, objects, paging
from lambdas.core.storage.tables import STATUSES, AnalysisRecord
from model.contract import Analysis

UNKNOWN_ANALYSIS = "Analysis not found."
MAX_PAGE = 100
FILTERED_PAGE = 1000  # records read at a time when a filter may drop most of them


class Progress(BaseModel):
    """Progress of an attempt, as written by the model server. `fraction` is from 0 to 1."""

    stage: Stage
    fraction: float = Field(ge=0.0, le=1.0)
    updated: datetime


def find(analysis_id: str) -> AnalysisRecord | None:
    """Return the record in any state, tombstones included; None if there is none."""
    return AnalysisRecord.find(*item_keys.analysis(analysis_id))


def reload(record: AnalysisRecord) -> AnalysisRecord:
    """Read a record again, consistently."""
    return AnalysisRecord.get(record.pk, record.sk, consistent_read=True)


def get(owner: str, analysis_id: str) -> AnalysisRecord:
    """Return an owner's analysis. Raises NotFoundError, also for other owners' and deleted analyses."""
    record = owned(owner, analysis_id)
    if record.is_deleted:
        raise NotFoundError(UNKNOWN_ANALYSIS)
    return record


def owned(owner: str, analysis_id: str) -> AnalysisRecord:
    """Return an owner's analysis, deleted or not. Raises NotFoundError."""
    record = find(analysis_id) if object_keys.is_analysis_id(analysis_id) else None
    if record is None or record.owner != owner:
        raise NotFoundError(UNKNOWN_ANALYSIS)
    return record


def page(
    owner: str, status: str | None = None, cursor: str | None = None, limit: int = 25, month: str | None = None
) -> paging.Page[AnalysisRecord]:
    """Return a page of an owner's analyses, newest first, optionally of one status. Eventually consistent.

    `month`, such as `2026-11`: only analyses that were started in the month or charged to it, such as retried ones.
    Raises BadRequestError for an invalid cursor, status or limit.
    """
    if status is not None and status not in STATUSES:
        raise BadRequestError(f"`status` must be one of {', '.join(STATUSES)}.")
    if not 1 <= limit <= MAX_PAGE:
        raise BadRequestError(f"`limit` must be from 1 to {MAX_PAGE}.")
    condition = _filter(status, month)
    return paging.page(
        AnalysisRecord,
        owner,
        item_keys.ANALYSIS_PREFIX,
        limit,
        after=_decode(owner, cursor) if cursor else None,
        position=lambda record: json.dumps([record.listed, record.id]),
        condition=condition,
        read=FILTERED_PAGE if condition is not None else None,
    )


def _filter(status: str | None, month: str | None) -> Condition | None:
    conditions: list[Condition] = []
    if status is not None:
        conditions.append(AnalysisRecord.status == status)
    if month is not None:
        conditions.append(AnalysisRecord.created_at.startswith(month) | (AnalysisRecord.charge_month == month))
    return reduce(and_, conditions) if conditions else None


def result(record: AnalysisRecord) -> Analysis:
    """Return the result of a completed analysis, with all distributions. Raises NotFinishedError."""
    body = None
    if record.status == COMPLETED:
        body = objects.read(settings().results_bucket, record.result_key)
    if body is None:
        raise NotFinishedError(f"The analysis has no result. Its status is {record.status}.")
    return Analysis.model_validate_json(body)


def progress(record: AnalysisRecord) -> Progress | None:
    """Return the current attempt's progress; None before the model server reports any, and once it has ended."""
    if record.status != PROCESSING:
        return None
    body = objects.read(settings().results_bucket, object_keys.progress(record.id, int(record.attempt)))
    try:
        return Progress.model_validate_json(body) if body is not None else None
    except ValidationError:
        return None


def _decode(owner: str, cursor: str) -> paging.Position:
    """Decode a cursor into a key among the owner's own analyses. Raises BadRequestError."""
    try:
        listed, analysis_id = json.loads(paging.decode(cursor))
        if not (isinstance(listed, str) and listed.startswith(item_keys.ANALYSIS_PREFIX) and len(listed) < 100):
            raise ValueError("not a sort key of the list")
        if not object_keys.is_analysis_id(analysis_id):
            raise ValueError("not an analysis id")
    except (ValueError, TypeError) as error:
        raise paging.invalid_cursor() from error
    return paging.start_key(item_keys.analysis(analysis_id), owner, listed)
