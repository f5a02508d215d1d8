"""Error responses: RFC 9457 problem details, with the message also in `error`."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic.alias_generators import to_camel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Match

from common.problems import MEDIA_TYPE, TYPE_PREFIX
from lambdas.api.errors import UNKNOWN_ROUTE, InvalidRequestError, MethodNotAllowedError, NoRouteError
from lambdas.core.aws.observability import logger
from lambdas.core.errors import BadRequestError, BusyError, DomainError

MAX_REPORTED = 20  # invalid fields listed in a response


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Register exception handlers, so that every error becomes a problem. `routes`: all routes of the app."""
    app.state.routes = routes
    app.add_exception_handler(DomainError, _domain)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def request_id(scope: Mapping[str, Any]) -> str:
    """Return API Gateway's id of a request, which the logs contain as well; empty if there is none."""
    return str(scope.get("aws.event", {}).get("requestContext", {}).get("requestId", ""))


def problem(error: DomainError, request_id: str, errors: Sequence[Mapping[str, str]] = ()) -> JSONResponse:
    """Return the response for an error. `errors`: invalid fields, each with a message."""
    content: dict[str, Any] = {
        "type": TYPE_PREFIX + error.code,
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "error": error.detail,
        "code": error.code,
        "requestId": request_id,
        **{to_camel(name): value for name, value in error.members.items()},
    }
    if errors:
        content["errors"] = list(errors)
    headers = {"Cache-Control": "no-store"}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(content, error.status, headers, media_type=MEDIA_TYPE)


def _domain(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DomainError)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(error, BusyError):
        logger.exception(error.code)
    return problem(error, request_id(request.scope))


def _invalid(request: Request, error: Exception) -> JSONResponse:
    """List the invalid fields and the reasons, but not the values, which may be secrets."""
    assert isinstance(error, RequestValidationError)
    invalid = [{"field": _field(e["loc"]), "message": str(e["msg"])} for e in error.errors()[:MAX_REPORTED]]
    if any(e["type"] == "json_invalid" for e in error.errors()):
        return problem(BadRequestError("The request body is not valid JSON."), request_id(request.scope))
    detail = "; ".join(f"{e['field']}: {e['message']}" if e["field"] else e["message"] for e in invalid)
    return problem(InvalidRequestError(detail), request_id(request.scope), invalid)


def _field(location: Sequence[str | int]) -> str:
    """Format a location: `("body", "parts", 0, "etag")` becomes `parts.0.etag`."""
    return ".".join(str(part) for part in location[1:])


def _http(request: Request, error: Exception) -> JSONResponse:
    """Handle the router's own errors: an unknown path, another method, an unreadable body."""
    assert isinstance(error, HTTPException)
    known: DomainError = BadRequestError(str(error.detail))
    if error.status_code == HTTPStatus.NOT_FOUND:
        known = NoRouteError(UNKNOWN_ROUTE)
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        known = MethodNotAllowedError(f"{request.method} is not allowed for this path.")
    answer = problem(known, request_id(request.scope))
    answer.headers.update(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        answer.headers["Allow"] = ", ".join(_allowed(request))
    return answer


def _allowed(request: Request) -> list[str]:
    """Return all methods of a path, which may have several routes; the router lists only the first one's."""
    routes = (route for route in request.app.state.routes if route.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for route in routes for method in route.methods})


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    """Handle an unexpected exception; its message is only logged."""
    logger.exception("unexpected error", exc_info=error)
    detail = f"An unexpected error occurred. Quote the request id {request_id(request.scope)} to report it."
    return problem(DomainError(detail), request_id(request.scope))
