"""The errors of this package, and what FFmpeg's wrapper raises."""

from collections.abc import Callable

import av

KeepGoing = Callable[[], None]
"""Called at least twice a second during long work, by any of its threads; raises to end the work."""


def keep_going_always() -> None:
    """Never end the work."""


READ_ERRORS = (av.FFmpegError, OSError, ValueError)
"""Raised by PyAV for what it cannot open, demux or decode."""


class MediaError(ValueError):
    """The input cannot be analyzed. The message says what is wrong with which file, and what to do."""


class TooDemandingError(MediaError):
    """Analyzing the input takes more memory than one analysis may have."""
