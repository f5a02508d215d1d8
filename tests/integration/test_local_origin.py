"""Local web origin: forwarded and refused requests, and the headers of all responses."""

import asyncio
import json
import posixpath
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bench.ports import free_port
from local.origin.app import Upstream, create_app
from local.origin.cognito import SERVICE
from local.origin.pages import Pages
from local.origin.proxy import MAX_BODY, forward
from local.origin.tokens import split_token
from stacks.edge.headers import fixed_headers
from tests.integration.local_parts import served

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "edge_vectors.json").read_text())
TOKEN = "vs_abcdefghijklmnopqrst_secret"
GUARD_TOKEN, GUARD_HEADER = "of-this-run", "x-video-sentiment-token"


async def echo(request: Request) -> Response:
    """Return the request that the gateway got."""
    raw = request.scope["raw_path"].decode() + (f"?{request.url.query}" if request.url.query else "")
    body = (await request.body()).decode()
    seen = {"path": raw, "method": request.method, "headers": dict(request.headers), "body": body}
    return JSONResponse(seen, 418, {"Retry-After": "7", "x-more": "kept"})


@pytest.fixture(scope="module")
def gateway() -> Iterator[str]:
    methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
    with served(Starlette(routes=[Route("/{path:path}", echo, methods=methods)]), free_port()) as url:
        yield url


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    (folder / "dashboard").mkdir()
    (folder / "_next" / "static").mkdir(parents=True)
    (folder / "index.html").write_text("home")
    (folder / "404.html").write_text("not here")
    (folder / "dashboard" / "index.html").write_text("dashboard")
    (folder / "_next" / "static" / "a1.js").write_text("1")
    (folder / "_next" / "static" / "long.js").write_text("// again\n" * 1000)
    (folder / "csp.json").write_text('{"script-src": ["\'sha256-abc=\'"]}')
    (folder.parent / "secret.txt").write_text("secret")
    return folder


@pytest.fixture(scope="module")
def web(gateway: str, site: Path) -> Iterator[httpx.Client]:
    upstream = Upstream(f"{gateway}/stage", gateway, GUARD_TOKEN, "us-east-1_pool", "client")
    app = create_app(upstream, Pages([gateway], site))
    with served(app, free_port()) as url, httpx.Client(base_url=url, trust_env=False, timeout=60) as client:
        yield client


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_keys_are_split_as_in_the_test_vectors(vector: dict[str, Any]) -> None:
    assert split_token(vector["path"], vector["headers"]) == vector["forwarded"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_gateway_gets_the_headers_of_the_test_vectors(web: httpx.Client, vector: dict[str, Any]) -> None:
    seen = web.get(vector["path"], headers=vector["headers"]).json()["headers"]
    assert {name: seen[name] for name in ("x-api-key", "authorization") if name in seen} == vector["forwarded"]


@given(st.text(alphabet="vs_abAB09-% .", max_size=40), st.text(alphabet="vs_abAB09-% .", max_size=40))
def test_the_gateway_gets_only_the_id_of_a_complete_token(bearer: str, key: str) -> None:
    forwarded = split_token("/api/x", {"authorization": f"Bearer {bearer}", "x-api-key": key})
    if "x-api-key" in forwarded:
        assert re.fullmatch(r"Bearer vs_[A-Za-z0-9]+_[A-Za-z0-9_-]+", forwarded["authorization"])
        assert forwarded["authorization"].startswith(f"Bearer vs_{forwarded['x-api-key']}_")


def test_requests_and_responses_pass_unchanged(web: httpx.Client) -> None:
    answer = web.post("/app/analyses/a%20b/%C3%BC?x=1%202&y%2F..", content="body", headers={"Prefer": "respond-async"})
    seen = answer.json()
    assert seen["path"] == "/stage/app/analyses/a%20b/%C3%BC?x=1%202&y%2F.."
    assert (seen["method"], seen["body"], seen["headers"]["prefer"]) == ("POST", "body", "respond-async")
    assert answer.status_code == 418
    assert (answer.headers["retry-after"], answer.headers["x-more"]) == ("7", "kept")


PATHS = ["/", "/app/x", "/api/x", "/public/x", "/config.json", "/docs/", "/nothing", "/cognito/"]


@pytest.mark.parametrize("path", PATHS)
def test_every_response_has_the_edges_headers(web: httpx.Client, path: str) -> None:
    answer = web.get(path)
    assert {name: answer.headers.get(name) for name in fixed_headers()} == fixed_headers()
    policy = dict(d.split(" ", 1) for d in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert "'unsafe" not in answer.headers["content-security-policy"]
    assert "'sha256-abc='" in policy["script-src"]
    assert "http://127.0.0.1:" in policy["connect-src"]  # the origin of presigned URLs
    assert policy["frame-ancestors"] == "'none'"


@pytest.mark.parametrize(("path", "frames"), [("/s/", "'none'"), ("/embed/", "*"), ("/embed/../s/", None)])
def test_pages_of_shared_analyses_are_not_indexed_and_only_one_may_be_framed(
    web: httpx.Client, path: str, frames: str | None
) -> None:
    if frames is None:
        assert raw(web, path).startswith(b"HTTP/1.1 400")
        return
    headers = web.get(path).headers
    assert headers["x-robots-tag"] == "noindex, nofollow" and headers["referrer-policy"] == "no-referrer"
    assert ("x-frame-options" in headers) == (frames != "*")
    assert f"frame-ancestors {frames};" in headers["content-security-policy"]


def test_pages_are_resolved_like_by_the_distribution(web: httpx.Client) -> None:
    found = {path: web.get(path) for path in ("/", "/dashboard", "/dashboard/", "/_next/static/a1.js", "/no", "/no.js")}
    assert [(answer.status_code, answer.text) for answer in found.values()] == [
        (200, "home"),
        (200, "dashboard"),
        (200, "dashboard"),
        (200, "1"),
        (404, "not here"),
        (404, "not here"),
    ]
    assert "immutable" in found["/_next/static/a1.js"].headers["cache-control"]
    assert found["/"].headers["cache-control"] == "no-cache"


def test_large_responses_are_compressed(web: httpx.Client) -> None:
    answer = web.get("/_next/static/long.js")
    assert answer.headers["content-encoding"] == "gzip" and len(answer.text) == 9000
    plain = web.get("/_next/static/long.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers and plain.text == answer.text


@pytest.mark.parametrize("path", ["/../secret.txt", "/%2e%2e/secret.txt", "/a/..%2f..%2fsecret.txt", "/%00.txt"])
def test_nothing_outside_the_site_is_served(web: httpx.Client, path: str) -> None:
    assert raw(web, path).startswith(b"HTTP/1.1 400")


PREFIXES = ["/api/", "/app/", "/public/", "/cognito/", "/docs/", "/"]
PARTS = ["..", ".", "%2e%2e", ".%2e", "%252e%252e", "%2f", "%2F", "%5c", "\\", "/", "//", "x", "%61", "%00", ";"]


@given(st.sampled_from(PREFIXES), st.lists(st.sampled_from(PARTS), min_size=1, max_size=10))
def test_no_path_leaves_the_api(web: httpx.Client, prefix: str, parts: list[str]) -> None:
    """Every path that reaches the gateway is under the API's stage, even after repeated decoding."""
    answer = whole(web, f"{prefix}{''.join(parts)}")
    if b" 418 " not in answer.split(b"\r\n", 1)[0]:
        return  # refused before the gateway
    path = json.loads(answer.split(b"\r\n\r\n", 1)[1])["path"]
    for _ in range(3):
        assert posixpath.normpath(path.replace("\\", "/")).startswith(("/stage/api", "/stage/app", "/stage/public"))
        path = unquote(path)


@pytest.mark.parametrize("path", ["/api/../../_ministack/reset", "/api/%2e%2e/x", "/app/..%2f..%2fx", "//x", "/api//x"])
def test_path_traversal_is_refused_before_the_gateway(web: httpx.Client, path: str) -> None:
    assert raw(web, path).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    ("path", "kind"), [("", "text/html"), ("openapi.json", "application/json"), ("llms.txt", "text/plain")]
)
def test_the_reference_is_served_for_people_and_for_programs(web: httpx.Client, path: str, kind: str) -> None:
    answer = web.get(f"/docs/{path}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert web.get("/docs/openapi.html").status_code == 404


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:1", "http://localhost", "null", ""])
@pytest.mark.parametrize("path", ["/", "/config.json", "/api/usage", "/app/usage", "/cognito/", "/docs/"])
def test_pages_of_other_sites_are_refused(web: httpx.Client, path: str, origin: str) -> None:
    headers = {"Origin": origin, "x-amz-target": f"{SERVICE}GetUser"}
    for method in ("POST", "OPTIONS", "GET"):
        answer = web.request(method, path, headers=headers, content=b"{}")
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers


def test_pages_of_the_product_are_served_and_their_origin_header_is_dropped(web: httpx.Client) -> None:
    for host in (web.base_url.netloc.decode(), "localhost:9"):  # the latter as through a tunnel
        answer = web.post("/app/x", headers={"Host": host, "Origin": f"http://{host}"})
        assert answer.status_code == 418
        assert "origin" not in answer.json()["headers"]


def test_the_gateway_gets_the_guards_token_from_the_origin_only(web: httpx.Client) -> None:
    sent = {GUARD_HEADER: "mine", "x-amz-target": "AWSLambda.Invoke", "X-Amz-Date": "1"}
    seen = web.post("/api/x", headers=sent).json()["headers"]
    assert seen[GUARD_HEADER] == GUARD_TOKEN
    assert not [name for name in seen if name.startswith("x-amz-")]


def test_a_placeholder_page_is_served_until_the_site_is_built(gateway: str, tmp_path: Path) -> None:
    upstream = Upstream(gateway, gateway, GUARD_TOKEN, "us-east-1_pool", "client")
    with served(create_app(upstream, Pages([gateway], tmp_path)), free_port()) as url:
        answer = httpx.get(url, trust_env=False)
    assert answer.status_code == 200
    assert "/api/upload-url" in answer.text
    assert "style-src 'self' 'sha256-" in answer.headers["content-security-policy"]


def test_the_page_gets_its_configuration(web: httpx.Client) -> None:
    assert web.get("/config.json").json() == {
        "stage": "local",
        "region": "us-east-1",
        "userPoolId": "us-east-1_pool",
        "userPoolClientId": "client",
        "userPoolEndpoint": "/cognito/",
    }


def test_only_sign_in_requests_to_aws_pass(web: httpx.Client) -> None:
    target, call = f"{SERVICE}InitiateAuth", {"AuthFlow": "USER_SRP_AUTH", "ClientId": "client"}
    # The scope of a signature selects another service, whatever the target header.
    more = {"Authorization": "AWS4-HMAC-SHA256 Credential=test/20261130/us-east-1/lambda/aws4_request", "Cookie": "a=b"}
    passed = web.post("/cognito/", headers={"x-amz-target": target} | more, json=call).json()
    assert (passed["path"], passed["headers"]["x-amz-target"], json.loads(passed["body"])) == ("/", target, call)
    assert not {"authorization", "cookie"} & set(passed["headers"])
    for other in ("DynamoDB_20120810.Scan", f"{SERVICE}ListUsers", f"{SERVICE}AdminGetUser", ""):
        assert web.post("/cognito/", headers={"x-amz-target": other}, content="{}").status_code == 403
    in_clear = call | {"AuthFlow": "USER_PASSWORD_AUTH"}
    refused = web.post("/cognito/", headers={"x-amz-target": target}, json=in_clear)
    assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")


def test_bodies_are_limited_to_the_gateways_maximum(web: httpx.Client) -> None:
    assert len(web.post("/api/x", content=b"a" * MAX_BODY).json()["body"]) == MAX_BODY
    refused = web.post("/api/x", content=b"a" * (MAX_BODY + 1))
    assert refused.status_code == 413
    assert refused.headers["content-type"] == "application/problem+json"
    chunks = (b"a" * (1 << 20) for _ in range(11))  # without a Content-Length
    assert web.post("/api/x", content=chunks).status_code == 413


def test_a_missing_emulator_is_reported() -> None:
    closed = f"http://127.0.0.1:{free_port()}"
    with served(create_app(Upstream(closed, closed, GUARD_TOKEN, "pool", "client")), free_port()) as url:
        answer = httpx.get(f"{url}/api/usage", headers={"x-api-key": TOKEN}, trust_env=False)
    assert answer.status_code == 502
    assert int(answer.headers["Retry-After"]) > 0
    document = answer.json()
    assert document["type"] == f"urn:video-sentiment:problem:{document['code']}"
    assert document["error"] == document["detail"] != ""


@pytest.mark.parametrize(
    ("status", "given", "retry_after"), [(504, {}, "5"), (503, {"Retry-After": "9"}, "9"), (404, {}, None)]
)
def test_unavailable_responses_have_a_retry_time(status: int, given: dict[str, str], retry_after: str | None) -> None:
    async def answer() -> Response:
        transport = httpx.MockTransport(lambda _: httpx.Response(status, headers=given))
        async with httpx.AsyncClient(transport=transport) as client:
            return await forward(client, "GET", "http://emulator/", {}, b"")

    assert asyncio.run(answer()).headers.get("Retry-After") == retry_after


def test_other_host_names_of_this_machine_are_refused(web: httpx.Client) -> None:
    assert web.get("/api/usage", headers={"Host": "evil.example"}).status_code == 400


def raw(client: httpx.Client, path: str) -> bytes:
    """Return the status line for a path that HTTP libraries would normalize."""
    return whole(client, path).split(b"\n", 1)[0]


def whole(client: httpx.Client, path: str) -> bytes:
    """Return the whole response for such a path."""
    with socket.create_connection((client.base_url.host, client.base_url.port or 80)) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        return connection.makefile("rb").read()
