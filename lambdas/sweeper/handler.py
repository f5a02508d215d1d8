"""A schedule -> `lambdas.core.upkeep.sweeping`."""

from typing import Any

from lambdas.core import clock
from lambdas.core.aws.observability import observed
from lambdas.core.upkeep import sweeping

SPARE_MS = 15_000  # of the Lambda's time: enough to finish the record at hand


@observed
def handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    """Answers how many records were looked at."""
    done = sweeping.sweep(clock.now(), lambda: context.get_remaining_time_in_millis() > SPARE_MS)
    return {"records": done}
