"""Dependencies of the routes: the caller, the entry point, and the clients that a call uses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request

from lambdas.api.entry_points import Door, door_of
from lambdas.api.errors import NoRouteError
from lambdas.core import clock
from lambdas.core.errors import UnauthorizedError
from lambdas.core.owners import api_keys, audit, profiles, sessions, throttle
from lambdas.core.storage.object_keys import is_owner

SAFE_METHODS = ("GET", "HEAD")


@dataclass(frozen=True)
class Caller:
    """Whose data a request is about: found from its credentials, never from what it says."""

    owner: str
    door: Door
    by: str  # in the audit log: the session, or the API key's prefix


def now() -> datetime:
    """The moment of the request."""
    return clock.now()


def caller(request: Request, at: Annotated[datetime, Depends(now)]) -> Caller:
    """Authenticate the caller: by API key under /api, by the user's session under /app.

    Scopes of API keys are enforced here and nowhere else. Raises UnauthorizedError, AccountDeletedError,
    InsufficientScopeError or, for a session, TooManyRequestsError.
    """
    door = door_of(request.scope)
    owner, by = _by_key(request, at) if door is Door.API else (_by_session(request, at), audit.SESSION)
    return Caller(owner, door, by)


def session(caller: Annotated[Caller, Depends(caller)]) -> Caller:
    """A user in person. Under /api there are no such routes: a leaked key must not make others, or end the account."""
    if caller.door is not Door.APP:
        raise NoRouteError("there is no such route")
    return caller


def scope_of(method: str) -> api_keys.Scope:
    """The scope that an API key needs for a method, whatever the route: no route can forget it."""
    return "read" if method in SAFE_METHODS else "analyze"


def _by_key(request: Request, at: datetime) -> tuple[str, str]:
    """The owner of the request's API key, and the key's prefix."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthorizedError(api_keys.FORM)
    return api_keys.verify(token.strip(), scope_of(request.method), at), api_keys.prefix(token.strip())


def _by_session(request: Request, at: datetime) -> str:
    """The gateway has checked the token; which kind of token it was is left to us."""
    claims: Mapping[str, Any] = _authorizer(request).get("claims") or {}
    owner = str(claims.get("sub", ""))
    if claims.get("token_use") != "id" or not is_owner(owner):
        raise UnauthorizedError("send the session's ID token as `Authorization: Bearer TOKEN`")
    throttle.check(owner, throttle.app_requests(), at)
    profile = profiles.ensure(owner, claims.get("email"), at)
    sessions.check(profile, str(claims.get("auth_time", "")))
    return owner


def _authorizer(request: Request) -> Mapping[str, Any]:
    context = request.scope.get("aws.event", {}).get("requestContext", {})
    return context.get("authorizer") or {}


CallerDep = Annotated[Caller, Depends(caller)]
SessionDep = Annotated[Caller, Depends(session)]
NowDep = Annotated[datetime, Depends(now)]
