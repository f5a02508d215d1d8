"""The error of this package, and what FFmpeg's wrapper raises."""

import av

READ_ERRORS = (av.FFmpegError, OSError, ValueError)
"""Raised by PyAV for what it cannot open, demux or decode."""


class MediaError(ValueError):
    """The input cannot be analysed. The message says what is wrong with which file, and what to do."""


class TooDemandingError(MediaError):
    """Analysing the input takes more memory than one analysis may have."""
