"""Parts of the OpenAPI document besides the schemas: error responses, operation ids and export formats."""

from http import HTTPStatus
from typing import Any

from fastapi.routing import APIRoute
from pydantic.alias_generators import to_camel

from common.problems import MEDIA_TYPE

PROBLEM_SCHEMA = "#/components/schemas/Problem"

DESCRIPTIONS = {
    400: "Bad request: the file type, the file size, a URL or a parameter is not accepted.",
    401: "Missing or invalid credentials.",
    403: "The account has been deleted, the API key lacks the scope, or `people` is not confirmed; see `code`.",
    404: "Not found, or owned by another account.",
    409: "The request conflicts with the current state; see `code`.",
    413: "The file or the request body is too large.",
    415: "The request body is not JSON.",
    422: "The request body or a parameter does not match the schema; `errors` lists the fields.",
    429: "Quota or rate limit exceeded; retry after `Retry-After` seconds.",
    502: "The analysis failed because of a server error. It was not charged and can be retried.",
    503: "Service temporarily busy; retry after `Retry-After` seconds.",
}
COMMON_STATUSES = (401, 403, 429)
PUBLIC_STATUSES = (404, 429)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route with these error statuses, in addition to those of every route."""
    return {status: _response(status) for status in sorted({*statuses, *COMMON_STATUSES})}


def public_problems() -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that requires no account: every refusal is a 404, or a rate limit."""
    return {status: _response(status) for status in PUBLIC_STATUSES}


def _response(status: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": PROBLEM_SCHEMA}}}
    return {"description": DESCRIPTIONS.get(status, HTTPStatus(status).phrase), "content": content}


def operation_id(route: APIRoute) -> str:
    """Return the operation id of a route, the method name in generated clients: `createUploadUrl`."""
    return to_camel(route.name)


def exports() -> dict[str, Any]:
    """Return the response content of the export formats, all besides JSON."""
    from lambdas.api.results import EXPORTS

    return {"content": {export.media_type: {"schema": {"type": "string"}} for export in EXPORTS.values()}}
