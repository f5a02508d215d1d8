"""Handler of the table's stream that submits an owner's next attempt when one is queued or a slot is released."""

from typing import Any

from common.analyses import QUEUED
from lambdas.core import clock
from lambdas.core.analyses import inference
from lambdas.core.aws.observability import logger, observed
from lambdas.core.event_sources import Change, Failures, changes
from lambdas.core.storage.tables import AnalysisRecord, SlotsRecord


@observed
def handler(event: dict[str, Any], _context: Any) -> Failures:
    """Process a batch of the stream. Returns the first record that failed."""
    return changes(event, {AnalysisRecord: _on_analysis, SlotsRecord: _on_slots})


def _on_analysis(change: Change[AnalysisRecord]) -> None:
    record = change.after
    if record.status == QUEUED:
        _submit_next(record.owner, record.inference_id)


def _on_slots(change: Change[SlotsRecord]) -> None:
    before = len(change.before.in_flight) if change.before is not None else 0
    for number in range(before - len(change.after.in_flight)):
        _submit_next(change.after.owner, f"{change.sequence}.{number}")


def _submit_next(owner: str, cause: str) -> None:
    record = inference.submit_next(owner, cause, clock.now())
    if record is not None:
        logger.info("submitted", extra={"analysis": record.id, "attempt": int(record.attempt)})
