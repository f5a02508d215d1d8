"""Accounts: profiles, API keys, sessions, plans, quotas, rate limits and the audit log."""
