"""What all Lambdas share: the state machine of an analysis, quotas, keys, and the way to AWS. Knows no handler."""
