"""A hostile page in the developer's browser cannot reach the product that `make up` starts.

Anyone who reaches the emulator can run code on this machine. The page is assumed to have everything but the secrets of
the run: ports, and the names of functions, buckets and objects.
"""

import base64
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]
import pytest
from playwright.sync_api import Browser, Page

from local.credentials import Credentials
from local.settings import Ports
from local.sockets import LINK
from tests.browsers import MISSING, chromium, find_chromium
from tests.e2e.product import Product, missing_tools, running_product

missing = missing_tools() or (None if find_chromium() else MISSING)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(missing is not None, reason=str(missing)),
]

SECRET = "confidential content"
WELL_KNOWN = 4566
# Content types that a page may send without a CORS preflight (the first two), and others.
KINDS = ["text/plain", "application/x-www-form-urlencoded", "application/json", "application/x-amz-json-1.1"]
# Returns each response that the page can read; others are opaque or fail.
ATTACK = """
async ({calls, kinds}) => {
  const seen = [];
  for (const [method, url, body, target] of calls)
    for (const mode of ["no-cors", "cors", "same-origin"])
      for (const kind of body === null ? [null] : kinds) {
        const headers = {...(kind && {"Content-Type": kind}), ...(target && {"X-Amz-Target": target})};
        try {
          const response = await fetch(url, {method, mode, body: body ?? undefined, headers});
          seen.push({url, mode, status: response.status, text: await response.text()});
        } catch (error) { seen.push({url, mode, error: String(error)}); }
      }
  return seen;
}
"""
SUBMIT = """
([url, body]) => new Promise((done) => {
  const frame = document.createElement("iframe");
  frame.name = "f" + Math.random();
  const form = document.createElement("form");
  Object.assign(form, {method: "POST", action: url, enctype: "text/plain", target: frame.name});
  const field = document.createElement("input");
  Object.assign(field, {name: body.slice(0, -1) + ', "x": "', value: '"}'}); // sent as name=value
  form.append(field);
  document.body.append(frame, form);
  frame.addEventListener("load", () => setTimeout(done, 500), {once: true});
  form.submit();
  setTimeout(done, 5000);
})
"""
SOCKET = """
(url) => new Promise((done) => {
  const socket = new WebSocket(url);
  socket.onopen = () => done("open");
  socket.onerror = () => done("refused");
})
"""


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Yield a product as `make up` starts it, without IAM enforcement."""
    with running_product(tmp_path_factory.mktemp("plain") / "state", enforce_iam=False) as product:
        yield product


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield a browser in which a foreign host name resolves to this machine, as after DNS rebinding."""
    with chromium("--host-resolver-rules=MAP evil.example 127.0.0.1") as browser:
        yield browser


@pytest.fixture(scope="module")
def foreign_site() -> Iterator[str]:
    """Yield the URL of an empty page at a foreign origin."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>harmless</title><body>")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://evil.example:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def marker(product: Product, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file that the function `victim` writes when it is invoked; also store a secret object."""
    path = tmp_path_factory.mktemp("marker") / "called"
    product.aws("lambda").create_function(**function("victim", path) | {"Code": {"ZipFile": code_of(path)}})
    product.aws("s3").put_object(Bucket=product.outputs["MediaBucket"], Key="secret.txt", Body=SECRET.encode())
    return path


def code_of(marker: Path) -> bytes:
    """Return the zipped code of a function that writes the marker file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", f"def handler(event, context):\n    open({str(marker)!r}, 'w').close()\n")
    return packed.getvalue()


def function(name: str, marker: Path) -> dict[str, Any]:
    """Return the parameters of CreateFunction."""
    return {
        "FunctionName": name,
        "Runtime": "python3.13",
        "Role": "arn:aws:iam::000000000000:role/none",
        "Handler": "main.handler",
        "Code": {"ZipFile": base64.b64encode(code_of(marker)).decode()},
    }


def calls(product: Product, marker: Path) -> list[tuple[str, str, str | None, str]]:
    """Return the requests of the hostile page: method, URL, body, and the X-Amz-Target header if any."""
    media, table = product.outputs["MediaBucket"], product.outputs["TableName"]
    creation = json.dumps(function("hostile", marker))
    attempts: list[tuple[str, str, str | None, str]] = []
    traversals = ("/api/..%2f..%2f..%2f..%2f..", "/api/%252e%252e/%252e%252e/%252e%252e", "/app/..%5c..%5c..%5c..%5c..")
    emulator = product.settings.emulator_url
    for base in (emulator, emulator.replace("127.0.0.1", "localhost"), *(product.base + path for path in traversals)):
        attempts += [
            ("POST", f"{base}/2015-03-31/functions", creation, ""),
            ("POST", f"{base}/2015-03-31/functions/victim/invocations", "{}", ""),
            ("GET", f"{base}/{media}/secret.txt", None, ""),
            ("GET", f"{base}/{media}?list-type=2", None, ""),
            ("PUT", f"{base}/{media}/hostile.txt", "1", ""),
            ("POST", f"{base}/", json.dumps({"TableName": table}), "DynamoDB_20120810.Scan"),
            ("POST", f"{base}/", f"Action=ListUsers&UserPoolId={product.outputs['UserPoolId']}", ""),
            ("POST", f"{base}/_ministack/reset", "", ""),
        ]
    users = json.dumps({"UserPoolId": product.outputs["UserPoolId"]})
    for operation in ("ListUsers", "AdminGetUser", "InitiateAuth"):
        target = f"AWSCognitoIdentityProviderService.{operation}"
        attempts.append(("POST", f"{product.base}/cognito/", users, target))
    return attempts


def assert_nothing_happened(product: Product, marker: Path) -> None:
    """Fail if a function was created or invoked, or an object written, or the emulator reset."""
    functions = {each["FunctionName"] for each in product.aws("lambda").list_functions()["Functions"]}
    assert "victim" in functions, "the emulator was reset"
    assert "hostile" not in functions
    assert not marker.exists()
    assert "hostile.txt" not in product.keys("MediaBucket")


def assert_nothing_is_read(responses: list[dict[str, Any]]) -> None:
    """Fail if the page could read a response with content."""
    for response in responses:
        if "error" not in response:
            assert response["status"] in (0, 400, 403, 404, 405), response
            assert SECRET not in response["text"] and "ListBucketResult" not in response["text"], response


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Yield a page in a fresh browser context."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_a_foreign_page_cannot_reach_the_product(product: Product, page: Page, foreign_site: str, marker: Path) -> None:
    page.goto(foreign_site)
    attempts = calls(product, marker)
    assert_nothing_is_read(page.evaluate(ATTACK, {"calls": attempts, "kinds": KINDS}))
    for method, url, body, _ in attempts:
        if method == "POST" and body is not None:
            page.evaluate(SUBMIT, [url, body])
    socket = product.settings.emulator_url.replace("http", "ws")
    assert page.evaluate(SOCKET, f"{socket}/_aws/execute-api/{product.outputs['ApiId']}/v1") == "refused"
    assert_nothing_happened(product, marker)


@pytest.mark.parametrize("part", ["emulator", "web"])
def test_dns_rebinding_is_rejected(product: Product, page: Page, marker: Path, part: str) -> None:
    """For the browser the page has the same origin as its target; only `Host` reveals the attack."""
    base = f"http://evil.example:{product.settings.ports.named()[part]}"
    response = page.goto(f"{base}/")
    assert response is not None and response.status in (400, 403)
    own = product.settings.emulator_url if part == "emulator" else product.base
    attempts = [(m, url.replace(own, base), b, t) for m, url, b, t in calls(product, marker) if url.startswith(own)]
    assert len(attempts) >= 8
    seen = page.evaluate(ATTACK, {"calls": attempts, "kinds": KINDS})
    assert any(response.get("status") in (400, 403) for response in seen)
    assert_nothing_is_read(seen)
    assert_nothing_happened(product, marker)


def test_the_web_app_itself_cannot_reach_the_emulator(product: Product, page: Page, marker: Path) -> None:
    """Code injected into the web app has no more access than the app: presigned URLs and the API."""
    page.goto(product.base)
    assert_nothing_is_read(page.evaluate(ATTACK, {"calls": calls(product, marker), "kinds": KINDS}))
    assert_nothing_happened(product, marker)


def listening(product: Product) -> dict[int, str]:
    """Return every TCP port on which a process of the product listens, with its address."""
    parents = [product.pid(name) for name in ("up", "emulator", "model server")]
    found = {}
    for parent in map(psutil.Process, parents):
        for process in [parent, *parent.children(recursive=True)]:
            for connection in process.net_connections("inet"):
                if connection.status == psutil.CONN_LISTEN:
                    found[connection.laddr.port] = connection.laddr.ip
    return found


def unix_sockets(product: Product) -> set[str]:
    """Return the paths of the product's Unix sockets."""
    parts = [psutil.Process(product.pid(name)) for name in ("up", "model server")]
    found = (connection for part in parts for connection in part.net_connections("unix"))
    return {connection.laddr for connection in found if connection.laddr}


def test_only_the_origin_and_the_guard_listen(product: Product) -> None:
    ports = product.settings.ports
    assert listening(product) == {ports.web: "127.0.0.1", ports.emulator: "127.0.0.1"}
    assert WELL_KNOWN not in Ports().named().values()
    folder = (product.settings.state / LINK).resolve()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {Path(path) for path in unix_sockets(product)} == {folder / "sagemaker", folder / "model"}
    for headers in ({}, {"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        response = httpx.get(f"{product.settings.emulator_url}/_ministack/health", headers=headers, trust_env=False)
        assert response.status_code == 403


def test_data_survives_a_restart_and_credentials_do_not(product: Product, clip: bytes) -> None:
    """Analyze a clip, restart, and find the result again with new credentials."""
    developer = product.developer
    done = developer.wait_for_analysis(developer.start(developer.upload(clip)))
    assert done["status"] == "completed"
    before = Credentials.read(product.settings.state)
    assert before.secret_access_key not in product.output.read_text()
    assert product.stop() == 0
    product.start()
    after = Credentials.read(product.settings.state)
    for field in ("access_key_id", "secret_access_key", "token"):
        assert getattr(before, field) != getattr(after, field)
    assert "unchanged, deployment skipped" in product.output.read_text()
    assert product.developer.get(f"/analyses/{done['id']}")["status"] == "completed"
    assert httpx.get(product.developer.get(f"/analyses/{done['id']}")["resultUrl"], trust_env=False).status_code == 200
