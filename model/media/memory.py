"""Memory that an analysis may take beside the models, watched while frames are decoded."""

import os
from pathlib import Path

from model.media.errors import TooDemandingError
from model.media.examination import resident_bytes

# Beside the default models (0.7 GB) this keeps a process below 2 GB, with what it takes until it is noticed.
MAX_BYTES = 896 << 20
# A decoder may hold 16 frames that others refer to, and one for each thread; at 6 bytes a pixel, the most there is,
# those of this size take half a gigabyte. Larger ones are watched.
UNWATCHED_PIXELS = 4 << 20
UNWATCHED_PACKET = 16 << 20  # bytes
DECODER_THREADS = 4  # each holds a frame of its own


def decoder_threads() -> int:
    """Number of threads that decode the frames of one video."""
    return min(DECODER_THREADS, (os.cpu_count() or 1) + 1)


class MemoryWatch:
    """The memory taken since it was made. Where the system does not tell, nothing is refused."""

    def __init__(self, path: Path) -> None:
        self._path, self._limit = path, MAX_BYTES
        self._before = resident_bytes()

    def check(self) -> None:
        """Raise TooDemandingError when more than the limit was taken."""
        if self._before is not None and (resident_bytes() or 0) - self._before > self._limit:
            raise TooDemandingError(
                f"{self._path}: decoding its video takes more than {self._limit >> 20} MB of memory. "
                "Scale it down (1080p is plenty) first."
            )
