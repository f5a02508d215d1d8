"""Routes to sign out everywhere and to delete the account. They require a session."""

from fastapi import APIRouter, Response

from lambdas.api.deps import NowDep, SessionDep
from lambdas.api.openapi_docs import problems
from lambdas.core.owners import profiles, sessions

router = APIRouter(tags=["account"])


@router.post("/account/sign-out", status_code=204, responses=problems())
def sign_out_everywhere(caller: SessionDep, now: NowDep) -> None:
    """Sign out on all devices, including this one.

    The tokens of all sessions are refused from now on. API keys are not affected.
    """
    sessions.end_all(caller.owner, now, caller.by)


@router.delete("/account", status_code=202, response_class=Response, responses=problems())
def delete_account(caller: SessionDep, now: NowDep) -> Response:
    """Delete the account and all its data.

    All sessions and API keys are invalid at once, and nothing new can be started. Videos, results and records are
    deleted in the background, usually within minutes; accounts with many thousands of analyses take longer. This
    cannot be undone.
    """
    profiles.delete_account(caller.owner, now)
    return Response(status_code=202)
