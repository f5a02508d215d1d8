"""Operations of the client, as steps (_steps.py): the one implementation behind Client and AsyncClient."""

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import quote

from video_sentiment_client._calls import Api
from video_sentiment_client._steps import Request, Sleep, Steps
from video_sentiment_client._uploads import Upload, Uploader
from video_sentiment_client.errors import AnalysisFailedError, ConflictError, StorageError, WaitTimeoutError
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
    PendingUploads,
    PeopleEdits,
    Redelivery,
    Result,
    Share,
    Shares,
    StartedAnalysis,
    Status,
    Usage,
    VideoUrl,
)

FIRST_PAUSE, LONGEST_PAUSE, PAUSE_GROWTH = 1.0, 5.0, 1.5  # seconds between two requests for an analysis
# The API's problem for an export of an analysis without a result; its JSON comes from the store, which has none.
NOT_FINISHED = {"code": "not-finished", "title": "The analysis has no result", "status": 409}
LONGEST_WAIT = 25  # seconds that the API holds a request that starts an analysis

OnUpdate: TypeAlias = Callable[[AnalysisDetail], None]


class Operations:
    """All operations of a client except opening files and iterating over pages."""

    def __init__(self, api: Api, uploader: Uploader) -> None:
        self._api = api
        self.upload = uploader.send

    def start(
        self,
        upload: Upload | str,
        *,
        file_name: str | None,
        webhook_url: str | None,
        people: bool | None,
        wait: float,
    ) -> Steps[StartedAnalysis]:
        key = upload.key if isinstance(upload, Upload) else upload
        name = file_name or (upload.file_name if isinstance(upload, Upload) else None)
        wanted = {"key": key, "fileName": name, "webhookUrl": webhook_url, "people": people}
        body = {field: value for field, value in wanted.items() if value is not None}
        seconds = min(LONGEST_WAIT, round(wait))
        prefer = f"wait={seconds}" if seconds > 0 else "respond-async"
        response = yield from self._api.post("/sentiment-inference", body, headers={"Prefer": prefer})
        return StartedAnalysis.model_validate_json(response.content)

    def get(self, analysis_id: str) -> Steps[AnalysisDetail]:
        response = yield from self._api.get(_path(analysis_id))
        return AnalysisDetail.model_validate_json(response.content)

    def wait(self, analysis_id: str, *, timeout: float | None, on_update: OnUpdate | None) -> Steps[CompletedAnalysis]:
        began, pause = time.monotonic(), FIRST_PAUSE
        shown: tuple[Any, ...] | None = None
        while True:
            analysis = yield from self.get(analysis_id)
            state = (analysis.status, analysis.position, analysis.progress)
            if on_update is not None and state != shown:
                on_update(analysis)
                shown = state
            if analysis.status in ("completed", "failed"):
                return (yield from self._completed(analysis))
            if timeout is not None and time.monotonic() - began + pause > timeout:
                raise WaitTimeoutError(analysis_id, analysis.status, timeout)
            yield Sleep(pause)
            pause = min(LONGEST_PAUSE, pause * PAUSE_GROWTH)

    def result(self, analysis_id: str) -> Steps[Result]:
        return (yield from self._completed((yield from self.get(analysis_id)))).result

    def export(self, analysis_id: str, format: ExportFormat) -> Steps[str]:
        if format == "json":
            return (yield from self._stored((yield from self.get(analysis_id))))
        response = yield from self._api.get(_path(analysis_id), {"format": format})
        return str(response.text)

    def page(self, status: Status | None, month: str | None, limit: int, cursor: str | None) -> Steps[Page[Analysis]]:
        parameters = {"status": status, "month": month, "limit": limit, "cursor": cursor}
        response = yield from self._api.get("/analyses", parameters)
        return Page[Analysis].model_validate_json(response.content)

    def audit_page(self, limit: int, cursor: str | None) -> Steps[Page[AuditEvent]]:
        response = yield from self._api.get("/audit-log", {"limit": limit, "cursor": cursor})
        return Page[AuditEvent].model_validate_json(response.content)

    def edit_people(
        self, analysis_id: str, names: Mapping[str, str] | None, merged: Mapping[str, str] | None
    ) -> Steps[PeopleEdits]:
        body = {"names": dict(names or {}), "merged": dict(merged or {})}
        response = yield from self._api.put(f"{_path(analysis_id)}/people", body)
        return PeopleEdits.model_validate_json(response.content)

    def delivery_page(self, limit: int, cursor: str | None) -> Steps[Page[Delivery]]:
        response = yield from self._api.get("/webhook/deliveries", {"limit": limit, "cursor": cursor})
        return Page[Delivery].model_validate_json(response.content)

    def redeliver(self, delivery_id: str) -> Steps[Redelivery]:
        response = yield from self._api.post(f"/webhook/deliveries/{quote(delivery_id, safe='')}/redeliver")
        return Redelivery.model_validate_json(response.content)

    def cancel(self, analysis_id: str) -> Steps[Analysis]:
        return (yield from self._action(analysis_id, "cancel"))

    def retry(self, analysis_id: str) -> Steps[Analysis]:
        return (yield from self._action(analysis_id, "retry"))

    def restore(self, analysis_id: str) -> Steps[Analysis]:
        return (yield from self._action(analysis_id, "restore"))

    def delete(self, analysis_id: str) -> Steps[DeletedAnalysis]:
        response = yield from self._api.delete(_path(analysis_id))
        return DeletedAnalysis.model_validate_json(response.content)

    def video_url(self, analysis_id: str) -> Steps[VideoUrl]:
        response = yield from self._api.get(f"{_path(analysis_id)}/video")
        return VideoUrl.model_validate_json(response.content)

    def share(self, analysis_id: str, *, expires_in_hours: int, include_video: bool) -> Steps[NewShare]:
        body = {"expiresInHours": expires_in_hours, "includeVideo": include_video}
        # Not repeated without an answer: a lost one would leave a link that nobody knows.
        response = yield from self._api.post(f"{_path(analysis_id)}/shares", body, repeatable=False)
        return NewShare.model_validate_json(response.content)

    def shares(self, analysis_id: str) -> Steps[list[Share]]:
        response = yield from self._api.get(f"{_path(analysis_id)}/shares")
        return Shares.model_validate_json(response.content).shares

    def revoke_share(self, analysis_id: str, share_id: str) -> Steps[None]:
        yield from self._api.delete(f"{_path(analysis_id)}/shares/{quote(share_id, safe='')}")

    def usage(self, month: str | None) -> Steps[Usage]:
        response = yield from self._api.get("/usage", {"month": month})
        return Usage.model_validate_json(response.content)

    def pending_uploads(self) -> Steps[list[PendingUpload]]:
        response = yield from self._api.get("/uploads")
        return PendingUploads.model_validate_json(response.content).uploads

    def abandon_upload(self, upload_id: str) -> Steps[None]:
        yield from self._api.delete(f"/uploads/{quote(upload_id, safe='')}")

    def _action(self, analysis_id: str, action: str) -> Steps[Analysis]:
        response = yield from self._api.post(f"{_path(analysis_id)}/{action}")
        return Analysis.model_validate_json(response.content)

    def _completed(self, analysis: AnalysisDetail) -> Steps[CompletedAnalysis]:
        """Return an analysis with its result, fetched separately if it is too long for the response."""
        result = analysis.result
        if result is None:
            result = Result.model_validate_json((yield from self._stored(analysis)))
        return CompletedAnalysis.model_validate(dict(analysis) | {"result": result})

    def _stored(self, analysis: AnalysisDetail) -> Steps[str]:
        """Return the stored result. Raises AnalysisFailedError, or ConflictError if there is none yet."""
        if analysis.error is not None:
            raise AnalysisFailedError(analysis.id, analysis.error.code, analysis.error.message)
        if analysis.result_url is None:
            raise ConflictError(409, NOT_FINISHED | {"detail": f"the analysis is {analysis.status}"})
        response = yield from self._api.retries.exchange(Request("GET", analysis.result_url))
        if not response.is_success:
            raise StorageError(f"the store did not return the result ({response.status_code})", response.status_code)
        return str(response.text)


def _path(analysis_id: str) -> str:
    return f"/analyses/{quote(analysis_id, safe='')}"
