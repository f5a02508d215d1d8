"""The client, synchronous and asynchronous. Both perform the same operations (_operations.py)."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from types import TracebackType
from typing import Self, TypeVar

import httpx

from video_sentiment_client._calls import Api, api_of
from video_sentiment_client._drivers import AsyncDriver, SyncDriver
from video_sentiment_client._operations import LONGEST_WAIT, OnUpdate, Operations
from video_sentiment_client._steps import Steps
from video_sentiment_client._uploads import OnProgress, Upload, Uploader, VideoSource, opened
from video_sentiment_client.models import (
    Analysis,
    AnalysisDetail,
    AuditEvent,
    CompletedAnalysis,
    DeletedAnalysis,
    Delivery,
    ExportFormat,
    NewShare,
    Page,
    PendingUpload,
    PeopleEdits,
    Redelivery,
    Result,
    Share,
    StartedAnalysis,
    Status,
    Usage,
    VideoUrl,
)

T = TypeVar("T")

TIMEOUT = httpx.Timeout(60.0, connect=10.0)  # the API holds a request for 25 seconds at most
MAX_RETRIES = 4
SHARE_HOURS = 7 * 24
PART_THRESHOLD = 100_000_000  # bytes


def _operations(api: Api, part_threshold: int) -> Operations:
    return Operations(api, Uploader(api, part_threshold))


class Client:
    """A client of one deployment, for one API key. Threads may share it.

    `base_url` and `api_key` are by default those of the environment, VIDEO_SENTIMENT_URL and VIDEO_SENTIMENT_API_KEY.
    `max_retries`: maximum number of retries of a request. `part_threshold`: file size in bytes above which uploads are
    in parts. `http_client`: your own client, which you close yourself. Raises ConfigurationError.

    Every method may raise NetworkError, or ApiError if the API refuses the request.
    """

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        max_retries: int = MAX_RETRIES,
        part_threshold: int = PART_THRESHOLD,
        http_client: httpx.Client | None = None,
    ) -> None:
        self._operations = _operations(api_of(base_url, api_key, max_retries), part_threshold)
        self._own = http_client is None
        self._http = http_client or httpx.Client(timeout=TIMEOUT)
        self._run = SyncDriver(self._http).run

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        if self._own:
            self._http.close()

    def analyze(
        self,
        source: VideoSource,
        *,
        file_name: str | None = None,
        webhook_url: str | None = None,
        people: bool | None = None,
        timeout: float | None = None,
        on_progress: OnProgress | None = None,
        on_update: OnUpdate | None = None,
    ) -> CompletedAnalysis:
        """Upload a video, start its analysis and wait for the result.

        `timeout`: seconds to wait after the upload. Without `on_update`, the server holds the request that starts the
        analysis, so that a short video's result is returned as soon as it is available. Raises the errors of `upload`,
        `start` and `wait`.
        """
        upload = self.upload(source, file_name=file_name, on_progress=on_progress)
        held = LONGEST_WAIT if on_update is None and timeout is None else 0
        started = self.start(upload, webhook_url=webhook_url, people=people, wait=held)
        return self.wait(started.id, timeout=timeout, on_update=on_update)

    def upload(
        self, source: VideoSource, *, file_name: str | None = None, on_progress: OnProgress | None = None
    ) -> Upload:
        """Upload a video: a path, bytes, or an open binary file.

        `on_progress` is called with the bytes sent so far and their total, by several threads for a file in parts, one
        at a time. Raises OSError, StorageError, or ValueError where bytes or a file come without a `file_name`.
        """
        with opened(source, file_name) as opened_source:
            return self._run(self._operations.upload(opened_source, on_progress))

    def start(
        self,
        upload: Upload | str,
        *,
        file_name: str | None = None,
        webhook_url: str | None = None,
        people: bool | None = None,
        wait: float = 0,
    ) -> StartedAnalysis:
        """Start the analysis of an upload, given as such or by its key.

        May be repeated: the same upload has one analysis and one charge. `wait`: seconds, 25 at most, to hold the
        request on the server; the response has the result if it was completed by then. `people`: whether to tell people
        apart by their voices, by default if the account's owner has confirmed a lawful basis. Raises
        AnalysisFailedError where it failed by then, and PermissionDeniedError for people without a confirmation.
        """
        return self._run(
            self._operations.start(upload, file_name=file_name, webhook_url=webhook_url, people=people, wait=wait)
        )

    def wait(
        self, analysis_id: str, *, timeout: float | None = None, on_update: OnUpdate | None = None
    ) -> CompletedAnalysis:
        """Wait until an analysis is completed. Raises AnalysisFailedError, or WaitTimeoutError after `timeout` seconds.

        `on_update` is called when the analysis's status, position or progress has changed.
        """
        return self._run(self._operations.wait(analysis_id, timeout=timeout, on_update=on_update))

    def get(self, analysis_id: str) -> AnalysisDetail:
        """Get an analysis with its progress or its result."""
        return self._run(self._operations.get(analysis_id))

    def result(self, analysis_id: str) -> Result:
        """Get the result of a completed analysis, whatever its length. Raises AnalysisFailedError or ConflictError."""
        return self._run(self._operations.result(analysis_id))

    def export(self, analysis_id: str, format: ExportFormat) -> str:
        """Get the result of a completed analysis as the text of a file. Raises ConflictError if there is none."""
        return self._run(self._operations.export(analysis_id, format))

    def analyses(
        self, *, status: Status | None = None, month: str | None = None, page_size: int = 25
    ) -> Iterator[Analysis]:
        """Iterate over all analyses, newest first, or those of one status, or of a month such as `2026-11`."""
        return self._items(lambda cursor: self._operations.page(status, month, page_size, cursor))

    def edit_people(
        self, analysis_id: str, *, names: Mapping[str, str] | None = None, merged: Mapping[str, str] | None = None
    ) -> PeopleEdits:
        """Name the people of a completed analysis by `id`, and merge those who are one: `{"S3": "S1"}`.

        Replaces all names and merges. Raises BadRequestError for people that the result lacks, and ConflictError if
        there is none yet.
        """
        return self._run(self._operations.edit_people(analysis_id, names, merged))

    def cancel(self, analysis_id: str) -> Analysis:
        """Cancel an analysis that is queued or processing. It is not charged."""
        return self._run(self._operations.cancel(analysis_id))

    def retry(self, analysis_id: str) -> Analysis:
        """Retry a failed analysis, charged like a new one. An analysis that has not failed is unchanged."""
        return self._run(self._operations.retry(analysis_id))

    def delete(self, analysis_id: str) -> DeletedAnalysis:
        """Delete an analysis with its video and result. It can be restored for some minutes."""
        return self._run(self._operations.delete(analysis_id))

    def restore(self, analysis_id: str) -> Analysis:
        """Restore a deleted analysis. Raises ConflictError once it has been removed permanently."""
        return self._run(self._operations.restore(analysis_id))

    def video_url(self, analysis_id: str) -> VideoUrl:
        """Get a URL that plays the video of an analysis."""
        return self._run(self._operations.video_url(analysis_id))

    def share(self, analysis_id: str, *, expires_in_hours: int = SHARE_HOURS, include_video: bool = False) -> NewShare:
        """Create a read-only link to a completed analysis: its `url` opens it for anyone, without an account.

        It expires after 1 to 2,160 hours (90 days). Raises ConflictError if the analysis has no result yet.
        """
        return self._run(
            self._operations.share(analysis_id, expires_in_hours=expires_in_hours, include_video=include_video)
        )

    def shares(self, analysis_id: str) -> list[Share]:
        """List the links to an analysis, newest first."""
        return self._run(self._operations.shares(analysis_id))

    def revoke_share(self, analysis_id: str, share_id: str) -> None:
        """Revoke a link to an analysis. It is invalid at once."""
        self._run(self._operations.revoke_share(analysis_id, share_id))

    def usage(self, month: str | None = None) -> Usage:
        """Get the quota usage in a month such as `2026-11`, by default the current one."""
        return self._run(self._operations.usage(month))

    def audit_log(self, *, page_size: int = 25) -> Iterator[AuditEvent]:
        """Iterate over the account's audit events of the last 90 days, newest first."""
        return self._items(lambda cursor: self._operations.audit_page(page_size, cursor))

    def deliveries(self, *, page_size: int = 25) -> Iterator[Delivery]:
        """Iterate over the attempts to deliver webhook events in the last 30 days, newest first."""
        return self._items(lambda cursor: self._operations.delivery_page(page_size, cursor))

    def redeliver(self, delivery_id: str) -> Redelivery:
        """Deliver an event of the delivery log once more. May be repeated: each attempt is redelivered once."""
        return self._run(self._operations.redeliver(delivery_id))

    def pending_uploads(self) -> list[PendingUpload]:
        """List the pending uploads, from which no analysis has been started."""
        return self._run(self._operations.pending_uploads())

    def abandon_upload(self, upload_id: str) -> None:
        """Abandon a pending upload and delete its data."""
        self._run(self._operations.abandon_upload(upload_id))

    def _items(self, page_at: Callable[[str | None], Steps[Page[T]]]) -> Iterator[T]:
        """Iterate over the items of all pages, fetched as they are needed. `page_at` takes a page's cursor."""
        cursor: str | None = None
        while True:
            page = self._run(page_at(cursor))
            yield from page.items
            cursor = page.cursor
            if cursor is None:
                return


class AsyncClient:
    """`Client` for asyncio and trio: the same methods as coroutines. Callbacks run in the event loop."""

    def __init__(
        self,
        base_url: str | None = None,
        api_key: str | None = None,
        *,
        max_retries: int = MAX_RETRIES,
        part_threshold: int = PART_THRESHOLD,
        http_client: httpx.AsyncClient | None = None,
    ) -> None:
        self._operations = _operations(api_of(base_url, api_key, max_retries), part_threshold)
        self._own = http_client is None
        self._http = http_client or httpx.AsyncClient(timeout=TIMEOUT)
        self._run = AsyncDriver(self._http).run

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        if self._own:
            await self._http.aclose()

    async def analyze(
        self,
        source: VideoSource,
        *,
        file_name: str | None = None,
        webhook_url: str | None = None,
        people: bool | None = None,
        timeout: float | None = None,
        on_progress: OnProgress | None = None,
        on_update: OnUpdate | None = None,
    ) -> CompletedAnalysis:
        """Upload a video, start its analysis and wait for the result; see `Client.analyze`."""
        upload = await self.upload(source, file_name=file_name, on_progress=on_progress)
        held = LONGEST_WAIT if on_update is None and timeout is None else 0
        started = await self.start(upload, webhook_url=webhook_url, people=people, wait=held)
        return await self.wait(started.id, timeout=timeout, on_update=on_update)

    async def upload(
        self, source: VideoSource, *, file_name: str | None = None, on_progress: OnProgress | None = None
    ) -> Upload:
        """Upload a video: a path, bytes, or an open binary file; see `Client.upload`."""
        with opened(source, file_name) as opened_source:
            return await self._run(self._operations.upload(opened_source, on_progress))

    async def start(
        self,
        upload: Upload | str,
        *,
        file_name: str | None = None,
        webhook_url: str | None = None,
        people: bool | None = None,
        wait: float = 0,
    ) -> StartedAnalysis:
        """Start the analysis of an upload; see `Client.start`."""
        return await self._run(
            self._operations.start(upload, file_name=file_name, webhook_url=webhook_url, people=people, wait=wait)
        )

    async def wait(
        self, analysis_id: str, *, timeout: float | None = None, on_update: OnUpdate | None = None
    ) -> CompletedAnalysis:
        """Wait until an analysis is completed; see `Client.wait`."""
        return await self._run(self._operations.wait(analysis_id, timeout=timeout, on_update=on_update))

    async def get(self, analysis_id: str) -> AnalysisDetail:
        """Get an analysis with its progress or its result."""
        return await self._run(self._operations.get(analysis_id))

    async def result(self, analysis_id: str) -> Result:
        """Get the result of a completed analysis; see `Client.result`."""
        return await self._run(self._operations.result(analysis_id))

    async def export(self, analysis_id: str, format: ExportFormat) -> str:
        """Get the result of a completed analysis as the text of a file; see `Client.export`."""
        return await self._run(self._operations.export(analysis_id, format))

    def analyses(
        self, *, status: Status | None = None, month: str | None = None, page_size: int = 25
    ) -> AsyncIterator[Analysis]:
        """Iterate over all analyses, newest first, or those of one status, or of a month such as `2026-11`."""
        return self._items(lambda cursor: self._operations.page(status, month, page_size, cursor))

    async def edit_people(
        self, analysis_id: str, *, names: Mapping[str, str] | None = None, merged: Mapping[str, str] | None = None
    ) -> PeopleEdits:
        """Name the people of a completed analysis, and merge those who are one; see `Client.edit_people`."""
        return await self._run(self._operations.edit_people(analysis_id, names, merged))

    async def cancel(self, analysis_id: str) -> Analysis:
        """Cancel an analysis that is queued or processing. It is not charged."""
        return await self._run(self._operations.cancel(analysis_id))

    async def retry(self, analysis_id: str) -> Analysis:
        """Retry a failed analysis; see `Client.retry`."""
        return await self._run(self._operations.retry(analysis_id))

    async def delete(self, analysis_id: str) -> DeletedAnalysis:
        """Delete an analysis; see `Client.delete`."""
        return await self._run(self._operations.delete(analysis_id))

    async def restore(self, analysis_id: str) -> Analysis:
        """Restore a deleted analysis; see `Client.restore`."""
        return await self._run(self._operations.restore(analysis_id))

    async def video_url(self, analysis_id: str) -> VideoUrl:
        """Get a URL that plays the video of an analysis."""
        return await self._run(self._operations.video_url(analysis_id))

    async def share(
        self, analysis_id: str, *, expires_in_hours: int = SHARE_HOURS, include_video: bool = False
    ) -> NewShare:
        """Create a read-only link to a completed analysis; see `Client.share`."""
        return await self._run(
            self._operations.share(analysis_id, expires_in_hours=expires_in_hours, include_video=include_video)
        )

    async def shares(self, analysis_id: str) -> list[Share]:
        """List the links to an analysis, newest first."""
        return await self._run(self._operations.shares(analysis_id))

    async def revoke_share(self, analysis_id: str, share_id: str) -> None:
        """Revoke a link to an analysis. It is invalid at once."""
        await self._run(self._operations.revoke_share(analysis_id, share_id))

    async def usage(self, month: str | None = None) -> Usage:
        """Get the quota usage in a month such as `2026-11`, by default the current one."""
        return await self._run(self._operations.usage(month))

    def audit_log(self, *, page_size: int = 25) -> AsyncIterator[AuditEvent]:
        """Iterate over the account's audit events of the last 90 days, newest first."""
        return self._items(lambda cursor: self._operations.audit_page(page_size, cursor))

    def deliveries(self, *, page_size: int = 25) -> AsyncIterator[Delivery]:
        """Iterate over the attempts to deliver webhook events in the last 30 days, newest first."""
        return self._items(lambda cursor: self._operations.delivery_page(page_size, cursor))

    async def redeliver(self, delivery_id: str) -> Redelivery:
        """Deliver an event of the delivery log once more. May be repeated: each attempt is redelivered once."""
        return await self._run(self._operations.redeliver(delivery_id))

    async def pending_uploads(self) -> list[PendingUpload]:
        """List the pending uploads, from which no analysis has been started."""
        return await self._run(self._operations.pending_uploads())

    async def abandon_upload(self, upload_id: str) -> None:
        """Abandon a pending upload and delete its data."""
        await self._run(self._operations.abandon_upload(upload_id))

    async def _items(self, page_at: Callable[[str | None], Steps[Page[T]]]) -> AsyncIterator[T]:
        """Iterate over the items of all pages; see `Client`."""
        cursor: str | None = None
        while True:
            page = await self._run(page_at(cursor))
            for item in page.items:
                yield item
            cursor = page.cursor
            if cursor is None:
                return
