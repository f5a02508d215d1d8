"""API reference: the OpenAPI document as one HTML page with the web app's header, colors and color scheme.

It is self-contained except for the web app's theme.js, which applies the stored color scheme; without the file, the
system's applies.
"""

import json
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from model.reports.pages import content_policy, page_environment, page_style

TEMPLATES = Path(__file__).parent / "templates"
TOKENS = TEMPLATES.parents[1] / "frontend_site" / "src" / "design" / "tokens.css"  # the web app's colors
METHODS = ("get", "post", "put", "delete")
JSON_TYPE = "application/json"

Document = dict[str, Any]

_markdown = MarkdownIt("commonmark", {"html": False})


def render(described: Document) -> str:
    """Return the HTML page of an OpenAPI document."""
    environment = page_environment(TEMPLATES)
    environment.filters["markdown"] = lambda text: Markup(_markdown.render(text))
    style = page_style(TOKENS.read_text("utf-8") + (TEMPLATES / "api.css").read_text("utf-8"))
    schemas = described["components"]["schemas"]
    return environment.get_template("api.html").render(
        title=f"{described['info']['title']} API",
        policy=content_policy(style, "", site_scripts=True),
        style=Markup(style),
        introduction=described["info"]["description"],
        credentials=described["components"]["securitySchemes"],
        groups=[_group(described, tag) for tag in described["tags"]],
        schemas=[_schema(name, schema) for name, schema in sorted(schemas.items())],
    )


def _group(described: Document, tag: Document) -> Document:
    operations = [
        _operation(described, method, path, item[method])
        for path, item in described["paths"].items()
        for method in METHODS
        if method in item and tag["name"] in item[method]["tags"]
    ]
    return {**tag, "operations": operations}


def _operation(described: Document, method: str, path: str, operation: Document) -> Document:
    server = described["paths"][path].get("servers", described["servers"])[0]["url"]
    body = operation.get("requestBody", {}).get("content", {}).get(JSON_TYPE, {}).get("schema")
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": operation["description"].partition("\n")[0],
        "description": operation["description"].partition("\n")[2].strip(),
        "badge": "" if server == "/api" else server.removeprefix("/"),
        "parameters": [_parameter(parameter) for parameter in operation.get("parameters", [])],
        "body": _shown(described, body) if body else None,
        "curl": _curl(described, method, path, body, server),
        "answers": [_answer(described, status, answer) for status, answer in operation["responses"].items()],
    }


def _parameter(parameter: Document) -> Document:
    return {
        "name": parameter["name"],
        "where": parameter["in"],
        "type": _type(parameter["schema"]),
        "required": parameter.get("required", False),
        "description": parameter.get("description", ""),
    }


def _answer(described: Document, status: str, answer: Document) -> Document:
    schema = answer.get("content", {}).get(JSON_TYPE, {}).get("schema")
    return {
        "status": status,
        "good": status < "400",
        "description": answer["description"],
        "types": [kind for kind in answer.get("content", {}) if kind != JSON_TYPE] if status < "400" else [],
        "body": _shown(described, schema) if schema and status < "400" else None,
    }


def _shown(described: Document, schema: Document) -> Document | None:
    """Return the name of a body's schema and its example; None for a schema without a name."""
    if "$ref" not in schema:
        return None
    name = schema["$ref"].rpartition("/")[2]
    found = described["components"]["schemas"][name]
    return {"name": name, "example": pretty(found["examples"][0]) if "examples" in found else None}


def _schema(name: str, schema: Document) -> Document:
    required = schema.get("required", [])
    fields = [
        {
            "name": field,
            "type": _type(found),
            "required": field in required,
            "description": found.get("description", ""),
        }
        for field, found in schema.get("properties", {}).items()
    ]
    return {"name": name, "description": schema.get("description", ""), "fields": fields}


def _type(schema: Document) -> Markup:
    """Return a type in words, with a link for a named schema."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return Markup('<a href="#schema-{0}">{0}</a>').format(name)
    if "anyOf" in schema:
        return Markup(" or ").join(_type(choice) for choice in schema["anyOf"])
    if "enum" in schema:
        return Markup(" | ").join(Markup("<code>{}</code>").format(json.dumps(value)) for value in schema["enum"])
    if "const" in schema:
        return Markup("<code>{}</code>").format(json.dumps(schema["const"]))
    if schema.get("type") == "array":
        return Markup("list of {}").format(_type(schema["items"]))
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return Markup("map to {}").format(_type(schema["additionalProperties"]))
    kind = str(schema.get("format") or schema.get("type", "any"))
    limits = [f"{sign} {schema[key]}" for key, sign in (("minimum", "≥"), ("maximum", "≤")) if key in schema]
    return Markup("{}").format(" ".join([kind, *limits]))


def _curl(described: Document, method: str, path: str, body: Document | None, prefix: str) -> str:
    """Return the request as a shell command."""
    lines = ["curl" if method == "get" else f"curl -X {method.upper()}", f'"$URL{prefix}{path}"']
    lines.append(f'-H "Authorization: Bearer ${"KEY" if prefix == "/api" else "TOKEN"}"')
    shown = _shown(described, body) if body else None
    if shown is not None and shown["example"] is not None:
        compact = json.dumps(json.loads(shown["example"]), ensure_ascii=False)
        lines += ["-H 'Content-Type: application/json'", f"-d '{compact}'"]
    return f"{lines[0]} " + " \\\n  ".join(lines[1:])


def pretty(example: Any) -> str:
    """Return indented JSON in which short values stay on one line."""
    return _lay_out(example, "")


def _lay_out(value: Any, margin: str) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(margin) + len(flat) <= 76:
        return flat
    inner = margin + "  "
    if isinstance(value, dict):
        parts = [f"{json.dumps(name)}: {_lay_out(item, inner)}" for name, item in value.items()]
        return "{\n" + ",\n".join(inner + part for part in parts) + f"\n{margin}}}"
    return "[\n" + ",\n".join(inner + _lay_out(item, inner) for item in value) + f"\n{margin}]"
