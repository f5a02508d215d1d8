"""Every page in light and dark, on desktop and phone: no axe violations, no overflow; stores a screenshot of each."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.product import ROOT, Product
from tests.e2e.test_site.browser_user import Account, BrowserUser, Scheme

SCREENSHOTS = ROOT / "build" / "screenshots"
PAGES = {
    "landing": ("/", "See the emotion in a video"),
    "sign-in": ("/sign-in/", "Sign in"),
    "sign-up": ("/sign-up/", "Create an account"),
    "forgot-password": ("/forgot-password/", "Reset your password"),
    "dashboard": ("/dashboard/", "Your videos"),
    "analysis": ("/analysis/?id={id}", "face_and_speech.mp4"),
    "developers": ("/developers/", "Developers"),
    "usage": ("/usage/", "Usage"),
    "reference": ("/docs/", "Video sentiment API"),
    "account": ("/account/", "Account"),
    "privacy": ("/privacy/", "Privacy"),
    "terms": ("/terms/", "Terms"),
    "missing": ("/nowhere/", "Page not found"),
}


@pytest.fixture(scope="module", params=[("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)], ids=str)
def user(
    request: pytest.FixtureRequest, browser: Browser, product: Product, built_site: Path, analyzed: tuple[Account, str]
) -> Iterator[tuple[BrowserUser, Scheme, int]]:
    """Yield a signed-in user with the sample's analysis, a color scheme and a width."""
    assert (built_site / "index.html").is_file()
    scheme, width = request.param
    with BrowserUser.in_browser(browser, product.base, scheme=scheme, width=width) as user:
        user.sign_in(analyzed[0])
        yield user, scheme, width


@pytest.mark.parametrize("name", [name for name in PAGES if not name.startswith("sign-in")])
def test_pages(user: tuple[BrowserUser, Scheme, int], analyzed: tuple[Account, str], name: str) -> None:
    visitor, scheme, width = user
    look(visitor, name, analyzed[1], scheme, width)


def test_sign_in(browser: Browser, product: Product, built_site: Path) -> None:
    """Signed-in users are redirected from this page, so the visitor is not signed in."""
    assert (built_site / "index.html").is_file()
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 360)):
        with BrowserUser.in_browser(browser, product.base, scheme=scheme, width=width) as visitor:  # type: ignore[arg-type]
            look(visitor, "sign-in", "", scheme, width)


def look(visitor: BrowserUser, name: str, analysis_id: str, scheme: str, width: int) -> None:
    """Open a page, store its screenshot and check accessibility and overflow."""
    path, heading = PAGES[name]
    page = visitor.page
    visitor.open(path.format(id=analysis_id))
    expect(page.get_by_role("heading", name=heading).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("status").filter(has_text="Loading")).to_have_count(0)
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}-{scheme}-{width}.png", full_page=True)
    assert visitor.violations() == []
    assert not visitor.overflows_horizontally()


def test_the_color_scheme_is_stored(visitor: BrowserUser) -> None:
    page = visitor.page
    visitor.open("/")
    for expected in ("light", "dark"):
        page.get_by_role("button", name="Color scheme:").first.click()
        expect(page.locator("html")).to_have_attribute("data-theme", expected)
    visitor.open("/sign-in/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_policy_blocks_inline_scripts(visitor: BrowserUser) -> None:
    response = visitor.page.goto(f"{visitor.base}/dashboard/")
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy
    visitor.page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=data:, onerror=\"window.run = 1\">')"
    )
    visitor.page.wait_for_timeout(500)
    assert visitor.page.evaluate("window.run") is None
    assert any("Content Security Policy" in error for error in visitor.errors)
    visitor.errors.clear()
