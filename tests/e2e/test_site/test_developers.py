"""Developers page: API keys, webhook, code samples."""

import csv
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.clients import typescript
from tests.e2e.product import ROOT, Product, wait_until
from tests.e2e.test_product import Receiver
from tests.e2e.test_site.browser_user import Account, BrowserUser
from tests.e2e.test_site.test_look import SCREENSHOTS
from tests.e2e.test_site.test_story import create_key

PYTHON_CLIENT = ROOT / "clients" / "python" / "src"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Yield a webhook receiver on this machine."""
    receiver = Receiver()
    yield receiver
    receiver.close()


def test_replacing_a_key_invalidates_the_old_one(user: BrowserUser, product: Product) -> None:
    page = user.page
    old = create_key(page)
    page.get_by_role("button", name="Replace laptop").click()
    page.get_by_role("button", name="Replace", exact=True).click()
    new = page.get_by_test_id("token").inner_text()
    page.get_by_role("button", name="Done").click()
    assert new != old
    assert product.client(new).get("/usage")["used"] == 0
    assert product.client(old).request("GET", "/usage").status_code in (401, 403)


def test_a_read_only_key_with_an_expiry(user: BrowserUser, product: Product) -> None:
    page = user.page
    user.open("/developers/")
    page.get_by_role("button", name="Create key").click()
    page.get_by_label("Name").fill("dashboard")
    page.get_by_role("radio", name="Read only").check(force=True)
    page.get_by_role("radio", name="30 days").check(force=True)
    page.get_by_role("button", name="Create", exact=True).click()
    program = product.client(page.get_by_test_id("token").inner_text())
    page.get_by_role("button", name="Done").click()
    row = page.get_by_role("listitem").filter(has_text="dashboard")
    expect(row).to_contain_text("Read only · expires")
    assert program.get("/usage")["used"] == 0
    assert program.request("POST", "/upload-url", json={"fileType": ".mp4"}).status_code == 403


@pytest.mark.parametrize("language, name", [("Python", "talk.py"), ("JavaScript", "talk.mjs")])
def test_the_code_samples_run(user: BrowserUser, clip: bytes, tmp_path: Path, language: str, name: str) -> None:
    page = user.page
    create_key(page)
    page.get_by_role("radio", name=language).check(force=True)
    (tmp_path / name).write_text(page.get_by_role("region", name=f"{language} sample").inner_text())
    (tmp_path / "talk.mp4").write_bytes(clip)
    typescript.build("tsconfig.json")
    typescript.install(tmp_path)
    program = sys.executable if name.endswith(".py") else "node"
    found = os.environ | {"PYTHONPATH": str(PYTHON_CLIENT)}
    done = subprocess.run(
        [program, name], cwd=tmp_path, env=found, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert " s  " in done.stdout and "%" in done.stdout
    user.open("/developers/")
    expect(page.get_by_role("img", name=": 1")).to_be_visible()  # the day's bar
    expect(page.get_by_role("listitem").filter(has_text="laptop")).to_contain_text("last used")


def test_a_webhook_is_saved_tested_and_removed(user: BrowserUser, receiver: Receiver) -> None:
    page = user.page
    user.open("/developers/")
    page.get_by_label("Endpoint URL").fill(receiver.url)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Webhook saved.")).to_be_visible()
    page.get_by_role("button", name="Send test event").click()
    expect(page.get_by_text("Sending test event")).to_be_visible()
    wait_until(lambda: bool(receiver.events))
    expect(page.get_by_text("Test event: Delivered · HTTP 2")).to_be_visible(timeout=60_000)
    assert b"webhook.test" in receiver.events[0][1]
    page.get_by_role("button", name="Show").click()
    secret = page.locator("code").filter(has_text="whsec_").inner_text()
    page.get_by_role("button", name="Replace secret").click()
    expect(page.get_by_text("Signing secret replaced.")).to_be_visible()
    expect(page.locator("code").filter(has_text=secret)).to_have_count(0)
    expect(page.get_by_text("The previous secret is valid until")).to_be_visible()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_role("button", name="Send test event")).to_have_count(0)


def test_a_failed_delivery_is_shown_and_redelivered(user: BrowserUser) -> None:
    page = user.page
    with closing(Receiver()) as receiver:
        url = receiver.url
    user.open("/developers/")
    page.get_by_label("Endpoint URL").fill(url)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Send test event").click()
    expect(page.get_by_text("Test event: Failed, next attempt")).to_be_visible(timeout=60_000)
    log = page.get_by_role("list", name="Webhook deliveries")
    expect(log).to_contain_text("connection refused or lost")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / "deliveries-light-1280.png", full_page=True)
    assert user.violations() == []
    with closing(Receiver()) as receiver:
        page.get_by_label("Endpoint URL").fill(receiver.url)
        page.get_by_role("button", name="Save").click()
        log.get_by_role("button", name="Redeliver Test event, attempt 1").first.click()
        expect(log.get_by_text("Redelivery: Delivered · HTTP 2")).to_be_visible(timeout=60_000)
        assert b"webhook.test" in receiver.events[0][1]
    page.set_viewport_size({"width": 360, "height": 800})
    page.emulate_media(color_scheme="dark")
    expect(log.get_by_text("Redelivered", exact=True)).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "deliveries-dark-360.png", full_page=True)
    assert user.violations() == []
    assert not user.overflows_horizontally()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("No deliveries yet.")).to_be_visible()


def test_the_months_analyses_are_listed_and_saved_as_csv(reader: BrowserUser, analyzed: tuple[Account, str]) -> None:
    page = reader.page
    reader.open("/developers/")
    page.get_by_role("link", name="Analyses of the month").click()
    row = page.get_by_role("row").filter(has_text="face_and_speech.mp4")
    expect(row).to_contain_text("Completed")
    expect(row).to_contain_text("Charged")
    expect(page.get_by_text("1 charged analysis")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download CSV").click()
    (found,) = csv.DictReader(io.StringIO(saved.value.path().read_text("utf-8")))
    assert (found["id"], found["name"], found["status"]) == (analyzed[1], "face_and_speech.mp4", "completed")
    assert float(found["seconds_analyzed"]) > 1
    assert found["charged_on"] == found["started_at"][:10]
    before = page.get_by_label("Month", exact=True).locator("option").nth(1).get_attribute("value")
    page.get_by_label("Month", exact=True).select_option(before)
    expect(page.get_by_text("No analyses in this month.")).to_be_visible()


def test_the_api_reference_leads_back_and_follows_the_color_scheme(user: BrowserUser) -> None:
    page = user.page
    page.get_by_role("link", name="API reference").click()
    expect(page.get_by_role("heading", name="Video sentiment API")).to_be_visible()
    page.evaluate("localStorage.setItem('theme', 'dark')")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Developers").click()
    expect(page.get_by_role("heading", name="API keys")).to_be_visible()


def test_a_private_webhook_address_is_rejected_with_a_message(user: BrowserUser) -> None:
    user.open("/developers/")
    user.page.get_by_label("Endpoint URL").fill("https://169.254.169.254/latest")
    user.page.get_by_role("button", name="Save").click()
    expect(user.page.get_by_role("main").get_by_role("alert")).to_be_visible()
    user.ignore_http_errors(400)
