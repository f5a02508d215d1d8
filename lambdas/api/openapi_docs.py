"""Additions to the API reference besides the schemas: errors by status, and the operations' names."""

from http import HTTPStatus
from typing import Any

from fastapi.routing import APIRoute
from pydantic.alias_generators import to_camel

from common.problems import MEDIA_TYPE

PROBLEM_SCHEMA = "#/components/schemas/Problem"

SAYS = {
    400: "The request cannot be fulfilled as it is: the file type, its size, a URL or a parameter is not accepted.",
    401: "The credentials are missing or not valid.",
    403: "The account has been deleted, or the API key lacks the scope.",
    404: "There is no such thing, or it belongs to somebody else.",
    409: "The state of things does not allow it; `code` says which.",
    413: "The file, or the request's body, is too large.",
    415: "The body is not JSON.",
    422: "The body or a parameter does not fit the schema; `errors` names the fields.",
    429: "The quota is used up, or requests come too fast. `Retry-After` says when to come again.",
    502: "The analysis failed on our side. It was not charged, and may be started again.",
    503: "Too much is going on at once. `Retry-After` says when to come again.",
}
EVERYWHERE = (401, 403, 429)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer these problems, besides those that every route may."""
    return {status: _response(status) for status in sorted({*statuses, *EVERYWHERE})}


def _response(status: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": PROBLEM_SCHEMA}}}
    return {"description": SAYS.get(status, HTTPStatus(status).phrase), "content": content}


def operation_id(route: APIRoute) -> str:
    """`create_upload_url` -> `createUploadUrl`: what generated clients call it."""
    return to_camel(route.name)


def exports() -> dict[str, Any]:
    """Return the content of an analysis's formats besides JSON."""
    from lambdas.api.results import EXPORTS

    return {"content": {export.media_type: {"schema": {"type": "string"}} for export in EXPORTS.values()}}
