"""Sessions and uploads across tabs, pages and time."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.e2e.product import ROOT
from tests.e2e.test_site.browser_user import Account, BrowserUser, video

SCREENSHOTS = ROOT / "build" / "screenshots"
STORED = "Object.keys({}).filter((name) => name.includes('Token')).length"


def test_tabs_share_a_session_and_end_it_together(user: BrowserUser) -> None:
    first = user.page
    second = first.context.new_page()
    second.goto(f"{user.base}/account/")
    expect(second.get_by_role("heading", name="Account", exact=True)).to_be_visible()
    assert second.evaluate(STORED.format("localStorage")) == 0
    second.get_by_role("button", name="Sign out", exact=True).first.click()
    second.wait_for_url(f"{user.base}/")
    first.wait_for_url("**/sign-in/?next=%2Fdashboard%2F")
    assert first.evaluate(STORED.format("sessionStorage")) == 0


def test_the_session_ends_with_the_last_tab(user: BrowserUser) -> None:
    context: BrowserContext = user.page.context
    user.page.close()
    page = context.new_page()
    page.goto(f"{user.base}/account/")
    page.wait_for_url("**/sign-in/?next=%2Faccount%2F")


def test_an_ended_session_offers_sign_in_and_returns(visitor: BrowserUser, account: Callable[[], Account]) -> None:
    owner, page = account(), visitor.page
    visitor.sign_in(owner)
    visitor.open("/developers/")
    expect(page.get_by_role("heading", name="Developers")).to_be_visible()
    page.route("**/app/**", lambda route: route.fulfill(status=401, json={"code": "unauthorized"}))
    page.get_by_role("link", name="Account").click()
    expect(page.get_by_text("You have been signed out.")).to_be_visible()
    assert visitor.violations() == []
    page.screenshot(path=SCREENSHOTS / "session-ended.png")
    page.unroute_all(behavior="ignoreErrors")
    page.get_by_role("button", name="Sign in again").click()
    page.wait_for_url("**/sign-in/?next=%2Faccount%2F")
    visitor.submit_credentials(owner)
    page.wait_for_url("**/account/")
    visitor.ignore_http_errors(401)


def test_thirty_uploads_are_listed_on_every_page_and_cancelled_together(user: BrowserUser, clip: bytes) -> None:
    page = user.page
    page.route("**/uploads/**", lambda _: None)  # a network so slow that nothing arrives
    user.upload(*(video(f"clip {number}.mp4", clip) for number in range(30)))
    uploads = page.get_by_role("list", name="Uploads")
    expect(uploads.get_by_role("listitem")).to_have_count(30)
    box = uploads.bounding_box()
    assert box is not None and box["height"] <= 320
    assert user.violations() == []
    page.screenshot(path=SCREENSHOTS / "thirty-uploads.png")
    page.get_by_role("link", name="Account").click()
    tray = page.get_by_role("complementary", name="Uploads in progress").get_by_role("link")
    expect(tray).to_contain_text("Uploading 30 files: 0%")
    assert user.violations() == []
    page.screenshot(path=SCREENSHOTS / "upload-tray.png")
    tray.click()
    page.get_by_role("button", name="Cancel all").click()
    expect(uploads).to_have_count(0)
    page.unroute_all(behavior="ignoreErrors")


@pytest.mark.parametrize("path", ["/dashboard/", "/analysis/?id={id}", "/developers/", "/account/", "/privacy/", "/"])
def test_a_rotated_phone_shows_the_whole_width(reader: BrowserUser, analyzed: tuple[Account, str], path: str) -> None:
    page = reader.page
    page.set_viewport_size({"width": 700, "height": 360})
    reader.open(path.format(id=analyzed[1]))
    page.wait_for_load_state("networkidle")
    assert not reader.overflows_horizontally()
    page.set_viewport_size({"width": 360, "height": 700})
    page.wait_for_timeout(500)  # the layout settles
    name = path.strip("/").partition("/")[0] or "landing"
    page.screenshot(path=SCREENSHOTS / f"rotated-{name}.png")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
