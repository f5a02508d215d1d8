"""Evaluation: predictions on a corpus, metrics and reports."""
