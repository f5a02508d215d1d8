"""Write docs/openapi.json, the API's description, and docs/api.html, the same to read; or check that they are current.

python -m scripts.openapi [--check]
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi.openapi.utils import get_openapi

from common.problems import MEDIA_TYPE, TYPE_PREFIX
from lambdas.api.app import APP_ONLY, app
from lambdas.api.deps import scope_of
from lambdas.api.openapi_docs import problems
from lambdas.api.schemas import account, analyses, uploads
from lambdas.api.schemas.base import Schema
from scripts import api_page

DOCS = Path(__file__).resolve().parent.parent / "docs"
JSON_FILE, PAGE_FILE = DOCS / "openapi.json", DOCS / "api.html"

API_SERVER = {"url": "/api", "description": "For programs, with an API key"}
APP_SERVER = {"url": "/app", "description": "For the web app, with a user's session"}
BY_SESSION: dict[str, list[str]] = {"session": []}

INTRODUCTION = """\
Upload a video, start its analysis, get every utterance with its time, words, emotion and sentiment.

1. `POST /upload-url` with `{"fileType": ".mp4"}` gives a URL and a key.
2. `PUT` the file to that URL, with the headers that the answer names.
3. `POST /sentiment-inference` with `{"key": "..."}` gives the analysis; of a longer video, the address to ask again at.

Send an API key as `Authorization: Bearer vs_...`. Every error is `application/problem+json` (RFC 9457), with the
plain message in `error` as well.
"""

TAGS = [
    {"name": "uploads", "description": "Where files go: one URL, or many for a large file."},
    {"name": "analyses", "description": "Start them, list them, take results away, delete them and bring them back."},
    {"name": "usage", "description": "What was used of the month's quota."},
    {"name": "audit", "description": "What happened in the account."},
    {"name": "example", "description": "The example of the web app. With a session alone."},
    {"name": "keys", "description": "API keys. With a session alone: a leaked key must not make others."},
    {"name": "webhook", "description": "Where events go, and what signs them. With a session alone."},
    {"name": "account", "description": "The account itself. With a session alone."},
]

PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "What went wrong (RFC 9457). Some problems have more members, such as `limit` and `remaining`.",
    "required": ["type", "title", "status", "detail", "error", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "The kind of problem: `code` as a URN."},
        "title": {"type": "string", "description": "The kind of problem, in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What is wrong this time."},
        "error": {"type": "string", "description": "The same as `detail`, for clients that read `error`."},
        "code": {"type": "string", "description": "The kind of problem, for programs."},
        "requestId": {"type": "string", "description": "Names the request in the log."},
        "errors": {
            "type": "array",
            "description": "Which fields do not fit the schema.",
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
            "title": "The file has not been uploaded",
            "status": 409,
            "detail": "the file has not been uploaded; PUT it to its URL first",
            "error": "the file has not been uploaded; PUT it to its URL first",
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
        "description": "An API key, made in the web app. Its scopes: `read` for every GET, `analyze` for the rest."
        " `x-api-key: vs_ID_SECRET` works as well.",
    },
    "session": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "The ID token of a user who is signed in.",
    },
}


def document() -> dict[str, Any]:
    """The OpenAPI document of the routes as they are."""
    described = get_openapi(
        title="Video sentiment",
        version="1",
        description=INTRODUCTION,
        routes=app.routes,
        tags=TAGS,
        servers=[API_SERVER, APP_SERVER],
    )
    app_only = {f"{route.path}" for router in APP_ONLY for route in router.routes}  # type: ignore[attr-defined]
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            by_key: dict[str, list[str]] = {"apiKey": [scope_of(method.upper())]}
            _complete(operation, [BY_SESSION] if path in app_only else [by_key, BY_SESSION])
            _name_answers(operation, described["components"]["schemas"])
        if path in app_only:
            operations["servers"] = [APP_SERVER]
    components = described["components"]
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own form of 422
        components["schemas"].pop(name, None)
    components["schemas"]["Problem"] = PROBLEM
    for name, examples in _examples():
        components["schemas"][name]["examples"] = examples
    components["securitySchemes"] = SECURITY_SCHEMES
    return described


def _examples() -> Iterator[tuple[str, Any]]:
    """The examples as they stand in the schemas: get_openapi leaves out what is null, and sorts the rest."""
    for module in (account, analyses, uploads):
        for name, schema in vars(module).items():
            if isinstance(schema, type) and issubclass(schema, Schema):
                extra = schema.model_config.get("json_schema_extra")
                if isinstance(extra, dict):
                    yield name, extra["examples"]


def _complete(operation: dict[str, Any], security: list[dict[str, list[str]]]) -> None:
    """What holds for every operation: credentials, and the problems of bodies and parameters."""
    operation["security"] = security
    responses = operation["responses"]
    if "422" in responses:
        responses["422"] = problems(422)[422]
    if "requestBody" in operation:
        responses |= {str(status): answer for status, answer in problems(400, 413, 415).items()}
    for status, answer in responses.items():
        if status == "429":
            answer["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "In seconds."}}
        if status >= "400":
            assert MEDIA_TYPE in answer["content"], f"{operation['operationId']}: {status} is no problem document"
    operation["responses"] = dict(sorted(responses.items()))


def _name_answers(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Good answers are told by what they hold, where FastAPI has nothing to say of them."""
    for answer in operation["responses"].values():
        if answer["description"] == "Successful Response":
            found = answer.get("content", {}).get("application/json", {}).get("schema", {}).get("$ref", "")
            described = schemas.get(found.rpartition("/")[2], {}).get("description", "Done.")
            answer["description"] = described.partition("\n")[0]


def files() -> dict[Path, str]:
    """The files as they should be."""
    described = document()
    text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
    return {JSON_FILE: text, PAGE_FILE: api_page.render(described)}


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    stale = [path for path, text in files().items() if not path.is_file() or path.read_text("utf-8") != text]
    if arguments:
        for path in stale:
            print(f"{path.name} is not what the code says; run `python -m scripts.openapi`", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.write_text(files()[path], "utf-8")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
