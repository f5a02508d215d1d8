"""Route to read a shared analysis with the token of a link. It requires no account."""

from fastapi import APIRouter, Response

from lambdas.api import presenters, results
from lambdas.api.deps import NowDep, ShareTokenDep
from lambdas.api.openapi_docs import public_problems
from lambdas.api.schemas.shares import SharedAnalysis
from lambdas.core.analyses import shares
from lambdas.core.analyses.shares import Shared

router = APIRouter(tags=["shared"])

NO_INDEX = {"X-Robots-Tag": "noindex, nofollow"}


@router.get("/shared-analysis", response_model=SharedAnalysis, responses=public_problems())
def read_shared_analysis(token: ShareTokenDep, now: NowDep) -> Response:
    """Read a shared analysis. Send the link's token as `Authorization: Bearer TOKEN`.

    The response is the same 404 for a wrong, expired or revoked token, and for a deleted analysis.
    """
    found = shares.read(token, now)
    response = _response(found)
    response.headers.update(NO_INDEX)
    return response


def _response(found: Shared) -> Response:
    video = results.video_url(found.analysis) if found.share.include_video else None
    document = presenters.shared(found, results.result_url(found.analysis), video)
    response = results.json_response(document) or results.json_response(document.model_copy(update={"analysis": None}))
    assert response is not None, "without its result, an analysis is small"
    return response
