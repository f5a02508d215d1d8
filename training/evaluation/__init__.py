"""Predictions on a corpus, and how good they are."""
