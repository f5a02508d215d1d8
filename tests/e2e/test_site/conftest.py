"""Fixtures of the web app's tests: the built app, a browser, and users."""

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browsers import find_chromium
from tests.e2e.product import ROOT, Product, missing_tools
from tests.e2e.test_site.person import Account, Person

SITE = ROOT / "frontend_site"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests of this folder as slow, and skip them without the required tools."""
    lacking = missing_tools() or (None if find_chromium() else "needs a browser: `python -m tests.browsers`")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(600))
            item.add_marker(pytest.mark.skipif(lacking is not None, reason=str(lacking)))


@pytest.fixture(scope="session")
def built_site() -> Path:
    """The static export, rebuilt if the sources have changed."""
    done = subprocess.run([sys.executable, SITE / "scripts" / "build.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return SITE / "out"


@pytest.fixture(scope="session")
def account(product: Product) -> Callable[[], Account]:
    """Factory of confirmed accounts without data."""

    def make() -> Account:
        created = Account(f"{uuid.uuid4().hex[:12]}@example.com", f"Pw-{uuid.uuid4().hex}-1")
        client_id = product.outputs["UserPoolClientId"]
        email = [{"Name": "email", "Value": created.email}]
        body = {"ClientId": client_id, "Username": created.email}
        product.cognito("SignUp", body | {"Password": created.password, "UserAttributes": email})
        product.cognito("ConfirmSignUp", body | {"ConfirmationCode": "123456"})
        return created

    return make


@pytest.fixture
def visitor(browser: Browser, product: Product, built_site: Path) -> Iterator[Person]:
    """A visitor who is not signed in. Fails at teardown if the page reported errors."""
    assert (built_site / "index.html").is_file()
    with Person.in_browser(browser, product.base) as person:
        yield person
        person.assert_no_complaints()


@pytest.fixture
def user(visitor: Person, account: Callable[[], Account]) -> Person:
    """A new user who has just signed in."""
    visitor.sign_in(account())
    return visitor


@pytest.fixture(scope="session")
def analyzed(product: Product, account: Callable[[], Account], sample_bytes: bytes) -> tuple[Account, str]:
    """An account with the sample's analysis, and the analysis id."""
    owner = account()
    caller = product.client(product.sign_in(owner.email, owner.password), "/app")
    analysis_id = caller.start(caller.upload(sample_bytes), fileName="face_and_speech.mp4")
    assert caller.finished(analysis_id)["status"] == "completed"
    return owner, analysis_id


@pytest.fixture
def reader(visitor: Person, analyzed: tuple[Account, str]) -> Person:
    """A signed-in user on the page of the sample's analysis."""
    owner, analysis_id = analyzed
    visitor.sign_in(owner)
    visitor.open(f"/analysis/?id={analysis_id}")
    visitor.page.get_by_role("heading", name="face_and_speech.mp4").wait_for()
    return visitor
