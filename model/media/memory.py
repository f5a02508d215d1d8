"""Memory limits of frame decoding."""

import os
from pathlib import Path

from model.media.errors import TooDemandingError
from model.media.probe import resident_bytes

# Together with the default models (0.7 GB) this keeps a process below 2 GB, including the overshoot between checks.
MAX_BYTES = 896 << 20
# A decoder may hold 16 reference frames and one per thread. At 6 bytes per pixel, the maximum, frames of this size take
# half a gigabyte. Memory is checked for larger ones only.
UNCHECKED_PIXELS = 4 << 20
UNCHECKED_PACKET = 16 << 20  # bytes
MAX_DECODER_THREADS = 4  # each holds a frame


def decoder_threads() -> int:
    """Return the number of threads to decode one video."""
    return min(MAX_DECODER_THREADS, (os.cpu_count() or 1) + 1)


class MemoryWatch:
    """Limit on the memory allocated since its creation; without effect if the system does not report memory."""

    def __init__(self, path: Path) -> None:
        self._path, self._limit = path, MAX_BYTES
        self._before = resident_bytes()

    def check(self) -> None:
        """Raise TooDemandingError when the limit is exceeded."""
        if self._before is not None and (resident_bytes() or 0) - self._before > self._limit:
            raise TooDemandingError(
                f"{self._path}: decoding the video takes more than {self._limit >> 20} MB of memory. "
                "Scale it down first (1080p is enough)."
            )
