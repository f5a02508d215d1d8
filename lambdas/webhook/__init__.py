"""Lambda that signs queued webhook events and delivers them."""
