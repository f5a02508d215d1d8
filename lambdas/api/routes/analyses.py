"""Routes to list, read, export, retry, cancel, delete and restore analyses."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response

from common.analyses import COMPLETED
from lambdas.api import presenters, results
from lambdas.api.deps import CallerDep, Cursor, Limit, NowDep
from lambdas.api.openapi_docs import exports, problems
from lambdas.api.results import FormatName, format_of
from lambdas.api.schemas.analyses import AnalysisDetail, AnalysisItem, AnalysisPage, Deleted, Status, VideoUrl
from lambdas.api.schemas.examples import ANALYSIS_ID
from lambdas.core.analyses import creation, deletion, people, queries, transitions
from lambdas.core.clock import moment
from lambdas.core.settings import settings
from lambdas.core.storage.tables import AnalysisRecord

router = APIRouter(tags=["analyses"])

AnalysisId = Annotated[str, Path(max_length=64, examples=[ANALYSIS_ID])]
ChargeMonth = Annotated[
    str | None, Query(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="Calendar month (UTC), such as `2026-11`.")
]
Accept = Annotated[str, Header(max_length=1000, description="`text/csv`, `text/vtt` and so on, instead of `format`.")]


@router.get("/analyses", responses=problems(400, 422))
def list_analyses(
    caller: CallerDep,
    status: Status | None = None,
    month: ChargeMonth = None,
    cursor: Cursor = None,
    limit: Limit = 25,
) -> AnalysisPage:
    """List analyses, newest first.

    Optionally only those with a `status`, or those started in a `month` or charged to it. A page may have fewer items
    than `limit`; the last one has no `cursor`.
    """
    page = queries.page(caller.owner, status, cursor, limit, month)
    return AnalysisPage(analyses=presenters.items(page.records), cursor=page.cursor)


@router.get(
    "/analyses/{id}",
    response_model=AnalysisDetail,
    response_description="The analysis in its current state.",
    responses={200: exports(), **problems(404, 409, 422)},
)
def get_analysis(
    caller: CallerDep, id: AnalysisId, format: FormatName | None = None, accept: Accept = "application/json"
) -> Response:
    """Get an analysis, with its result once it is completed.

    The JSON contains the progress during processing, and the reason of a failure. The formats `csv`, `srt` and `vtt`
    contain only the result, as a file, with the names given to its people.
    """
    record = queries.get(caller.owner, id)
    wanted = format_of(format, accept)
    if wanted != "json":
        return results.export(record, people.Edits.of(record).applied(queries.result(record)), wanted)
    return _detail(record)


@router.get("/analyses/{id}/video", responses=problems(404, 409))
def get_video_url(caller: CallerDep, id: AnalysisId) -> VideoUrl:
    """Get a URL to play the video of an analysis."""
    return results.video_url(queries.get(caller.owner, id))


@router.post("/analyses/{id}/retry", status_code=202, responses=problems(400, 404, 409, 413, 503))
def retry_analysis(caller: CallerDep, id: AnalysisId, now: NowDep) -> AnalysisItem:
    """Retry a failed analysis.

    It is charged like a new one. An analysis that has not failed is returned unchanged. A retry is refused if the same
    file would fail again, and after five attempts.
    """
    return presenters.item(creation.retry(caller.owner, id, now))


@router.post("/analyses/{id}/cancel", responses=problems(404, 409, 503))
def cancel_analysis(caller: CallerDep, id: AnalysisId, now: NowDep) -> AnalysisItem:
    """Cancel a queued or processing analysis.

    Its status becomes `failed` with the code `cancelled`; it is not charged, and can be retried. The request is
    idempotent; an analysis that has already ended is not changed.
    """
    return presenters.item(transitions.cancel(caller.owner, id, now, caller.by))


@router.delete("/analyses/{id}", responses=problems(404))
def delete_analysis(caller: CallerDep, id: AnalysisId, now: NowDep) -> Deleted:
    """Delete an analysis with its video, result and record.

    It is hidden at once, and can be restored for some minutes; then everything is permanently deleted.
    """
    record = deletion.delete(caller.owner, id, now, caller.by)
    until = float(record.deleted_at or 0) + settings().undo_seconds
    return Deleted(id=record.id, restorable_until=moment(until))


@router.post("/analyses/{id}/restore", responses=problems(404, 409))
def restore_analysis(caller: CallerDep, id: AnalysisId, now: NowDep) -> AnalysisItem:
    """Restore a deleted analysis that has not been permanently deleted yet."""
    return presenters.item(deletion.restore(caller.owner, id, now, caller.by))


def _detail(record: AnalysisRecord) -> Response:
    completed = record.status == COMPLETED
    analysis = queries.result(record) if completed else None
    url = results.result_url(record) if completed else None
    detail = presenters.detail(record, analysis, url, queries.progress(record))
    response = results.json_response(detail) or results.json_response(detail.model_copy(update={"analysis": None}))
    assert response is not None, "without its result, an analysis is small"
    return response
