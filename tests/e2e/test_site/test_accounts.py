"""Coming in, staying in, leaving: what works, and what is said where it does not."""

import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.product import Product
from tests.e2e.test_site.person import Account, Person, in_json


def test_a_wrong_password_is_told(visitor: Person, account: Callable[[], Account]) -> None:
    page = visitor.page
    visitor.open("/sign-in/")
    page.get_by_label("Email").fill(account().email)
    page.get_by_label("Password").fill("Wrong-password-1")
    page.get_by_role("button", name="Sign in").click()
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
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
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
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url(f"{visitor.base}/")
    visitor.sign_in(Account(somebody.email, "Another-password-1"))


def test_signing_out_ends_the_session(user: Person) -> None:
    page = user.page
    assert page.evaluate("Object.keys(localStorage).filter((name) => name.includes('Cognito'))") == []
    page.get_by_role("button", name="Sign out").first.click()
    page.wait_for_url(f"{user.base}/")
    assert page.evaluate("Object.keys(sessionStorage).filter((name) => name.includes('Token'))") == []
    user.open("/account/")
    page.wait_for_url("**/sign-in/?next=%2Faccount%2F")


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
