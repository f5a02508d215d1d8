"""Presentation of analyses: exports, terminal table, HTML report, and comparison with people's judgments."""
