"""Write docs/openapi.json, docs/api.html and docs/llms.txt, or check that they are current.

python -m scripts.openapi [--check]
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi

from common.problems import MEDIA_TYPE, TYPE_PREFIX
from lambdas.api.app import APP_ONLY, PUBLIC, app
from lambdas.api.deps import scope_of
from lambdas.api.openapi_docs import problems
from lambdas.api.schemas import account, analyses, shares, uploads
from lambdas.api.schemas.base import Schema
from lambdas.core.errors import NotUploadedError
from scripts import api_page, llms_page

DOCS = Path(__file__).resolve().parent.parent / "docs"
JSON_FILE, PAGE_FILE, LLMS_FILE = DOCS / "openapi.json", DOCS / "api.html", DOCS / "llms.txt"

API_SERVER = {"url": "/api", "description": "For programs, with an API key"}
APP_SERVER = {"url": "/app", "description": "For the web app, with a user's session"}
PUBLIC_SERVER = {"url": "/public", "description": "For the readers of a link, without an account"}
BY_SESSION: dict[str, list[str]] = {"session": []}
BY_LINK: dict[str, list[str]] = {"link": []}

INTRODUCTION = """\
Upload a video, start its analysis, and get every utterance with its time, words, emotion and sentiment.

1. `POST /upload-url` with `{"fileType": ".mp4"}` returns an upload URL and a key.
2. `PUT` the file to that URL, with the headers in the response.
3. `POST /sentiment-inference` with `{"key": "..."}` returns the analysis, or for a longer video its status URL.

Send an API key as `Authorization: Bearer vs_...`. Every error is `application/problem+json` (RFC 9457), with the
plain message in `error` as well.
"""

TAGS = [
    {"name": "uploads", "description": "Upload files, in one request or in parts."},
    {"name": "analyses", "description": "Start, list, export, delete and restore analyses."},
    {"name": "shares", "description": "Read-only links to an analysis, for readers without an account."},
    {"name": "shared", "description": "The analysis of a link. Requires only the link's token."},
    {"name": "usage", "description": "Usage of the monthly quota."},
    {"name": "audit", "description": "Events of the account."},
    {"name": "example", "description": "The web app's example analysis. Requires a session."},
    {"name": "keys", "description": "API keys. Requires a session, so that a leaked key cannot create others."},
    {"name": "deliveries", "description": "Delivery log of the webhook, and repeated deliveries."},
    {"name": "webhook", "description": "The webhook's URL and its signing secret. Requires a session."},
    {"name": "account", "description": "The account itself. Requires a session."},
]

PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "An error (RFC 9457). Some problems have more members, such as `limit` and `remaining`.",
    "required": ["type", "title", "status", "detail", "error", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "Problem type: `code` as a URN."},
        "title": {"type": "string", "description": "Short summary of the problem type."},
        "status": {"type": "integer", "description": "HTTP status."},
        "detail": {"type": "string", "description": "Explanation of this occurrence."},
        "error": {"type": "string", "description": "Same as `detail`, for clients that read `error`."},
        "code": {"type": "string", "description": "Machine-readable problem type."},
        "requestId": {"type": "string", "description": "Id of the request in the log."},
        "errors": {
            "type": "array",
            "description": "Fields that do not match the schema.",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
    "examples": [
        {
            "type": f"{TYPE_PREFIX}not-uploaded",
            "title": NotUploadedError.title,
            "status": NotUploadedError.status,
            "detail": "The file has not been uploaded. PUT it to its upload URL first.",
            "error": "The file has not been uploaded. PUT it to its upload URL first.",
            "code": "not-uploaded",
            "requestId": "6f1c8a52-9b1e-4c1d-8a67-3f0d0c3a6b11",
        }
    ],
}

SECURITY_SCHEMES = {
    "apiKey": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "vs_ID_SECRET",
        "description": "An API key, created in the web app. Scopes: `read` for GET requests, `analyze` for all others."
        " `x-api-key: vs_ID_SECRET` works as well.",
    },
    "session": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The ID token of a signed-in user.",
    },
    "link": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "TOKEN",
        "description": "The token of a link to an analysis, created by `POST /analyses/{id}/shares`.",
    },
}


def document() -> dict[str, Any]:
    """Return the OpenAPI document of the current routes."""
    described = get_openapi(
        title="Video sentiment",
        version="1",
        description=INTRODUCTION,
        routes=app.routes,
        tags=TAGS,
        servers=[API_SERVER, APP_SERVER],
    )
    app_only, public = _paths(APP_ONLY), _paths(PUBLIC)
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            by_key: dict[str, list[str]] = {"apiKey": [scope_of(method.upper())]}
            only = [BY_LINK] if path in public else [BY_SESSION] if path in app_only else None
            _complete(operation, only or [by_key, BY_SESSION])
            _name_answers(operation, described["components"]["schemas"])
        if path in app_only | public:
            operations["servers"] = [PUBLIC_SERVER if path in public else APP_SERVER]
    components = described["components"]
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own form of 422
        components["schemas"].pop(name, None)
    components["schemas"]["Problem"] = PROBLEM
    for name, examples in _examples():
        components["schemas"][name]["examples"] = examples
    components["securitySchemes"] = SECURITY_SCHEMES
    return described


def _paths(routers: Iterable[APIRouter]) -> set[str]:
    return {f"{route.path}" for router in routers for route in router.routes}  # type: ignore[attr-defined]


def _examples() -> Iterator[tuple[str, Any]]:
    """Yield the schemas' examples unchanged, since get_openapi drops null values and sorts the rest."""
    for module in (account, analyses, shares, uploads):
        for name, schema in vars(module).items():
            if isinstance(schema, type) and issubclass(schema, Schema):
                extra = schema.model_config.get("json_schema_extra")
                if isinstance(extra, dict):
                    yield name, extra["examples"]


def _complete(operation: dict[str, Any], security: list[dict[str, list[str]]]) -> None:
    """Add credentials, and the problems of bodies and parameters, which all operations share."""
    operation["security"] = security
    responses = operation["responses"]
    if "422" in responses:
        responses["422"] = problems(422)[422]
    if "requestBody" in operation:
        responses |= {str(status): answer for status, answer in problems(400, 413, 415).items()}
    for status, answer in responses.items():
        if status == "429":
            answer["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
        if status >= "400":
            assert MEDIA_TYPE in answer["content"], f"{operation['operationId']}: {status} is no problem document"
    operation["responses"] = dict(sorted(responses.items()))


def _name_answers(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Describe successful responses by their schema where FastAPI has only its default description."""
    for answer in operation["responses"].values():
        if answer["description"] == "Successful Response":
            found = answer.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
            described = schemas.get(found.rpartition("/")[2], {}).get("description", "Done.")
            answer["description"] = described.partition("\n")[0]


def files() -> dict[Path, str]:
    """Return the current content of the files."""
    described = document()
    text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    return {JSON_FILE: text, PAGE_FILE: api_page.render(described), LLMS_FILE: llms_page.render(described)}


def main(arguments: list[str]) -> int:
    """Write or check the files; return the exit code."""
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    stale = [path for path, text in files().items() if not path.is_file() or path.read_text("utf-8") != text]
    if arguments:
        for path in stale:
            print(f"{path.name} is out of date; run `python -m scripts.openapi`", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.write_text(files()[path], "utf-8")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
