"""Every page in light and dark, wide and on a phone: axe finds nothing, nothing sticks out; a picture of each."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.product import ROOT, Product
from tests.e2e.test_site.person import Account, Person, Scheme

PICTURES = ROOT / "build" / "screenshots"
PAGES = {
    "landing": ("/", "See how a video feels"),
    "sign-in": ("/sign-in/", "Sign in"),
    "sign-up": ("/sign-up/", "Create an account"),
    "forgot-password": ("/forgot-password/", "Forgot your password?"),
    "dashboard": ("/dashboard/", "Your videos"),
    "analysis": ("/analysis/?id={id}", "face_and_speech.mp4"),
    "developers": ("/developers/", "Developers"),
    "account": ("/account/", "Account"),
    "missing": ("/nowhere/", "There is no such page"),
}


@pytest.fixture(scope="module", params=[("light", 1280), ("dark", 1280), ("light", 360), ("dark", 360)], ids=str)
def person(
    request: pytest.FixtureRequest, browser: Browser, product: Product, built_site: Path, analyzed: tuple[Account, str]
) -> Iterator[tuple[Person, Scheme, int]]:
    """Who has the sample's analysis, in a scheme and width."""
    assert (built_site / "index.html").is_file()
    scheme, width = request.param
    with Person.in_browser(browser, product.base, scheme=scheme, width=width) as person:
        person.sign_in(analyzed[0])
        yield person, scheme, width


@pytest.mark.parametrize("name", [name for name in PAGES if not name.startswith("sign-in")])
def test_pages(person: tuple[Person, Scheme, int], analyzed: tuple[Account, str], name: str) -> None:
    visitor, scheme, width = person
    look(visitor, name, analyzed[1], scheme, width)


def test_sign_in(browser: Browser, product: Product, built_site: Path) -> None:
    """Who is signed in already is led on from there, so somebody who is not."""
    assert (built_site / "index.html").is_file()
    for scheme, width in (("light", 1280), ("dark", 1280), ("light", 360)):
        with Person.in_browser(browser, product.base, scheme=scheme, width=width) as visitor:  # type: ignore[arg-type]
            look(visitor, "sign-in", "", scheme, width)


def look(visitor: Person, name: str, analysis_id: str, scheme: str, width: int) -> None:
    path, heading = PAGES[name]
    page = visitor.page
    visitor.open(path.format(id=analysis_id))
    expect(page.get_by_role("heading", name=heading).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("status").filter(has_text="Loading")).to_have_count(0)
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}-{scheme}-{width}.png", full_page=True)
    assert visitor.violations() == []
    assert not visitor.scrolls_sideways()


def test_the_chosen_colors_are_kept(visitor: Person) -> None:
    page = visitor.page
    visitor.open("/")
    for expected in ("light", "dark"):
        page.get_by_role("button", name="Colors:").first.click()
        expect(page.locator("html")).to_have_attribute("data-theme", expected)
    visitor.open("/sign-in/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_no_page_may_run_or_style_anything_inline(visitor: Person) -> None:
    answer = visitor.page.goto(f"{visitor.base}/dashboard/")
    assert answer is not None
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    visitor.page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=data:, onerror=\"window.run = 1\">')"
    )
    visitor.page.wait_for_timeout(500)
    assert visitor.page.evaluate("window.run") is None
    assert any("Content Security Policy" in said for said in visitor.complaints)
    visitor.complaints.clear()
