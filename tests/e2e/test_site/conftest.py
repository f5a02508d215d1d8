"""Fixtures: the built web app, and browser users with and without an account."""

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browsers import find_chromium
from tests.e2e.product import ROOT, Product, missing_tools
from tests.e2e.test_site.browser_user import Account, BrowserUser

SITE = ROOT / "frontend_site"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder as slow, and skip them if tools are missing."""
    missing = missing_tools() or (None if find_chromium() else "needs a browser: `python -m tests.browsers`")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(600))
            item.add_marker(pytest.mark.skipif(missing is not None, reason=str(missing)))


@pytest.fixture(scope="session")
def built_site() -> Path:
    """Build the static export if its sources have changed, and return its folder."""
    done = subprocess.run([sys.executable, SITE / "scripts" / "build.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return SITE / "out"


@pytest.fixture(scope="session")
def account(product: Product) -> Callable[[], Account]:
    """Return a factory of confirmed, empty accounts that may upload."""

    def make() -> Account:
        account = Account(f"{uuid.uuid4().hex[:12]}@example.com", f"Pw-{uuid.uuid4().hex}-1")
        client_id = product.outputs["UserPoolClientId"]
        email = [{"Name": "email", "Value": account.email}]
        body = {"ClientId": client_id, "Username": account.email}
        product.cognito("SignUp", body | {"Password": account.password, "UserAttributes": email})
        product.cognito("ConfirmSignUp", body | {"ConfirmationCode": "123456"})
        product.client(product.sign_in(account.email, account.password), "/app").post("/account/upload-terms")
        return account

    return make


@pytest.fixture
def visitor(browser: Browser, product: Product, built_site: Path) -> Iterator[BrowserUser]:
    """Yield a browser user who is not signed in. Fails at teardown if the page logged errors."""
    assert (built_site / "index.html").is_file()
    with BrowserUser.in_browser(browser, product.base) as user:
        yield user
        user.assert_no_errors()


@pytest.fixture
def user(visitor: BrowserUser, account: Callable[[], Account]) -> BrowserUser:
    """Return a signed-in user with a new account."""
    visitor.sign_in(account())
    return visitor


@pytest.fixture(scope="session")
def analyzed(product: Product, account: Callable[[], Account], sample_bytes: bytes) -> tuple[Account, str]:
    """Return an account with an analysis of the sample, and the analysis id."""
    owner = account()
    caller = product.client(product.sign_in(owner.email, owner.password), "/app")
    analysis_id = caller.start(caller.upload(sample_bytes), fileName="face_and_speech.mp4")
    assert caller.wait_for_analysis(analysis_id)["status"] == "completed"
    return owner, analysis_id


@pytest.fixture
def reader(visitor: BrowserUser, analyzed: tuple[Account, str]) -> BrowserUser:
    """Return a signed-in user with the sample's analysis open."""
    owner, analysis_id = analyzed
    visitor.sign_in(owner)
    visitor.open(f"/analysis/?id={analysis_id}")
    visitor.page.get_by_role("heading", name="face_and_speech.mp4").wait_for()
    return visitor
