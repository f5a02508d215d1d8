"""Sign-up, sign-in, password reset, two-step sign-in, export and deletion of an account."""

import base64
import hmac
import time
import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.product import Product
from tests.e2e.test_site.browser_user import Account, BrowserUser, parse_json


def test_a_wrong_password_is_reported(visitor: BrowserUser, account: Callable[[], Account]) -> None:
    page = visitor.page
    visitor.open("/sign-in/")
    visitor.submit_credentials(Account(account().email, "Wrong-password-1"))
    expect(page.get_by_role("alert").get_by_text("Incorrect email or password.")).to_be_visible()
    visitor.ignore_http_errors(400)


def test_the_password_stays_in_the_browser(visitor: BrowserUser, account: Callable[[], Account]) -> None:
    sent: list[str] = []
    visitor.page.on("request", lambda request: sent.append(request.post_data or ""))
    owner = account()
    visitor.sign_in(owner)
    assert any("SRP_A" in body for body in sent)
    assert not any(owner.password in body for body in sent)


def test_an_account_must_be_confirmed_first(visitor: BrowserUser, product: Product) -> None:
    email, password = f"{uuid.uuid4().hex[:12]}@example.com", f"Pw-{uuid.uuid4().hex}-1"
    attributes = [{"Name": "email", "Value": email}]
    body = {"ClientId": product.outputs["UserPoolClientId"], "Username": email, "Password": password}
    product.cognito("SignUp", body | {"UserAttributes": attributes})
    page = visitor.page
    visitor.open("/sign-in/?next=%2Fdevelopers%2F")
    visitor.submit_credentials(Account(email, password))
    page.get_by_label("Code").fill("123456")
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/developers/")  # the page requested before signing in
    visitor.ignore_http_errors(400)


def test_a_forgotten_password_is_replaced(visitor: BrowserUser, account: Callable[[], Account]) -> None:
    owner, page = account(), visitor.page
    visitor.open("/sign-in/")
    page.get_by_role("link", name="Forgot your password?").click()
    page.wait_for_url("**/forgot-password/")
    page.get_by_label("Email").fill(owner.email)
    page.get_by_role("button", name="Send code").click()
    page.get_by_label("Code").fill("000000")
    page.get_by_label("New password").fill("Another-password-1")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("That code is incorrect.")).to_be_visible()
    visitor.ignore_http_errors(400)
    page.get_by_label("Code").fill("654321")  # the emulator's fixed code
    page.get_by_role("button", name="Change password").click()
    page.wait_for_url("**/dashboard/")
    sign_out(visitor)
    visitor.sign_in(Account(owner.email, "Another-password-1"))


def test_two_step_sign_in_asks_for_a_code(visitor: BrowserUser, account: Callable[[], Account]) -> None:
    owner, page = account(), visitor.page
    visitor.sign_in(owner)
    secret = turn_on_two_step_sign_in(visitor)
    sign_out(visitor)

    visitor.open("/sign-in/?next=%2Faccount%2F")
    visitor.submit_credentials(owner)
    visitor.submit_app_code(app_code(secret, seconds_ago=3600))
    expect(page.get_by_text("That code is incorrect or expired.")).to_be_visible()
    visitor.ignore_http_errors(400)
    visitor.submit_app_code(app_code(secret))
    page.wait_for_url("**/account/")  # the page requested before signing in

    page.get_by_role("button", name="Turn off").click()
    page.get_by_role("dialog").get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("button", name="Turn on")).to_be_visible()
    sign_out(visitor)
    visitor.sign_in(owner)


def test_a_password_reset_keeps_two_step_sign_in_until_the_operator_turns_it_off(
    visitor: BrowserUser, account: Callable[[], Account], product: Product
) -> None:
    owner, page = account(), visitor.page
    visitor.sign_in(owner)
    secret = turn_on_two_step_sign_in(visitor)
    sign_out(visitor)
    visitor.open("/forgot-password/")
    page.get_by_label("Email").fill(owner.email)
    page.get_by_role("button", name="Send code").click()
    page.get_by_label("Code").fill("654321")
    page.get_by_label("New password").fill("Another-password-1")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("heading", name="Two-step sign-in")).to_be_visible()
    visitor.submit_app_code(app_code(secret))
    page.wait_for_url("**/dashboard/")
    sign_out(visitor)
    product.aws("cognito-idp").admin_set_user_mfa_preference(  # as in docs/operations.md
        UserPoolId=product.outputs["UserPoolId"],
        Username=owner.email,
        SoftwareTokenMfaSettings={"Enabled": False},
    )
    visitor.sign_in(Account(owner.email, "Another-password-1"))


def turn_on_two_step_sign_in(user: BrowserUser) -> str:
    """Turn on two-step sign-in and return the secret for the authenticator app."""
    page = user.page
    user.open("/account/")
    page.get_by_role("button", name="Turn on").click()
    dialog = page.get_by_role("dialog")
    secret = dialog.get_by_test_id("secret").inner_text()
    expect(dialog.get_by_role("img", name="QR code for the authenticator app")).to_be_visible()
    assert user.violations() == []
    with page.expect_download() as saved:
        dialog.get_by_role("button", name="Save secret as a file").click()
    assert secret in saved.value.path().read_text()
    dialog.get_by_label("Code", exact=True).fill(app_code(secret, seconds_ago=3600))
    dialog.get_by_role("button", name="Turn on").click()
    expect(dialog.get_by_text("That code is incorrect or expired.")).to_be_visible()
    user.ignore_http_errors(400)
    dialog.get_by_label("Code", exact=True).fill(app_code(secret))
    dialog.get_by_role("button", name="Turn on").click()
    expect(page.get_by_role("button", name="Turn off")).to_be_visible()
    return secret


def app_code(secret: str, seconds_ago: int = 0) -> str:
    """Return the code that an authenticator app shows (RFC 6238)."""
    step = (int(time.time()) - seconds_ago) // 30
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFF_FFFF
    return f"{number % 1_000_000:06}"


def sign_out(user: BrowserUser) -> None:
    """Sign out and wait for the landing page."""
    user.page.get_by_role("button", name="Sign out").first.click()
    user.page.wait_for_url(f"{user.base}/")


def test_signing_out_ends_the_session(user: BrowserUser) -> None:
    page = user.page
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.includes('Cognito'))") == []
    sign_out(user)
    assert page.evaluate("Object.keys(sessionStorage).filter((name) => name.includes('Token'))") == []
    user.open("/account/")
    page.wait_for_url("**/sign-in/?next=%2Faccount%2F")


def test_without_a_session_no_request_is_sent(user: BrowserUser) -> None:
    """After the session has ended, an open page reports that instead of sending requests that would be rejected."""
    user.open("/account/")
    expect(user.page.get_by_role("button", name="Export all data")).to_be_visible()
    user.page.evaluate("sessionStorage.clear()")
    user.page.get_by_role("button", name="Export all data").click()
    expect(user.page.get_by_text("Your session has ended. Sign in again.")).to_be_visible()


def test_account_data_can_be_exported(user: BrowserUser) -> None:
    page = user.page
    user.open("/account/")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export all data").click()
    data = parse_json(download.value.path().read_bytes())
    assert data["analyses"] == [] and data["usage"]["used"] == 0


def test_a_deleted_account_is_gone(user: BrowserUser) -> None:
    page = user.page
    user.open("/account/")
    email = page.get_by_role("definition").first.inner_text()
    page.get_by_role("button", name="Delete account").click()
    final = page.get_by_role("button", name="Delete permanently")
    expect(final).to_be_disabled()
    page.get_by_label("Type your email to confirm").fill(email)
    final.click()
    page.wait_for_url(f"{user.base}/")
    user.open("/dashboard/")
    page.wait_for_url("**/sign-in/**")


@pytest.mark.parametrize("path", ["/nowhere/", "/dashboard/nothing/"])
def test_an_unknown_page_is_reported(visitor: BrowserUser, path: str) -> None:
    visitor.open(path)
    expect(visitor.page.get_by_role("heading", name="Page not found")).to_be_visible()
    visitor.ignore_http_errors(404)
