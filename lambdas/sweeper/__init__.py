"""Sets right, every minute, what got stuck."""
