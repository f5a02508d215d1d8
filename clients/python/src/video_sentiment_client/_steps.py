"""Steps of an operation, free of input and output: written once, performed by a synchronous or an asynchronous driver.

An operation is a generator. It yields a step, is sent the step's result, and returns the operation's own.
"""

import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, TypeAlias, TypeVar

from video_sentiment_client.errors import StorageError

CHUNK_BYTES = 256 * 1024  # read and sent at a time

T = TypeVar("T")


class Source:
    """A seekable binary file of `size` bytes, read in pieces by several threads."""

    def __init__(self, file: BinaryIO, size: int, name: str) -> None:
        self.size = size
        self.name = name
        self._file = file
        self._lock = threading.Lock()

    def read(self, offset: int, size: int) -> bytes:
        """Return exactly `size` bytes. Raises StorageError if the file has become shorter."""
        with self._lock:
            self._file.seek(offset)
            data = self._file.read(size)
        if len(data) != size:
            raise StorageError(f"{self.name} changed while it was being sent")
        return data


@dataclass(frozen=True)
class Body:
    """A piece of a file as the body of a request. `on_sent` gets the bytes of it that have been sent so far."""

    source: Source
    offset: int
    size: int
    on_sent: Callable[[int], None]

    def spans(self) -> Iterator[tuple[int, int]]:
        """Yield offset and size of each chunk."""
        end = self.offset + self.size
        for offset in range(self.offset, end, CHUNK_BYTES):
            yield offset, min(CHUNK_BYTES, end - offset)

    def sent_until(self, offset: int) -> None:
        """Report that everything before an offset of the file was sent."""
        self.on_sent(offset - self.offset)


@dataclass(frozen=True)
class Request:
    """A request. `repeatable`: the request is idempotent."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str | int] = field(default_factory=dict)
    json: Mapping[str, Any] | None = None
    body: Body | None = None
    repeatable: bool = True


@dataclass(frozen=True)
class Sleep:
    """A pause, in seconds."""

    seconds: float


@dataclass(frozen=True)
class Parallel:
    """Operations to run concurrently, at most `limit` at a time; the result is the list of their results."""

    branches: Sequence["Steps[Any]"]
    limit: int


Step: TypeAlias = Request | Sleep | Parallel
Steps: TypeAlias = Generator[Step, Any, T]
