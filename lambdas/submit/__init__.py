"""Hands queued analyses to the endpoint."""
