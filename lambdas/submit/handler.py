"""Handler of the table's stream: submits the next attempt when one is queued, a slot is released or a plan changes."""

from typing import Any

from common.analyses import QUEUED
from lambdas.core import clock
from lambdas.core.analyses import fair_queue, submission
from lambdas.core.aws.observability import logger, observed
from lambdas.core.event_sources import Change, Failures, changes
from lambdas.core.storage.tables import AnalysisRecord, PlanChangeRecord, SlotsRecord


@observed
def handler(event: dict[str, Any], _context: Any) -> Failures:
    """Process a batch of the stream. Returns the first record that failed."""
    return changes(event, {AnalysisRecord: _on_analysis, SlotsRecord: _on_slots, PlanChangeRecord: _on_plan})


def _on_analysis(change: Change[AnalysisRecord]) -> None:
    record = change.after
    if record.status == QUEUED:
        _submit_next(record.owner, record.inference_id)


def _on_slots(change: Change[SlotsRecord]) -> None:
    before = len(change.before.in_flight) if change.before is not None else 0
    for number in range(before - len(change.after.in_flight)):
        _submit_next(change.after.owner, f"{change.sequence}.{number}")


def _on_plan(change: Change[PlanChangeRecord]) -> None:
    """Fill the slots of the plan; `submit_next` does nothing once all are taken."""
    for number in range(fair_queue.slot_limit(change.after.owner)):
        _submit_next(change.after.owner, f"{change.sequence}.{number}")


def _submit_next(owner: str, cause: str) -> None:
    record = submission.submit_next(owner, cause, clock.now())
    if record is not None:
        logger.info("submitted", extra={"analysis": record.id, "attempt": int(record.attempt)})
