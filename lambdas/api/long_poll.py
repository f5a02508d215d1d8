"""Long polling: a request waits for its analysis, up to a limit or as long as the client asks."""

import re
import time

from lambdas.core.analyses import queries
from lambdas.core.settings import settings
from lambdas.core.storage.tables import AnalysisRecord

FIRST_PAUSE = 0.25  # seconds between two reads of the record
LONGEST_PAUSE = 1.0
PAUSE_GROWTH = 1.3

_WAIT = re.compile(r"wait=\s*([0-9]{1,6})")


def seconds_to_wait(prefer: str) -> float:
    """Return the seconds to wait by a Prefer header (RFC 7240): `respond-async`, `wait=10`, or empty."""
    preferences = [part.strip().lower() for part in prefer.split(",")]
    longest = settings().wait_seconds
    if "respond-async" in preferences:
        return 0.0
    requested = [match for part in preferences if (match := _WAIT.fullmatch(part))]
    return min(longest, float(requested[0][1])) if requested else longest


def until_finished(record: AnalysisRecord, deadline: float) -> AnalysisRecord:
    """Poll a record until it is completed or failed, or until `deadline` (monotonic clock). Returns its last state."""
    pause = FIRST_PAUSE
    while not record.is_terminal and (remaining := deadline - time.monotonic()) > 0:
        time.sleep(min(pause, remaining))
        pause = min(LONGEST_PAUSE, pause * PAUSE_GROWTH)
        record = queries.get(record.owner, record.id)
    return record
