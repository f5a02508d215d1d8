"""Trust: privacy and terms pages, duties of uploaders, retention, and deletion of an account."""

import uuid
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import expect

from common import retention
from tests.e2e.product import ROOT, Product
from tests.e2e.test_site.browser_user import Account, BrowserUser, video

SCREENSHOTS = ROOT / "build" / "screenshots"


def test_the_privacy_page_shows_the_retention_periods(visitor: BrowserUser) -> None:
    visitor.open("/")
    visitor.page.get_by_role("link", name="Privacy").click()
    expect(visitor.page.get_by_role("heading", name="Privacy", level=1)).to_be_visible()
    text = visitor.page.get_by_role("main").inner_text()
    for days in (*retention.ANALYSES.values(), retention.AUDIT_LOG, retention.BACKUPS, retention.TOMBSTONES):
        assert f"{days} days" in text or f" {days} on " in text, days


def test_sign_up_states_the_duties_of_uploaders(visitor: BrowserUser) -> None:
    visitor.open("/sign-up/")
    duties = visitor.page.get_by_role("region", name="Your duties")
    for article in ("Article 50(3)", "Article 5(1)(f)"):
        expect(duties.get_by_text(article)).to_be_visible()
    expect(duties.get_by_role("link", name="terms")).to_have_attribute("href", "/terms/")


def test_a_password_can_be_shown(visitor: BrowserUser) -> None:
    page = visitor.page
    visitor.open("/sign-in/")
    password = page.get_by_label("Password")
    password.fill("Correct-horse-1")
    expect(password).to_have_attribute("type", "password")
    page.get_by_role("button", name="Show password").click()
    expect(password).to_have_attribute("type", "text")
    assert visitor.violations() == []
    page.get_by_role("button", name="Hide password").click()
    expect(password).to_have_attribute("type", "password")


def test_a_password_reset_keeps_the_address_and_returns(visitor: BrowserUser, account: Callable[[], Account]) -> None:
    owner, page = account(), visitor.page
    visitor.open("/sign-in/?next=%2Fdevelopers%2F")
    page.get_by_label("Email").fill(owner.email)
    page.get_by_role("link", name="Forgot your password?").click()
    expect(page.get_by_label("Email")).to_have_value(owner.email)
    page.get_by_role("button", name="Send code").click()
    page.get_by_label("Code").fill("654321")
    page.get_by_label("New password").fill("Another-password-1")
    page.get_by_role("button", name="Change password").click()
    page.wait_for_url("**/developers/")


def test_uploads_need_a_confirmation_once_per_account(visitor: BrowserUser, product: Product, clip: bytes) -> None:
    page, owner = visitor.page, unconfirmed_account(product)
    visitor.sign_in(owner)
    visitor.upload(video("first.mp4", clip))
    dialog = page.get_by_role("dialog", name="Before your first upload")
    expect(dialog.get_by_text("Article 5(1)(f)")).to_be_visible()
    assert visitor.violations() == []
    page.screenshot(path=SCREENSHOTS / "upload-terms.png")
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("No analyses yet")).to_be_visible()
    visitor.upload(video("second.mp4", clip))
    dialog.get_by_role("button", name="Confirm and upload").click()
    expect(dialog).to_be_visible()  # the box is required
    visitor.confirm_upload_terms()
    expect(page.get_by_role("link", name="second.mp4")).to_be_visible()
    page.reload()
    visitor.upload(video("third.mp4", clip))
    expect(page.get_by_role("link", name="third.mp4")).to_be_visible()
    expect(page.get_by_role("link", name="first.mp4")).to_have_count(0)


def unconfirmed_account(product: Product) -> Account:
    """Return a new account that has not confirmed the terms of uploads."""
    account = Account(f"{uuid.uuid4().hex[:12]}@example.com", f"Pw-{uuid.uuid4().hex}-1")
    body = {"ClientId": product.outputs["UserPoolClientId"], "Username": account.email}
    email = [{"Name": "email", "Value": account.email}]
    product.cognito("SignUp", body | {"Password": account.password, "UserAttributes": email})
    product.cognito("ConfirmSignUp", body | {"ConfirmationCode": "123456"})
    return account


def test_an_analysis_shows_when_it_will_be_deleted(reader: BrowserUser) -> None:
    expect(reader.page.get_by_text("Video and results will be deleted on")).to_be_visible()
    reader.open("/dashboard/")
    expect(reader.page.get_by_role("list", name="Analyses").get_by_text("deleted on")).to_be_visible()


def test_after_the_deletion_of_an_account_sign_in_is_refused(
    visitor: BrowserUser, account: Callable[[], Account], product: Product
) -> None:
    owner, page = account(), visitor.page
    visitor.sign_in(owner)
    visitor.open("/account/")
    page.get_by_role("button", name="Delete account").click()
    page.get_by_label("Type your email to confirm").fill(owner.email)
    page.get_by_role("button", name="Delete permanently").click()
    page.wait_for_url(f"{visitor.base}/")
    with pytest.raises((httpx.HTTPError, AssertionError)):
        product.sign_in(owner.email, owner.password)
    visitor.open("/sign-in/")
    visitor.submit_credentials(owner)
    expect(page.get_by_text("Incorrect email or password.")).to_be_visible()
    visitor.ignore_http_errors(400)


def test_the_drop_folder_is_mentioned(user: BrowserUser) -> None:
    user.open("/developers/")
    expect(user.page.get_by_role("region", name="Drop folder")).to_be_visible()
