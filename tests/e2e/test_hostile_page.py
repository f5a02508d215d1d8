"""The product as `make up` starts it, and a page of somebody else's in the developer's browser: it gets nowhere.

Whatever reaches the emulator can run code on this machine. The page knows all there is to know but the secrets of the
run: ports, names of functions, buckets and objects.
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
from tests.e2e.product import Product, missing_tools, running

lacking = missing_tools() or (None if find_chromium() else MISSING)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(lacking is not None, reason=str(lacking)),
]

SECRET = "what only we may read"
WELL_KNOWN = 4566
# What a page can send without being asked first (the first two), and what its browser asks for (the others).
KINDS = ["text/plain", "application/x-www-form-urlencoded", "application/json", "application/x-amz-json-1.1"]
# Each answer that the page can read; the others stay opaque, or do not come at all.
ATTACK = """
async ({calls, kinds}) => {
  const seen = [];
  for (const [method, url, body, target] of calls)
    for (const mode of ["no-cors", "cors", "same-origin"])
      for (const kind of body === null ? [null] : kinds) {
        const headers = {...(kind && {"Content-Type": kind}), ...(target && {"X-Amz-Target": target})};
        try {
          const answer = await fetch(url, {method, mode, body: body ?? undefined, headers});
          seen.push({url, mode, status: answer.status, text: await answer.text()});
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
  Object.assign(field, {name: body.slice(0, -1) + ', "x": "', value: '"}'}); // it is sent as name=value
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
    """As `make up` starts it: without checks of policies."""
    with running(tmp_path_factory.mktemp("plain") / "state", enforce_iam=False) as product:
        yield product


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """With a name of somebody else's that leads to this machine, as DNS rebinding has it."""
    with chromium("--host-resolver-rules=MAP evil.example 127.0.0.1") as browser:
        yield browser


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """The site of somebody else: an empty page at an origin of its own."""

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
    """A file that the function `victim` writes when somebody calls it; beside it lies an object of ours."""
    path = tmp_path_factory.mktemp("marker") / "called"
    product.aws("lambda").create_function(**function("victim", path) | {"Code": {"ZipFile": code_of(path)}})
    product.aws("s3").put_object(Bucket=product.outputs["MediaBucket"], Key="ours.txt", Body=SECRET.encode())
    return path


def code_of(marker: Path) -> bytes:
    """A function's code that leaves a trace."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", f"def handler(event, context):\n    open({str(marker)!r}, 'w').close()\n")
    return packed.getvalue()


def function(name: str, marker: Path) -> dict[str, Any]:
    return {
        "FunctionName": name,
        "Runtime": "python3.13",
        "Role": "arn:aws:iam::000000000000:role/none",
        "Handler": "main.handler",
        "Code": {"ZipFile": base64.b64encode(code_of(marker)).decode()},
    }


def calls(product: Product, marker: Path) -> list[tuple[str, str, str | None, str]]:
    """What the page tries: method, URL, body, and the operation where a header names it."""
    media, table = product.outputs["MediaBucket"], product.outputs["TableName"]
    made = json.dumps(function("hostile", marker))
    tries: list[tuple[str, str, str | None, str]] = []
    ways_out = ("/api/..%2f..%2f..%2f..%2f..", "/api/%252e%252e/%252e%252e/%252e%252e", "/app/..%5c..%5c..%5c..%5c..")
    emulator = product.settings.emulator_url
    for base in (emulator, emulator.replace("127.0.0.1", "localhost"), *(product.base + way for way in ways_out)):
        tries += [
            ("POST", f"{base}/2015-03-31/functions", made, ""),
            ("POST", f"{base}/2015-03-31/functions/victim/invocations", "{}", ""),
            ("GET", f"{base}/{media}/ours.txt", None, ""),
            ("GET", f"{base}/{media}?list-type=2", None, ""),
            ("PUT", f"{base}/{media}/theirs.txt", "1", ""),
            ("POST", f"{base}/", json.dumps({"TableName": table}), "DynamoDB_20120810.Scan"),
            ("POST", f"{base}/", f"Action=ListUsers&UserPoolId={product.outputs['UserPoolId']}", ""),
            ("POST", f"{base}/_ministack/reset", "", ""),
        ]
    users = json.dumps({"UserPoolId": product.outputs["UserPoolId"]})
    for operation in ("ListUsers", "AdminGetUser", "InitiateAuth"):
        target = f"AWSCognitoIdentityProviderService.{operation}"
        tries.append(("POST", f"{product.base}/cognito/", users, target))
    return tries


def assert_nothing_happened(product: Product, marker: Path) -> None:
    functions = {each["FunctionName"] for each in product.aws("lambda").list_functions()["Functions"]}
    assert "victim" in functions, "everything is gone"
    assert "hostile" not in functions
    assert not marker.exists()
    assert "theirs.txt" not in product.keys("MediaBucket")


def assert_nothing_is_read(seen: list[dict[str, Any]]) -> None:
    for answer in seen:
        if "error" not in answer:
            assert answer["status"] in (0, 400, 403, 404, 405), answer
            assert SECRET not in answer["text"] and "ListBucketResult" not in answer["text"], answer


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_a_page_of_another_site_gets_nowhere(product: Product, page: Page, elsewhere: str, marker: Path) -> None:
    page.goto(elsewhere)
    tries = calls(product, marker)
    assert_nothing_is_read(page.evaluate(ATTACK, {"calls": tries, "kinds": KINDS}))
    for method, url, body, _ in tries:
        if method == "POST" and body is not None:
            page.evaluate(SUBMIT, [url, body])
    socket = product.settings.emulator_url.replace("http", "ws")
    assert page.evaluate(SOCKET, f"{socket}/_aws/execute-api/{product.outputs['ApiId']}/v1") == "refused"
    assert_nothing_happened(product, marker)


@pytest.mark.parametrize("part", ["emulator", "web"])
def test_a_name_that_is_led_here_gets_nowhere(product: Product, page: Page, marker: Path, part: str) -> None:
    """To its browser the page is of the very origin that it asks: `Host` alone tells."""
    base = f"http://evil.example:{product.settings.ports.named()[part]}"
    answer = page.goto(f"{base}/")
    assert answer is not None and answer.status in (400, 403)
    own = product.settings.emulator_url if part == "emulator" else product.base
    tries = [(m, url.replace(own, base), b, t) for m, url, b, t in calls(product, marker) if url.startswith(own)]
    assert len(tries) >= 8
    seen = page.evaluate(ATTACK, {"calls": tries, "kinds": KINDS})
    assert any(answer.get("status") in (400, 403) for answer in seen)
    assert_nothing_is_read(seen)
    assert_nothing_happened(product, marker)


def test_the_web_apps_own_page_cannot_reach_the_emulator_either(product: Product, page: Page, marker: Path) -> None:
    """What somebody gets into a page of ours has presigned URLs and the API, like the page itself."""
    page.goto(product.base)
    assert_nothing_is_read(page.evaluate(ATTACK, {"calls": calls(product, marker), "kinds": KINDS}))
    assert_nothing_happened(product, marker)


def listening(product: Product) -> dict[int, str]:
    """Every TCP port that a process of the product listens at, with the address."""
    parents = [product.pid(name) for name in ("up", "emulator", "model server")]
    found = {}
    for parent in map(psutil.Process, parents):
        for process in [parent, *parent.children(recursive=True)]:
            for connection in process.net_connections("inet"):
                if connection.status == psutil.CONN_LISTEN:
                    found[connection.laddr.port] = connection.laddr.ip
    return found


def unix_sockets(product: Product) -> set[str]:
    """The paths of the sockets that other processes could open."""
    parts = [psutil.Process(product.pid(name)) for name in ("up", "model server")]
    found = (connection for part in parts for connection in part.net_connections("unix"))
    return {connection.laddr for connection in found if connection.laddr}


def test_nothing_listens_but_the_origin_and_the_guard(product: Product) -> None:
    ports = product.settings.ports
    assert listening(product) == {ports.web: "127.0.0.1", ports.emulator: "127.0.0.1"}
    assert WELL_KNOWN not in Ports().named().values()
    folder = (product.settings.state / LINK).resolve()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {Path(path) for path in unix_sockets(product)} == {folder / "sagemaker", folder / "model"}
    for headers in ({}, {"Origin": "https://evil.example"}, {"Host": "evil.example"}):
        answer = httpx.get(f"{product.settings.emulator_url}/_ministack/health", headers=headers, trust_env=False)
        assert answer.status_code == 403


def test_the_product_works_and_the_next_run_has_other_credentials(product: Product, clip: bytes) -> None:
    """Without checks of policies, as users have it; what was stored before is still there afterwards."""
    developer = product.developer
    done = developer.finished(developer.start(developer.upload(clip)))
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
