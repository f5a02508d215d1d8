"""Routes for the web app's example, an analysis shown in every account until its user deletes it.

Result and video are static files of the site, shared by all accounts. An account stores only whether it was deleted.
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

    The example is not an analysis of the account and is never charged.
    """
    return ExampleState(deleted=bool(profiles.profile(caller.owner).example_deleted))


@router.delete("/example", status_code=204, responses=problems())
def delete_example(caller: SessionDep, now: NowDep) -> None:
    """Delete the example from the account. Idempotent."""
    profiles.delete_example(caller.owner, now)


@router.post("/example/restore", responses=problems())
def restore_example(caller: SessionDep, now: NowDep) -> ExampleState:
    """Show the example again."""
    profiles.restore_example(caller.owner, now)
    return ExampleState(deleted=False)
