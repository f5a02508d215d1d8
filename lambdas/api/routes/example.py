"""The example of the web app: an analysis that every account opens with, until its user deletes it.

The result and the video are files of the site, the same for everybody. An account stores only that it was deleted.
"""

from fastapi import APIRouter

from lambdas.api.deps import NowDep, SessionDep
from lambdas.api.openapi_docs import problems
from lambdas.api.schemas.account import ExampleState
from lambdas.core.owners import profiles

router = APIRouter(tags=["example"])


@router.get("/example", responses=problems())
def get_example(caller: SessionDep) -> ExampleState:
    """Get the state of the example.

    It is not an analysis of the account, and is never charged.
    """
    return ExampleState(deleted=bool(profiles.profile(caller.owner).example_deleted))


@router.delete("/example", status_code=204, responses=problems())
def delete_example(caller: SessionDep, now: NowDep) -> None:
    """Delete the example from the account. May be repeated."""
    profiles.delete_example(caller.owner, now)


@router.post("/example/restore", responses=problems())
def restore_example(caller: SessionDep, now: NowDep) -> ExampleState:
    """Show the example again."""
    profiles.restore_example(caller.owner, now)
    return ExampleState(deleted=False)
