"""Webhook events, their queue, and the URLs they may be sent to."""
