"""Prefixes of object keys in the two buckets; `lambdas.core.storage.object_keys` builds and reads the keys."""

# The media bucket.
UPLOADS = "uploads/"
DROP = "drop/"
INPUTS = "inputs/"

# The results bucket.
OUTPUTS = "outputs/"  # SageMaker's
FAILURES = "failures/"  # SageMaker's
PROGRESS = "progress/"
ANALYSES = "analyses/"
RESULTS = "results/"
