"""Sharing: a link is created, opened without a session, embedded, printed and revoked."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.product import ROOT, Product
from tests.e2e.test_site.browser_user import Account, BrowserUser, Scheme

SCREENSHOTS = ROOT / "build" / "screenshots"
NAME = "face_and_speech.mp4"


def share(page: Page, *, video: bool = False) -> tuple[str, str]:
    """Create a link in the dialog, which stays open; return its address and the embed code."""
    page.get_by_role("button", name="Share", exact=True).click()
    dialog = page.get_by_role("dialog", name="Share this analysis")
    if video:
        dialog.get_by_label("Include the video").check()
    dialog.get_by_role("button", name="Create link").click()
    expect(dialog.locator("code")).to_have_count(2)
    address, code = dialog.locator("code").all_inner_texts()
    return address, code


@pytest.fixture
def stranger(browser: Browser, product: Product) -> Iterator[BrowserUser]:
    """Yield a user in a browser without a session."""
    with BrowserUser.in_browser(browser, product.base) as user:
        yield user
        user.assert_no_errors()


@contextmanager
def other_site(body: str) -> Iterator[str]:
    """Serve a page of another site with this body; yield its address."""
    content = f"<!doctype html><html lang=en><title>Another site</title><h1>Another site</h1>{body}".encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def test_a_link_opens_without_an_account_until_it_is_revoked(reader: BrowserUser, stranger: BrowserUser) -> None:
    address, _ = share(reader.page)
    assert reader.violations() == []
    requests: list[tuple[str, str]] = []
    stranger.page.on("request", lambda sent: requests.append((sent.url, sent.headers.get("referer", ""))))
    stranger.page.goto(address)
    expect(stranger.page.get_by_role("heading", name=NAME)).to_be_visible()
    expect(stranger.page.get_by_role("list", name="Utterances")).to_be_visible()
    expect(stranger.page.locator("video")).to_have_count(0)
    expect(stranger.page.get_by_role("button", name="Share", exact=True)).to_have_count(0)
    expect(stranger.page.locator("meta[name=robots]")).to_have_attribute("content", "noindex, nofollow")
    token = address.partition("#")[2]
    assert not [sent for sent in requests if token in sent[1] or token in sent[0].partition("#")[0]]
    assert not [url for url, _ in requests if "/app/" in url or "/cognito/" in url]

    dialog = reader.page.get_by_role("dialog")
    dialog.get_by_role("list", name="Active links").get_by_role("button").first.click()
    expect(dialog.get_by_role("button", name="Create link")).to_be_visible()
    stranger.page.reload()
    expect(stranger.page.get_by_role("heading", name="This link doesn't work")).to_be_visible()
    stranger.ignore_http_errors(404)


def test_the_video_plays_if_it_is_included(reader: BrowserUser, stranger: BrowserUser) -> None:
    address, _ = share(reader.page, video=True)
    stranger.page.goto(address)
    expect(stranger.page.locator("video")).to_have_js_property("readyState", 4)
    stranger.page.get_by_role("list", name="Utterances").get_by_role("button").nth(1).click()
    assert float(stranger.page.evaluate("document.querySelector('video').currentTime")) > 0


def test_an_incomplete_address_says_so(stranger: BrowserUser) -> None:
    for path in ("/s/", "/s/#abc", "/embed/#abc"):
        stranger.open("/")
        stranger.open(path)
        expect(stranger.page.get_by_role("heading", name="This link doesn't work")).to_be_visible()
        assert stranger.violations() == []
    stranger.ignore_http_errors(404)


def test_only_the_embedded_page_may_be_framed(reader: BrowserUser, stranger: BrowserUser, product: Product) -> None:
    address, code = share(reader.page, video=True)
    for path, allowed in (("/embed/", True), ("/s/", False), ("/", False), ("/dashboard/", False)):
        headers = httpx.get(product.base + path, trust_env=False).headers
        assert ("x-frame-options" not in headers) == allowed
        assert ("frame-ancestors *" in headers["content-security-policy"]) == allowed
    with other_site(code) as url:
        stranger.page.goto(url)
        frame = stranger.page.frame_locator("iframe")
        expect(frame.get_by_role("heading", name=NAME)).to_be_visible()
        expect(frame.locator("video")).to_be_visible()
        expect(frame.get_by_role("list", name="Utterances")).to_be_visible()
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        stranger.page.screenshot(path=SCREENSHOTS / "embedded.png")
        with stranger.page.context.expect_page() as opened:
            frame.get_by_role("link", name="Open full page").click()
        assert opened.value.url == address


def test_the_print_view_has_every_utterance_and_no_controls(reader: BrowserUser, stranger: BrowserUser) -> None:
    texts = reader.page.get_by_role("list", name="Utterances").get_by_role("button").all_inner_texts()
    address, _ = share(reader.page)
    stranger.page.goto(address)
    expect(stranger.page.get_by_role("button", name="Print or save as PDF")).to_be_visible()
    for name, page in (("shared", stranger.page), ("analysis", reader.page)):
        page.emulate_media(media="print", color_scheme="dark")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        report = page.get_by_test_id("print-report")
        expect(report.locator("ol > li")).to_have_count(len(texts))
        expect(report.get_by_role("button")).to_have_count(0)
        expect(page.get_by_role("button")).to_have_count(0)
        assert page.evaluate("getComputedStyle(document.querySelector('[data-testid=print-report] h1')).color") == (
            "rgb(0, 0, 0)"
        )
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"print-{name}.png", full_page=True)
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        page.emulate_media(media="screen")
    pdf = stranger.page.pdf()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 1
    (SCREENSHOTS / "shared.pdf").write_bytes(pdf)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)])
def test_the_pages_are_accessible(
    browser: Browser, product: Product, reader: BrowserUser, scheme: Scheme, width: int
) -> None:
    address, _ = share(reader.page, video=True)
    reader.page.emulate_media(color_scheme=scheme)
    reader.page.set_viewport_size({"width": width, "height": 800})
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    reader.page.screenshot(path=SCREENSHOTS / f"share-dialog-{scheme}-{width}.png")
    assert reader.violations() == []
    with BrowserUser.in_browser(browser, product.base, scheme=scheme, width=width) as stranger:
        for name, page in (("shared", address), ("embed", address.replace("/s/", "/embed/"))):
            stranger.open("/")
            stranger.page.goto(page)
            expect(stranger.page.get_by_role("heading", name=NAME)).to_be_visible()
            stranger.page.screenshot(path=SCREENSHOTS / f"{name}-{scheme}-{width}.png", full_page=True)
            assert stranger.violations() == []
            assert not stranger.overflows_horizontally()
        stranger.assert_no_errors()


def test_a_link_ends_with_its_analysis(product: Product, analyzed: tuple[Account, str]) -> None:
    owner, analysis_id = analyzed
    caller = product.client(product.sign_in(owner.email, owner.password), "/app")
    created = caller.request("POST", f"/analyses/{analysis_id}/shares", json={}).json()

    def status() -> int:
        headers = {"Authorization": f"Bearer {created['token']}"}
        return httpx.get(f"{product.base}/public/shared-analysis", headers=headers, trust_env=False).status_code

    assert status() == 200
    caller.request("DELETE", f"/analyses/{analysis_id}")
    assert status() == 404
    caller.request("POST", f"/analyses/{analysis_id}/restore")
    assert status() == 200
    caller.request("DELETE", f"/analyses/{analysis_id}/shares/{created['id']}")
    assert status() == 404
