"""The table's stream -> SageMaker: a queued record, a freed slot or another plan submits the owner's next attempt."""

from typing import Any

from common.analyses import QUEUED
from lambdas.core import clock
from lambdas.core.analyses import fair_queue, inference
from lambdas.core.aws.observability import logger, observed
from lambdas.core.event_sources import Change, Failures, changes
from lambdas.core.storage.tables import AnalysisRecord, PlanChangeRecord, SlotsRecord


@observed
def handler(event: dict[str, Any], _context: Any) -> Failures:
    """Answers from which record on the stream must come again."""
    return changes(event, {AnalysisRecord: _queued, SlotsRecord: _freed, PlanChangeRecord: _plan_changed})


def _queued(change: Change[AnalysisRecord]) -> None:
    record = change.after
    if record.status == QUEUED:
        _submit_next(record.owner, record.inference_id)


def _freed(change: Change[SlotsRecord]) -> None:
    before = len(change.before.in_flight) if change.before is not None else 0
    for number in range(before - len(change.after.in_flight)):
        _submit_next(change.after.owner, f"{change.sequence}.{number}")


def _plan_changed(change: Change[PlanChangeRecord]) -> None:
    """Submit as many as the plan allows now: those beyond its slots are not submitted."""
    for number in range(fair_queue.slot_limit(change.after.owner)):
        _submit_next(change.after.owner, f"{change.sequence}.{number}")


def _submit_next(owner: str, cause: str) -> None:
    record = inference.submit_next(owner, cause, clock.now())
    if record is not None:
        logger.info("submitted", extra={"analysis": record.id, "attempt": int(record.attempt)})
