"""Uploads in one piece or, for large files, in parts. A part that fails is sent again alone."""

import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

import httpx

from video_sentiment_client._calls import Api
from video_sentiment_client._steps import Body, Parallel, Request, Source, Steps
from video_sentiment_client.errors import StorageError, VideoSentimentError
from video_sentiment_client.models import MultipartTicket, PartUrls, UploadTicket

PARTS_AT_ONCE = 3

VideoSource: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO
OnProgress: TypeAlias = Callable[[int, int], None]


@dataclass(frozen=True)
class Upload:
    """An uploaded file: its key, and its name in lists."""

    key: str
    file_name: str


@contextmanager
def opened(source: VideoSource, file_name: str | None) -> Iterator[Source]:
    """Open the source of an upload. Raises OSError, or ValueError if it has no name."""
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        with path.open("rb") as opened_file:
            yield Source(opened_file, path.stat().st_size, file_name or path.name)
        return
    file: BinaryIO = io.BytesIO(source) if isinstance(source, bytes) else source
    name = file_name or Path(str(getattr(file, "name", ""))).name
    if not Path(name).suffix:
        raise ValueError("name the video, such as file_name='talk.mp4': its extension determines the file type")
    yield Source(file, file.seek(0, os.SEEK_END), name)


class Uploader:
    """Uploads of files through one API. `part_threshold`: size in bytes above which a file goes in parts."""

    def __init__(self, api: Api, part_threshold: int) -> None:
        self._api = api
        self._part_threshold = part_threshold

    def send(self, source: Source, on_progress: OnProgress | None) -> Steps[Upload]:
        """Upload a file."""
        sent = _Sent(source.size, on_progress)
        whole = source.size <= self._part_threshold
        key = yield from (self._in_one_piece(source, sent) if whole else self._in_parts(source, sent))
        return Upload(key, source.name)

    def _in_one_piece(self, source: Source, sent: "_Sent") -> Steps[str]:
        body = Body(source, 0, source.size, lambda count: sent.note(1, count))
        while True:
            response = yield from self._api.post("/upload-url", _announced(source), repeatable=False)
            ticket = UploadTicket.model_validate_json(response.content)
            expires = time.monotonic() + ticket.expires_in
            answer = yield from self._put(ticket.url, body, _without_length(ticket.headers))
            if answer.is_success:
                sent.note(1, source.size)
                return ticket.key
            if answer.status_code != 403 or time.monotonic() < expires:
                raise _refusal(answer)  # otherwise the URL expired on a slow connection; retry with a new one

    def _in_parts(self, source: Source, sent: "_Sent") -> Steps[str]:
        response = yield from self._api.post("/multipart-uploads", _announced(source), repeatable=False)
        ticket = MultipartTicket.model_validate_json(response.content)
        try:
            parts = [self._part(source, ticket, number, sent) for number in range(1, ticket.parts + 1)]
            etags: list[str] = yield Parallel(parts, PARTS_AT_ONCE)
            listed = [{"partNumber": number, "etag": etag} for number, etag in enumerate(etags, 1)]
            yield from self._api.post("/multipart-uploads/complete", {"key": ticket.key, "parts": listed})
        except VideoSentimentError:
            yield from self._abort(ticket.key)
            raise
        return ticket.key

    def _part(self, source: Source, ticket: MultipartTicket, number: int, sent: "_Sent") -> Steps[str]:
        """Send one part and return its ETag."""
        offset = (number - 1) * ticket.part_size
        body = Body(source, offset, min(ticket.part_size, source.size - offset), lambda count: sent.note(number, count))
        request = {"key": ticket.key, "partNumbers": [number]}
        response = yield from self._api.post("/multipart-uploads/parts", request)
        (signed,) = PartUrls.model_validate_json(response.content).parts
        answer = yield from self._put(signed.url, body, {})
        if not answer.is_success:
            raise _refusal(answer)
        sent.note(number, body.size)
        return answer.headers["ETag"]

    def _put(self, url: str, body: Body, headers: dict[str, str]) -> Steps[httpx.Response]:
        return (yield from self._api.retries.exchange(Request("PUT", url, headers=headers, body=body)))

    def _abort(self, key: str) -> Steps[None]:
        """Abort the upload; if that fails, its parts expire."""
        try:
            yield from self._api.post("/multipart-uploads/abort", {"key": key})
        except VideoSentimentError:
            return


class _Sent:
    """Bytes of each piece that have been sent, added up for the caller's callback."""

    def __init__(self, total: int, on_progress: OnProgress | None) -> None:
        self._total = total
        self._on_progress = on_progress
        self._pieces: dict[int, int] = {}
        self._lock = threading.Lock()

    def note(self, piece: int, count: int) -> None:
        if self._on_progress is None:
            return
        with self._lock:
            self._pieces[piece] = count
            self._on_progress(sum(self._pieces.values()), self._total)


def _announced(source: Source) -> dict[str, str | int]:
    return {"fileType": Path(source.name).suffix, "fileSize": source.size}


def _without_length(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() != "content-length"}


def _refusal(answer: httpx.Response) -> StorageError:
    return StorageError(f"the store refused the file ({answer.status_code} {answer.reason_phrase})", answer.status_code)
