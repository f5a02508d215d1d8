"""Route for the usage of the quota."""

from typing import Annotated

from fastapi import APIRouter, Query

from lambdas.api import presenters
from lambdas.api.deps import CallerDep, NowDep
from lambdas.api.openapi_docs import problems
from lambdas.api.schemas.account import Usage
from lambdas.core import clock
from lambdas.core.owners import profiles, quota

router = APIRouter(tags=["usage"])

Month = Annotated[
    str | None,
    Query(
        pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$",
        description="Calendar month, such as `2026-11`; by default the current one.",
    ),
]


@router.get("/usage", responses=problems(422))
def get_usage(caller: CallerDep, now: NowDep, month: Month = None) -> Usage:
    """Get the usage and the remaining quota of a calendar month (UTC)."""
    plan = profiles.profile(caller.owner).plan
    return presenters.usage(quota.usage(caller.owner, month or clock.month_of(now), plan))
