"""Routes for people, the terms of uploads, signing out everywhere and deleting the account. They require a session."""

from fastapi import APIRouter, Response

from lambdas.api import presenters
from lambdas.api.deps import NowDep, SessionDep
from lambdas.api.openapi_docs import problems
from lambdas.api.schemas.account import UploadTerms
from lambdas.api.schemas.people import AccountPeople, PeopleConfirmation
from lambdas.core.owners import profiles, sessions

router = APIRouter(tags=["account"])


@router.get("/account/people", responses=problems())
def get_account_people(caller: SessionDep) -> AccountPeople:
    """Get whether the owner has confirmed a lawful basis for telling people apart."""
    return presenters.account_people(profiles.profile(caller.owner))


@router.put("/account/people", responses=problems(422))
def set_account_people(caller: SessionDep, request: PeopleConfirmation, now: NowDep) -> AccountPeople:
    """Confirm a lawful basis for telling people apart by their voices, or withdraw the confirmation.

    Voices are biometric data (GDPR, article 9), so without a confirmation no analysis compares them. Once confirmed,
    analyses tell people apart unless a request sends `people: false`. A withdrawal applies to analyses that are started
    or retried later; delete earlier ones to remove their people.
    """
    confirmed = request.lawful_basis_confirmed
    return presenters.account_people(profiles.confirm_people(caller.owner, confirmed, now, caller.by))


@router.post("/account/sign-out", status_code=204, responses=problems())
def sign_out_everywhere(caller: SessionDep, now: NowDep) -> None:
    """Sign out on all devices, including this one.

    The tokens of all sessions are refused from now on. API keys are not affected.
    """
    sessions.end_all(caller.owner, now, caller.by)


@router.get("/account/upload-terms", responses=problems())
def get_upload_terms(caller: SessionDep) -> UploadTerms:
    """Get the confirmation that the user may analyze the people shown in uploads."""
    return presenters.upload_terms(profiles.profile(caller.owner))


@router.post("/account/upload-terms", responses=problems())
def accept_upload_terms(caller: SessionDep, now: NowDep) -> UploadTerms:
    """Confirm that the user may analyze the people shown in uploads.

    The web app asks for it once, before the first upload. Repeating the request keeps the first time.
    """
    return presenters.upload_terms(profiles.accept_upload_terms(caller.owner, now))


@router.delete("/account", status_code=202, response_class=Response, responses=problems())
def delete_account(caller: SessionDep, now: NowDep) -> Response:
    """Delete the account and all its data.

    All sessions and API keys are invalid at once, nobody can sign in again, and nothing new can be started. Videos,
    results and records are deleted in the background, usually within minutes; accounts with many thousands of analyses
    take longer. This cannot be undone.
    """
    profiles.delete_account(caller.owner, now)
    sessions.remove_user(caller.owner)  # after the mark: if this fails, the sweeper removes the user
    return Response(status_code=202)
