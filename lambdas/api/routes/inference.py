"""Starting analyses, and waiting for them."""

import time
from typing import Annotated

from fastapi import APIRouter, Header, Response
from starlette.responses import JSONResponse

from common.analyses import COMPLETED, FAILED
from lambdas.api import results
from lambdas.api.deps import CallerDep, NowDep
from lambdas.api.errors import failure_of
from lambdas.api.long_poll import patience, until_finished
from lambdas.api.openapi_docs import problems
from lambdas.api.schemas.analyses import Accepted, InferenceRequest, InferenceResult
from lambdas.core.analyses import creation, queries
from lambdas.core.analyses.serializers import status_url
from lambdas.core.settings import settings
from lambdas.core.storage.tables import UPLOAD_DOOR, AnalysisRecord
from lambdas.core.uploads import uploads
from lambdas.core.webhooks import url_policy

router = APIRouter(tags=["analyses"])

RETRY_AFTER = 5  # seconds until it makes sense to ask again

PreferHeader = Annotated[str, Header(max_length=200, description="`respond-async`, or `wait=SECONDS`.")]
ACCEPTED = {"model": Accepted, "description": "The analysis goes on; ask again at `statusUrl`."}


@router.post(
    "/sentiment-inference",
    response_model=InferenceResult,
    response_description="The whole analysis.",
    responses={202: ACCEPTED, **problems(400, 404, 409, 413, 422, 502, 503)},
)
def start_analysis(caller: CallerDep, request: InferenceRequest, now: NowDep, prefer: PreferHeader = "") -> Response:
    """Analyze an uploaded video.

    Waits up to 25 seconds for the result. An analysis that takes longer goes on: the answer is then 202, with the
    address to ask again at. `Prefer: respond-async` answers 202 at once, `Prefer: wait=5` after five seconds.

    Repeating the request for the same `key` gives the same analysis and is charged once. An analysis that failed
    is not charged; repeating its request starts another attempt.
    """
    deadline = time.monotonic() + patience(prefer)
    if request.webhook_url is not None:
        url_policy.parse(request.webhook_url, allow_local=settings().local_webhooks)
    upload = uploads.check(caller.owner, request.key)
    if request.file_name is not None:
        upload = upload._replace(file_name=request.file_name)
    record = creation.start(caller.owner, upload, source=UPLOAD_DOOR, webhook_url=request.webhook_url, now=now)
    return _answer(until_finished(record, deadline))


def _answer(record: AnalysisRecord) -> Response:
    if record.status == FAILED:
        raise failure_of(record)
    if record.status == COMPLETED:
        whole = results.json_answer(InferenceResult(analysis=queries.result(record)))
        if whole is not None:
            return whole
    url = status_url(record)
    accepted = Accepted(id=record.id, status=record.status, status_url=url)
    headers = {"Location": url, "Retry-After": str(RETRY_AFTER), "Preference-Applied": "respond-async"}
    return JSONResponse(accepted.model_dump(by_alias=True), 202, headers)
