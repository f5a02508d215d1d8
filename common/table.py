"""Names of the one DynamoDB table: keys, indexes, and the sort keys of its items."""

PARTITION_KEY, SORT_KEY = "pk", "sk"
TTL = "ttl"

BY_OWNER, OWNER, LISTED = "by_owner", "owner", "listed"  # an index, its partition key and its sort key
BY_DUE, DUE_SHARD, DUE_AT = "by_due", "due_shard", "due_at"

# Sort keys by kind of item; other kinds have a prefix or exist once.
ANALYSIS = "ANALYSIS"
PROFILE = "OWNER"
SLOTS = "SLOTS"  # an owner's slots at the endpoint
PLAN = "PLAN"  # a change of an owner's plan
UPLOAD = "UPLOAD"
KEY = "KEY"
SHARE = "SHARE"
