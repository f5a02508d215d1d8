"""The end of an account. For users in person alone."""

from fastapi import APIRouter, Response

from lambdas.api.deps import NowDep, SessionDep
from lambdas.api.documents import problems
from lambdas.core import owners

router = APIRouter(tags=["account"])


@router.delete("/account", status_code=202, response_class=Response, responses=problems())
def delete_account(caller: SessionDep, now: NowDep) -> Response:
    """Delete the account with all its data.

    From now on nothing new can be started and no API key works; videos, results and records are removed within
    minutes. This cannot be undone.
    """
    owners.delete_account(caller.owner, now)
    return Response(status_code=202)
