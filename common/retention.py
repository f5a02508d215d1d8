"""Days for which things are kept."""

from collections.abc import Mapping

ANALYSES: Mapping[str, int] = {"free": 90, "pro": 365, "business": 730}  # by billing plan
LONGEST = max(ANALYSES.values())
