"""Tells the drop folder and webhooks how analyses ended."""
