"""Errors of media decoding, and the callback that aborts it."""

from collections.abc import Callable

import av

KeepGoing = Callable[[], None]
"""Callback that is called at least twice a second during long operations, by any thread; raising aborts them."""


def keep_going_always() -> None:
    """Do nothing: the default callback, which never aborts."""


READ_ERRORS = (av.FFmpegError, OSError, ValueError)
"""Errors that PyAV raises when it cannot open, demux or decode a file."""


class MediaError(ValueError):
    """The input cannot be analyzed. The message names the file, the cause and a remedy."""


class TooDemandingError(MediaError):
    """The input exceeds the memory limit of an analysis."""
