"""Names of the one DynamoDB table: keys, indexes, and the sort keys that its stream is filtered by."""

PARTITION_KEY, SORT_KEY = "pk", "sk"
TTL = "ttl"

BY_OWNER, OWNER, LISTED = "by_owner", "owner", "listed"  # an index, its partition key and its sort key
BY_DUE, DUE_SHARD, DUE_AT = "by_due", "due_shard", "due_at"

ANALYSIS = "ANALYSIS"  # the sort key of an analysis
SLOTS = "SLOTS"  # the sort key of an owner's slots at the endpoint
PLAN = "PLAN"  # the sort key of a change of an owner's plan
