"""OpenAPI document: it is current, its examples match their schemas, and it lists every response."""

import html
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from lambdas.api.schemas import account, analyses, shares, uploads

ROOT = Path(__file__).parents[2]
DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))
PAGE = (ROOT / "docs" / "api.html").read_text("utf-8")
TEXT = (ROOT / "docs" / "llms.txt").read_text("utf-8")


def test_the_files_are_current() -> None:
    check = subprocess.run(
        [sys.executable, "-m", "scripts.openapi", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert check.returncode == 0, check.stderr


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, item[method])
        for path, item in DOCUMENT["paths"].items()
        for method in ("get", "post", "put", "delete")
        if method in item
    ]


def test_every_operation_is_documented() -> None:
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(ids)) == len(ids) > 20
    for method, path, operation in operations():
        assert re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", operation["operationId"]), operation["operationId"]
        assert operation["description"], path
        schemes = {name for requirement in operation["security"] for name in requirement}
        server = DOCUMENT["paths"][path].get("servers", [{"url": ""}])[0]["url"]
        if server == "/public":
            assert (schemes, set(operation["responses"])) == ({"link"}, {"200", "404", "429"}), path
            continue
        app_only = server == "/app"
        assert schemes == ({"session"} if app_only else {"apiKey", "session"}), path
        scopes = [requirement["apiKey"] for requirement in operation["security"] if "apiKey" in requirement]
        assert scopes == ([] if app_only else [["read" if method == "get" else "analyze"]]), path
        assert {"401", "403", "429"} <= set(operation["responses"]), path
        assert ("404" in operation["responses"]) or "{" not in path, f"{method} {path}"
        assert "415" in operation["responses"] or "requestBody" not in operation
        for status, response in operation["responses"].items():
            if status >= "400":
                assert list(response["content"]) == ["application/problem+json"], (path, status)
    assert not {"HTTPValidationError", "ValidationError"} & set(DOCUMENT["components"]["schemas"])


SCHEMAS = sorted(
    {
        found
        for module in (account, analyses, shares, uploads)
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, BaseModel) and found.model_config.get("json_schema_extra")
    },
    key=lambda schema: schema.__name__,
)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: str(schema.__name__))
def test_every_example_matches_its_schema(schema: type[BaseModel]) -> None:
    (example,) = DOCUMENT["components"]["schemas"][schema.__name__]["examples"]
    parsed = schema.model_validate(example)
    again = parsed.model_dump(mode="json", by_alias=True)
    assert set(example) <= set(again), "an example has no unknown fields"


def test_every_request_and_response_has_an_example() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        used = f'"#/components/schemas/{name}"'
        direct = any(used in json.dumps(operation) for _, _, operation in operations())
        assert not direct or "examples" in schema, name


def test_the_page_has_no_scripts_but_the_theme_and_no_external_resources() -> None:
    assert re.findall("<script.*", PAGE) == ['<script src="/theme.js"></script>']
    assert not re.search(r"\son\w+=|\sstyle=|javascript:", PAGE)
    assert not re.search(r'(?:src|href)="(?!#|openapi\.json|data:,|/[a-z]*/?"|/theme\.js)', PAGE)
    assert "default-src 'none'" in html.unescape(PAGE)
    assert 'href="/developers/"' in PAGE, "a way back to the web app"
    for _, path, operation in operations():
        assert f'id="{operation["operationId"]}"' in PAGE, path
    for target in re.findall(r'href="#([^"]+)"', PAGE):
        assert f'id="{target}"' in PAGE, target


def test_the_text_for_programs_names_all_that_a_key_may_do() -> None:
    for method, path, operation in operations():
        line = f"- `{method.upper()} {path}`: "
        assert (line in TEXT) is any("apiKey" in requirement for requirement in operation["security"]), line
    for body in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL):
        assert json.loads(body)
    # Every route, field and code that its rules speak of.
    rules = TEXT.partition("## Rules")[2].partition("## Operations")[0]
    described = json.dumps(DOCUMENT)
    for name in re.findall(r"`(?:GET|POST|DELETE) (/[^`]+)`", rules):
        assert name in DOCUMENT["paths"], name
    for name in re.findall(r"`([a-z]+[A-Z]?[A-Za-z_]*)`", rules):
        assert f'"{name}"' in described or name in TEXT.partition("## Error codes")[2], name


def test_the_api_imports_nothing_heavy_of_the_engine() -> None:
    program = (
        "import sys, lambdas.api.app\n"
        "found = {name.partition('.')[0] for name in sys.modules}\n"
        "print(*sorted(found & {'torch', 'numpy', 'transformers', 'av', 'cv2', 'boto3', 'jinja2'}))\n"
        "print(*sorted(name for name in sys.modules if name.startswith('model.')))"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == ["", "model.contract model.reports model.reports.formats"]
