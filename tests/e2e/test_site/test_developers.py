"""What developers come for: keys, webhooks, code that works as it is shown."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.clients import typescript
from tests.e2e.product import ROOT, Product, until
from tests.e2e.test_product import Receiver
from tests.e2e.test_site.person import Person
from tests.e2e.test_site.test_story import create_key

PYTHON_CLIENT = ROOT / "clients" / "python" / "src"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def test_a_replaced_key_is_refused_and_the_new_one_taken(user: Person, product: Product) -> None:
    page = user.page
    old = create_key(page)
    page.get_by_role("button", name="Replace laptop").click()
    page.get_by_role("button", name="Replace", exact=True).click()
    new = page.get_by_test_id("token").inner_text()
    page.get_by_role("button", name="I have copied it").click()
    assert new != old
    assert product.client(new).get("/usage")["used"] == 0
    assert product.client(old).ask("GET", "/usage").status_code in (401, 403)


def test_a_key_that_may_only_read_and_expires(user: Person, product: Product) -> None:
    page = user.page
    user.open("/developers/")
    page.get_by_role("button", name="Create a key").click()
    page.get_by_label("Name").fill("dashboard")
    page.get_by_role("radio", name="Read only").check(force=True)
    page.get_by_role("radio", name="30 days").check(force=True)
    page.get_by_role("button", name="Create", exact=True).click()
    program = product.client(page.get_by_test_id("token").inner_text())
    page.get_by_role("button", name="I have copied it").click()
    row = page.get_by_role("listitem").filter(has_text="dashboard")
    expect(row).to_contain_text("Read only · expires")
    assert program.get("/usage")["used"] == 0
    assert program.ask("POST", "/upload-url", json={"fileType": ".mp4"}).status_code == 403


@pytest.mark.parametrize("language, name", [("Python", "talk.py"), ("JavaScript", "talk.mjs")])
def test_the_samples_of_code_run(user: Person, clip: bytes, tmp_path: Path, language: str, name: str) -> None:
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


def test_a_webhook_is_set_tried_and_removed(user: Person, receiver: Receiver) -> None:
    page = user.page
    user.open("/developers/")
    page.get_by_label("Address").fill(receiver.url)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved the webhook.")).to_be_visible()
    page.get_by_role("button", name="Send a test event").click()
    expect(page.get_by_text("is on its way.")).to_be_visible()
    until(lambda: bool(receiver.events))
    assert b"webhook.test" in receiver.events[0][1]
    page.get_by_role("button", name="Show").click()
    secret = page.locator("code").filter(has_text="whsec_").inner_text()
    page.get_by_role("button", name="New secret").click()
    expect(page.get_by_text("The secret is new.")).to_be_visible()
    expect(page.locator("code").filter(has_text=secret)).to_have_count(0)
    expect(page.get_by_text("The secret before is valid until")).to_be_visible()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_role("button", name="Send a test event")).to_have_count(0)


def test_an_address_inside_is_refused_in_words(user: Person) -> None:
    user.open("/developers/")
    user.page.get_by_label("Address").fill("https://169.254.169.254/latest")
    user.page.get_by_role("button", name="Save").click()
    expect(user.page.get_by_role("main").get_by_role("alert")).to_be_visible()
    user.expect_refusal(400)
