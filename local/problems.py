"""The error that stops a local product; its message says what to do."""


class LocalError(Exception):
    """The product cannot be started or cannot go on; the message is written for the user."""
