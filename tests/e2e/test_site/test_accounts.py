"""Coming in, staying in, leaving: what works, and what is said where it does not."""

import base64
import hmac
import time
import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.product import Product
from tests.e2e.test_site.person import Account, Person, in_json


def test_a_wrong_password_is_told(visitor: Person, account: Callable[[], Account]) -> None:
    page = visitor.page
    visitor.open("/sign-in/")
    visitor.give_password(Account(account().email, "Wrong-password-1"))
    expect(page.get_by_role("alert").get_by_text("The address or the password is not right.")).to_be_visible()
    visitor.expect_refusal(400)


def test_the_password_stays_in_the_browser(visitor: Person, account: Callable[[], Account]) -> None:
    sent: list[str] = []
    visitor.page.on("request", lambda request: sent.append(request.post_data or ""))
    somebody = account()
    visitor.sign_in(somebody)
    assert any("SRP_A" in body for body in sent)
    assert not any(somebody.password in body for body in sent)


def test_an_account_must_be_confirmed_first(visitor: Person, product: Product) -> None:
    email, password = f"{uuid.uuid4().hex[:12]}@example.com", f"Pw-{uuid.uuid4().hex}-1"
    attributes = [{"Name": "email", "Value": email}]
    body = {"ClientId": product.outputs["UserPoolClientId"], "Username": email, "Password": password}
    product.cognito("SignUp", body | {"UserAttributes": attributes})
    page = visitor.page
    visitor.open("/sign-in/?next=%2Fdevelopers%2F")
    visitor.give_password(Account(email, password))
    page.get_by_label("Code").fill("123456")
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/developers/")  # where the person wanted to go
    visitor.expect_refusal(400)


def test_a_forgotten_password_is_replaced(visitor: Person, account: Callable[[], Account]) -> None:
    somebody, page = account(), visitor.page
    visitor.open("/sign-in/")
    page.get_by_role("link", name="Forgot your password?").click()
    page.wait_for_url("**/forgot-password/")
    page.get_by_label("Email").fill(somebody.email)
    page.get_by_role("button", name="Send the code").click()
    page.get_by_label("Code").fill("000000")
    page.get_by_label("New password").fill("Another-password-1")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("This is not the code that was sent.")).to_be_visible()
    visitor.expect_refusal(400)
    page.get_by_label("Code").fill("654321")  # what the emulator gives out
    page.get_by_role("button", name="Change password").click()
    page.wait_for_url("**/dashboard/")
    sign_out(visitor)
    visitor.sign_in(Account(somebody.email, "Another-password-1"))


def test_a_second_step_is_asked_for_once_it_is_switched_on(visitor: Person, account: Callable[[], Account]) -> None:
    somebody, page = account(), visitor.page
    visitor.sign_in(somebody)
    secret = switch_on_the_second_step(visitor)
    sign_out(visitor)

    visitor.open("/sign-in/?next=%2Faccount%2F")
    visitor.give_password(somebody)
    visitor.give_app_code(app_code(secret, seconds_ago=3600))
    expect(page.get_by_text("This is not the code that the app shows now.")).to_be_visible()
    visitor.expect_refusal(400)
    visitor.give_app_code(app_code(secret))
    page.wait_for_url("**/account/")  # where the person wanted to go

    page.get_by_role("button", name="Switch it off").click()
    page.get_by_role("dialog").get_by_role("button", name="Switch it off").click()
    expect(page.get_by_role("button", name="Switch it on")).to_be_visible()
    sign_out(visitor)
    visitor.sign_in(somebody)


def test_a_new_password_does_not_pass_the_second_step_but_the_operator_may(
    visitor: Person, account: Callable[[], Account], product: Product
) -> None:
    somebody, page = account(), visitor.page
    visitor.sign_in(somebody)
    secret = switch_on_the_second_step(visitor)
    sign_out(visitor)
    visitor.open("/forgot-password/")
    page.get_by_label("Email").fill(somebody.email)
    page.get_by_role("button", name="Send the code").click()
    page.get_by_label("Code").fill("654321")
    page.get_by_label("New password").fill("Another-password-1")
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    visitor.give_app_code(app_code(secret))
    page.wait_for_url("**/dashboard/")
    sign_out(visitor)
    product.aws("cognito-idp").admin_set_user_mfa_preference(  # as docs/operations.md says
        UserPoolId=product.outputs["UserPoolId"],
        Username=somebody.email,
        SoftwareTokenMfaSettings={"Enabled": False},
    )
    visitor.sign_in(Account(somebody.email, "Another-password-1"))


def switch_on_the_second_step(person: Person) -> str:
    """The secret that an authenticator app then has."""
    page = person.page
    person.open("/account/")
    page.get_by_role("button", name="Switch it on").click()
    dialog = page.get_by_role("dialog")
    secret = dialog.get_by_test_id("secret").inner_text()
    expect(dialog.get_by_role("img", name="QR code of the secret")).to_be_visible()
    assert person.violations() == []
    dialog.get_by_label("Code", exact=True).fill(app_code(secret, seconds_ago=3600))
    dialog.get_by_role("button", name="Switch it on").click()
    expect(dialog.get_by_text("This is not the code that the app shows now.")).to_be_visible()
    person.expect_refusal(400)
    dialog.get_by_label("Code", exact=True).fill(app_code(secret))
    dialog.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_role("button", name="Switch it off")).to_be_visible()
    return secret


def app_code(secret: str, seconds_ago: int = 0) -> str:
    """What an authenticator app shows (RFC 6238)."""
    step = (int(time.time()) - seconds_ago) // 30
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), "sha1")
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFF_FFFF
    return f"{number % 1_000_000:06}"


def sign_out(person: Person) -> None:
    person.page.get_by_role("button", name="Sign out").first.click()
    person.page.wait_for_url(f"{person.base}/")


def test_signing_out_ends_the_session(user: Person) -> None:
    page = user.page
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.includes('Cognito'))") == []
    sign_out(user)
    assert page.evaluate("Object.keys(sessionStorage).filter((name) => name.includes('Token'))") == []
    user.open("/account/")
    page.wait_for_url("**/sign-in/?next=%2Faccount%2F")


def test_an_ended_session_asks_the_server_for_nothing(user: Person) -> None:
    """A page goes on asking for news; without a session it says so rather than being refused."""
    user.open("/account/")
    expect(user.page.get_by_role("button", name="Export everything")).to_be_visible()
    user.page.evaluate("sessionStorage.clear()")
    user.page.get_by_role("button", name="Export everything").click()
    expect(user.page.get_by_text("Your session has ended. Sign in again.")).to_be_visible()


def test_an_account_takes_its_data_along(user: Person) -> None:
    page = user.page
    user.open("/account/")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export everything").click()
    everything = in_json(download.value.path().read_bytes())
    assert everything["analyses"] == [] and everything["usage"]["used"] == 0


def test_a_deleted_account_is_gone(user: Person) -> None:
    page = user.page
    user.open("/account/")
    email = page.get_by_role("definition").first.inner_text()
    page.get_by_role("button", name="Delete my account").click()
    final = page.get_by_role("button", name="Delete everything")
    expect(final).to_be_disabled()
    page.get_by_label("Type your email to confirm").fill(email)
    final.click()
    page.wait_for_url(f"{user.base}/")
    user.open("/dashboard/")
    page.wait_for_url("**/sign-in/**")


@pytest.mark.parametrize("path", ["/nowhere/", "/dashboard/nothing/"])
def test_a_page_that_does_not_exist_says_so(visitor: Person, path: str) -> None:
    visitor.open(path)
    expect(visitor.page.get_by_role("heading", name="There is no such page")).to_be_visible()
    visitor.expect_refusal(404)
