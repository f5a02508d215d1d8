"""Route that starts an analysis and waits for its result."""

import time
from typing import Annotated

from fastapi import APIRouter, Header, Response
from starlette.responses import JSONResponse

from common.analyses import COMPLETED, FAILED
from lambdas.api import results
from lambdas.api.deps import CallerDep, NowDep
from lambdas.api.errors import failure_of
from lambdas.api.long_poll import seconds_to_wait, until_finished
from lambdas.api.openapi_docs import problems
from lambdas.api.schemas.analyses import Accepted, InferenceRequest, InferenceResult
from lambdas.core.analyses import creation, queries
from lambdas.core.analyses.serializers import status_url
from lambdas.core.settings import settings
from lambdas.core.storage.tables import UPLOAD_SOURCE, AnalysisRecord
from lambdas.core.uploads import uploads
from lambdas.core.webhooks import url_policy

router = APIRouter(tags=["analyses"])

RETRY_AFTER = 5  # seconds between polls of the status URL

PreferHeader = Annotated[str, Header(max_length=200, description="`respond-async`, or `wait=SECONDS`.")]
ACCEPTED = {"model": Accepted, "description": "The analysis is still running; poll the status URL in `statusUrl`."}


@router.post(
    "/sentiment-inference",
    response_model=InferenceResult,
    response_description="The result of the analysis.",
    responses={202: ACCEPTED, **problems(400, 404, 409, 413, 422, 502, 503)},
)
def start_analysis(caller: CallerDep, request: InferenceRequest, now: NowDep, prefer: PreferHeader = "") -> Response:
    """Analyze an uploaded video.

    Waits up to 25 seconds for the result. If the analysis takes longer, it continues, and the response is 202 with a
    status URL. `Prefer: respond-async` responds with 202 at once, `Prefer: wait=5` after five seconds.

    Repeating the request for the same `key` returns the same analysis and is charged once. A failed analysis is not
    charged; repeating its request starts another attempt. `people` counts when an attempt starts: a retry keeps what
    the analysis had, unless the confirmation was withdrawn.
    """
    deadline = time.monotonic() + seconds_to_wait(prefer)
    if request.webhook_url is not None:
        url_policy.parse(request.webhook_url, allow_local=settings().local_webhooks)
    upload = uploads.check(caller.owner, request.key)
    if request.file_name is not None:
        upload = upload._replace(file_name=request.file_name)
    record = creation.start(
        caller.owner,
        upload,
        source=UPLOAD_SOURCE,
        webhook_url=request.webhook_url,
        with_people=request.people,
        now=now,
    )
    return _answer(until_finished(record, deadline))


def _answer(record: AnalysisRecord) -> Response:
    if record.status == FAILED:
        raise failure_of(record)
    if record.status == COMPLETED:
        response = results.json_response(InferenceResult(id=record.id, analysis=queries.result(record)))
        if response is not None:
            return response
    url = status_url(record)
    accepted = Accepted(id=record.id, status=record.status, status_url=url)
    headers = {"Location": url, "Retry-After": str(RETRY_AFTER), "Preference-Applied": "respond-async"}
    return JSONResponse(accepted.model_dump(by_alias=True), 202, headers)
