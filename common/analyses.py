"""States of an analysis, as records hold them and as filters of the table's stream select them."""

QUEUED = "queued"
PROCESSING = "processing"
COMPLETED = "completed"
FAILED = "failed"
