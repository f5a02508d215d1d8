"""Background maintenance across domains: the sweeper's repairs, account deletion and cleanup of arriving objects."""
