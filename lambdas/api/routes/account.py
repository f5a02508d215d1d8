"""The end of sessions and of an account. For users in person alone."""

from fastapi import APIRouter, Response

from lambdas.api.deps import NowDep, SessionDep
from lambdas.api.openapi_docs import problems
from lambdas.core.owners import profiles, sessions

router = APIRouter(tags=["account"])


@router.post("/account/sign-out", status_code=204, responses=problems())
def sign_out_everywhere(caller: SessionDep, now: NowDep) -> None:
    """End every session of the user, on all devices and this one.

    Their tokens are refused from now on. API keys are no sessions: they go on working.
    """
    sessions.end_all(caller.owner, now, caller.by)


@router.delete("/account", status_code=202, response_class=Response, responses=problems())
def delete_account(caller: SessionDep, now: NowDep) -> Response:
    """Delete the account with all its data.

    From now on nothing new can be started, and no session and no API key works. Videos, results and records are
    removed in the background, of most accounts within minutes; of one with many thousands of analyses it takes longer.
    This cannot be undone.
    """
    profiles.delete_account(caller.owner, now)
    return Response(status_code=202)
