"""Parameters that routes share: the authenticated caller, the current time, and the place in a list."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from lambdas.api.entry_points import EntryPoint, entry_point_of
from lambdas.api.errors import UNKNOWN_ROUTE, NoRouteError
from lambdas.core import clock
from lambdas.core.errors import UnauthorizedError
from lambdas.core.owners import api_keys, audit, profiles, sessions, throttle
from lambdas.core.storage.object_keys import is_owner

SAFE_METHODS = ("GET", "HEAD")


@dataclass(frozen=True)
class Caller:
    """Owner whose data a request may access, determined by its credentials only."""

    owner: str
    entry_point: EntryPoint
    by: str  # actor in the audit log: the session, or the API key's prefix


def now() -> datetime:
    """Return the time of the request."""
    return clock.now()


def caller(request: Request, at: Annotated[datetime, Depends(now)]) -> Caller:
    """Authenticate the caller: by API key under /api, by the user's session under /app.

    Scopes of API keys are enforced here and nowhere else. Raises UnauthorizedError, AccountDeletedError,
    InsufficientScopeError or, for a session, TooManyRequestsError; NoRouteError under /public,
    where these routes do not exist.
    """
    entry_point = entry_point_of(request.scope)
    if entry_point is EntryPoint.PUBLIC:
        raise NoRouteError(UNKNOWN_ROUTE)
    owner, by = _by_key(request, at) if entry_point is EntryPoint.API else (_by_session(request, at), audit.SESSION)
    return Caller(owner, entry_point, by)


def session(caller: Annotated[Caller, Depends(caller)]) -> Caller:
    """Require a signed-in user.

    Under /api these routes do not exist: a leaked key must not be able to create keys or delete the account. Raises
    NoRouteError.
    """
    if caller.entry_point is not EntryPoint.APP:
        raise NoRouteError(UNKNOWN_ROUTE)
    return caller


def share_token(request: Request) -> str:
    """Return the token of a link, from a request under /public; empty if it has none. Raises NoRouteError elsewhere.

    It is sent as a header, since addresses are written to access logs.
    """
    if entry_point_of(request.scope) is not EntryPoint.PUBLIC:
        raise NoRouteError(UNKNOWN_ROUTE)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def scope_of(method: str) -> api_keys.Scope:
    """Return the scope that an API key needs for a method. It depends on no route, so no route can omit it."""
    return "read" if method in SAFE_METHODS else "analyze"


def _by_key(request: Request, at: datetime) -> tuple[str, str]:
    """Return the owner of the request's API key, and the key's prefix."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise UnauthorizedError(api_keys.KEY_FORMAT_HINT)
    return api_keys.verify(token.strip(), scope_of(request.method), at), api_keys.prefix(token.strip())


def _by_session(request: Request, at: datetime) -> str:
    """Return the owner of the request's session. API Gateway has verified the token, but not that it is an ID token."""
    claims: Mapping[str, Any] = _authorizer(request).get("claims") or {}
    owner = str(claims.get("sub", ""))
    if claims.get("token_use") != "id" or not is_owner(owner):
        raise UnauthorizedError("Send the session's ID token in the header `Authorization: Bearer TOKEN`.")
    throttle.check(owner, throttle.app_requests(), at)
    profile = profiles.ensure(owner, claims.get("email"), at)
    sessions.check(profile, str(claims.get("auth_time", "")))
    return owner


def _authorizer(request: Request) -> Mapping[str, Any]:
    context = request.scope.get("aws.event", {}).get("requestContext", {})
    return context.get("authorizer") or {}


CallerDep = Annotated[Caller, Depends(caller)]
SessionDep = Annotated[Caller, Depends(session)]
ShareTokenDep = Annotated[str, Depends(share_token)]
NowDep = Annotated[datetime, Depends(now)]
Cursor = Annotated[str | None, Query(min_length=1, max_length=512, description="`cursor` of the previous page.")]
Limit = Annotated[int, Query(ge=1, le=100)]
