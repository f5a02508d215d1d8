"""Analyses: creation, state transitions, the fair queue, submission, results, queries and deletion."""
