"""Waiting of a request for its analysis: as long as existing clients expect, unless they ask for less."""

import re
import time

from lambdas.core.analyses import queries
from lambdas.core.settings import settings
from lambdas.core.storage.tables import AnalysisRecord

FIRST_PAUSE = 0.25  # seconds between two looks at the record
LONGEST_PAUSE = 1.0
PAUSE_GROWTH = 1.3

_WAIT = re.compile(r"wait=\s*([0-9]{1,6})")


def patience(prefer: str) -> float:
    """Seconds to wait, by a request's Prefer header (RFC 7240): `respond-async`, `wait=10`, or nothing."""
    preferences = [part.strip().lower() for part in prefer.split(",")]
    longest = settings().wait_seconds
    if "respond-async" in preferences:
        return 0.0
    asked = [match for part in preferences if (match := _WAIT.fullmatch(part))]
    return min(longest, float(asked[0][1])) if asked else longest


def until_finished(record: AnalysisRecord, deadline: float) -> AnalysisRecord:
    """The record once it is completed or failed, or as it is at `deadline` (on the monotonic clock)."""
    pause = FIRST_PAUSE
    while not record.is_terminal and (left := deadline - time.monotonic()) > 0:
        time.sleep(min(pause, left))
        pause = min(LONGEST_PAUSE, pause * PAUSE_GROWTH)
        record = queries.get(record.owner, record.id)
    return record
