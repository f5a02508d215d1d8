"""Delivery of webhook events."""

ATTEMPTS = 8  # of one event, after which it goes to the dead-letter queue
