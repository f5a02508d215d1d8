"""Core that all Lambdas share: the state machine of an analysis, quotas, keys, and AWS clients. Knows no handler."""
