"""Answers to errors: RFC 9457 problem details, with the plain message also in `error`."""

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
from lambdas.api.errors import InvalidRequestError, MethodNotAllowedError, NoRouteError
from lambdas.core.aws.observability import logger
from lambdas.core.errors import BadRequestError, BusyError, DomainError

MAX_REPORTED = 20  # fields of a request that are named as wrong


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Have the app answer every exception as a problem. `routes`: all that it has."""
    app.state.routes = routes
    app.add_exception_handler(DomainError, _domain)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def request_id(scope: Mapping[str, Any]) -> str:
    """API Gateway's id of a request, which the log has too; empty where there is none."""
    return str(scope.get("aws.event", {}).get("requestContext", {}).get("requestId", ""))


def problem(error: DomainError, request_id: str, errors: Sequence[Mapping[str, str]] = ()) -> JSONResponse:
    """The answer to a request that failed. `errors` names single fields."""
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
    """Says which fields are wrong and why, but not what was sent: that may be a secret."""
    assert isinstance(error, RequestValidationError)
    wrong = [{"field": _field(e["loc"]), "message": str(e["msg"])} for e in error.errors()[:MAX_REPORTED]]
    if any(e["type"] == "json_invalid" for e in error.errors()):
        return problem(BadRequestError("the body is not valid JSON"), request_id(request.scope))
    detail = "; ".join(f"{e['field']}: {e['message']}" if e["field"] else e["message"] for e in wrong)
    return problem(InvalidRequestError(detail), request_id(request.scope), wrong)


def _field(location: Sequence[str | int]) -> str:
    """`("body", "parts", 0, "etag")` -> `parts.0.etag`."""
    return ".".join(str(part) for part in location[1:])


def _http(request: Request, error: Exception) -> JSONResponse:
    """Answer the router's own errors: an unknown path, another method, a body that cannot be read."""
    assert isinstance(error, HTTPException)
    known: DomainError = BadRequestError(str(error.detail))
    if error.status_code == HTTPStatus.NOT_FOUND:
        known = NoRouteError("there is no such route")
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        known = MethodNotAllowedError(f"{request.method} is not possible here")
    answer = problem(known, request_id(request.scope))
    answer.headers.update(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        answer.headers["Allow"] = ", ".join(_allowed(request))
    return answer


def _allowed(request: Request) -> list[str]:
    """All methods of a path, which may have several routes: the router itself names those of the first."""
    routes = (route for route in request.app.state.routes if route.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for route in routes for method in route.methods})


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    """Answer an unexpected exception, whose message stays in the log."""
    logger.exception("unexpected error", exc_info=error)
    detail = f"an unexpected error; the log has it under the request id {request_id(request.scope)}"
    return problem(DomainError(detail), request_id(request.scope))
