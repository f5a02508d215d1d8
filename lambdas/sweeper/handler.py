"""Handler of the schedule that runs the sweeper, `lambdas.core.upkeep.sweeping`."""

from typing import Any

from lambdas.core import clock
from lambdas.core.aws.observability import observed
from lambdas.core.upkeep import sweeping

SPARE_MS = 15_000  # time reserved at the end of the Lambda's timeout to finish the current record


@observed
def handler(_event: dict[str, Any], context: Any) -> dict[str, int]:
    """Repair what is due. Returns the number of repairs tried."""
    done = sweeping.sweep(clock.now(), lambda: context.get_remaining_time_in_millis() > SPARE_MS)
    return {"records": done}
