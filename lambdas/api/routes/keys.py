"""Routes for API keys. They require a session, as a leaked key must not be able to create keys."""

from typing import Annotated

from fastapi import APIRouter, Path

from lambdas.api import presenters
from lambdas.api.deps import NowDep, SessionDep
from lambdas.api.openapi_docs import problems
from lambdas.api.schemas.account import KeyList, KeyRequest, NewKey
from lambdas.api.schemas.examples import KEY_ID
from lambdas.core.owners import api_keys

router = APIRouter(tags=["keys"])

KeyId = Annotated[str, Path(max_length=64, examples=[KEY_ID])]


@router.get("/keys", responses=problems())
def list_keys(caller: SessionDep) -> KeyList:
    """List the API keys, identified by their prefixes."""
    return KeyList(keys=[presenters.key(record) for record in api_keys.list_active(caller.owner)])


@router.post("/keys", status_code=201, responses=problems(409))
def create_key(caller: SessionDep, request: KeyRequest, now: NowDep) -> NewKey:
    """Create an API key. Its token is shown only once."""
    days = request.expires_in_days
    created = api_keys.create(caller.owner, request.name, now, scopes=request.scopes, days=days, by=caller.by)
    return presenters.new_key(created)


@router.post("/keys/{id}/rotate", responses=problems(404))
def rotate_key(caller: SessionDep, id: KeyId, now: NowDep) -> NewKey:
    """Replace the secret of an API key. The old token is invalid at once; scopes and expiry stay the same."""
    return presenters.new_key(api_keys.rotate(caller.owner, id, now, caller.by))


@router.delete("/keys/{id}", status_code=204, responses=problems(404))
def revoke_key(caller: SessionDep, id: KeyId, now: NowDep) -> None:
    """Revoke an API key. It is invalid at once."""
    api_keys.revoke(caller.owner, id, now, caller.by)
