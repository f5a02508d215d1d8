"""Routes to create, list and revoke the links to an analysis."""

from typing import Annotated

from fastapi import APIRouter, Path

from lambdas.api import presenters
from lambdas.api.deps import CallerDep, NowDep
from lambdas.api.openapi_docs import problems
from lambdas.api.routes.analyses import AnalysisId
from lambdas.api.schemas.examples import SHARE_ID
from lambdas.api.schemas.shares import NewShare, ShareList, ShareRequest
from lambdas.core.analyses import shares

router = APIRouter(tags=["shares"])

ShareId = Annotated[str, Path(max_length=64, examples=[SHARE_ID])]


@router.post("/analyses/{id}/shares", status_code=201, responses=problems(404, 409, 503))
def create_share(caller: CallerDep, id: AnalysisId, request: ShareRequest, now: NowDep) -> NewShare:
    """Create a read-only link to a completed analysis. Its token is shown only once.

    Anyone with the link can read the transcript, predictions and curves until it expires or is revoked, and with
    `includeVideo` play the video; nothing else of the account.
    """
    created = shares.create(
        caller.owner, id, now, hours=request.expires_in_hours, include_video=request.include_video, by=caller.by
    )
    return presenters.new_share(created)


@router.get("/analyses/{id}/shares", responses=problems(404))
def list_shares(caller: CallerDep, id: AnalysisId, now: NowDep) -> ShareList:
    """List the links to an analysis, newest first, without their tokens."""
    return ShareList(shares=[presenters.share(record) for record in shares.list_active(caller.owner, id, now)])


@router.delete("/analyses/{id}/shares/{share_id}", status_code=204, responses=problems(404, 503))
def revoke_share(caller: CallerDep, id: AnalysisId, share_id: ShareId, now: NowDep) -> None:
    """Revoke a link to an analysis. It is invalid at once."""
    shares.revoke(caller.owner, id, share_id, now, caller.by)
