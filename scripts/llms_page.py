"""The OpenAPI document as a text for programs that write programs (https://llmstxt.org)."""

import json
from collections.abc import Iterator
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lambdas.core.errors import DomainError
from lambdas.core.settings import Settings
from model.contract import EMOTIONS, SENTIMENTS
from scripts.api_page import JSON_TYPE, METHODS, TEMPLATES, Document, pretty


def render(described: Document) -> str:
    """Return the text of an OpenAPI document."""
    environment = Environment(  # nosec B701: plain text, not HTML
        loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, keep_trailing_newline=True
    )
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    return environment.get_template("llms.txt").render(
        title=described["info"]["title"],
        emotions=EMOTIONS,
        sentiments=SENTIMENTS,
        upload=_exchange(described, "post", "/upload-url", "200"),
        start=_exchange(described, "post", "/sentiment-inference", "202"),
        detail=_exchange(described, "get", "/analyses/{id}", "200"),
        wait_seconds=int(defaults["wait_seconds"]),
        url_seconds=defaults["url_seconds"],
        max_upload_bytes=defaults["max_upload_bytes"],
        max_pending=defaults["max_outstanding_uploads"],
        operations=list(_operations(described)),
        errors=sorted(_errors(DomainError), key=lambda error: (error.status, error.code)),
    )


def _exchange(described: Document, method: str, path: str, status: str) -> dict[str, str]:
    """The example of a request and of its answer."""
    operation = described["paths"][path][method]
    line = f"{method.upper()} /api{path}\nAuthorization: Bearer vs_..."
    request = line
    if "requestBody" in operation:
        body = _example(described, operation["requestBody"]["content"])
        request = f"{line}\nContent-Type: {JSON_TYPE}\n\n{json.dumps(body, ensure_ascii=False)}"
    answer = _example(described, operation["responses"][status]["content"])
    return {
        "request": f"```\n{request}\n```",
        "answer": f"```json\n{pretty(answer)}\n```",
    }


def _example(described: Document, content: Document) -> Any:
    name = content[JSON_TYPE]["schema"]["$ref"].rpartition("/")[2]
    return described["components"]["schemas"][name]["examples"][0]


def _operations(described: Document) -> Iterator[dict[str, str]]:
    """Operations open to API keys."""
    for path, item in described["paths"].items():
        for method in METHODS:
            if method in item and "servers" not in item:
                summary = item[method]["description"].partition("\n")[0]
                yield {"method": method.upper(), "path": path, "summary": summary}


def _errors(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    """Every kind of error with a code of its own, of those that are imported: scripts/openapi.py imports the API."""
    if "code" in vars(kind):
        yield kind
    for each in kind.__subclasses__():
        yield from _errors(each)
