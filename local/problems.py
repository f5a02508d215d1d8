"""What can stop a local product from running, each in words that say what to do."""


class LocalError(Exception):
    """The product cannot be started, or cannot go on; the message is for the user."""
