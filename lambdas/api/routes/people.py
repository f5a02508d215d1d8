"""Routes for the names that the owner gives to the people of a result."""

from fastapi import APIRouter

from lambdas.api import presenters
from lambdas.api.deps import CallerDep, NowDep
from lambdas.api.openapi_docs import problems
from lambdas.api.routes.analyses import AnalysisId
from lambdas.api.schemas.people import PeopleEdits
from lambdas.core.analyses import people

router = APIRouter(tags=["analyses"])


@router.put("/analyses/{id}/people", responses=problems(400, 404, 409, 422, 503))
def edit_people(caller: CallerDep, id: AnalysisId, edits: PeopleEdits, now: NowDep) -> PeopleEdits:
    """Name the people of a completed analysis, and merge those who are the same person.

    The request replaces all names and merges; empty ones remove them. The stored result is not changed: names and
    merges are returned as `peopleEdits`, used by the exports, and deleted with the analysis.
    """
    return presenters.people_edits(people.edit(caller.owner, id, people.Edits(edits.names, edits.merged), now))
