"""Errors of the local product."""


class LocalError(Exception):
    """The product cannot start or continue; the message is for the user and names the remedy."""
