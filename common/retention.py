"""Days for which data is kept. The privacy page of the web app shows these figures."""

from collections.abc import Mapping

ANALYSES: Mapping[str, int] = {"free": 90, "pro": 365, "business": 730}  # by billing plan
LONGEST = max(ANALYSES.values())
AUDIT_LOG = 90
OLD_VERSIONS = 30  # of deleted or replaced objects
BACKUPS = 35
TOMBSTONES = 40  # longer than any backup, which could otherwise bring back deleted data
ACCESS_LOGS = 365
