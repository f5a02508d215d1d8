"""The main user journey, from signing up to deleting an analysis."""

import json
import subprocess
import uuid
from pathlib import Path

from playwright.sync_api import Page, expect

from model.contract import Analysis
from tests.agreement import assert_same_answer
from tests.e2e.product import Product
from tests.e2e.test_site.browser_user import LOADED, BrowserUser, save_export, video


def test_the_main_user_journey(
    visitor: BrowserUser, product: Product, sample: Path, analysis: Analysis, tmp_path: Path
) -> None:
    page = visitor.page
    sign_up(visitor)
    expect(page.get_by_text("No analyses yet")).to_be_visible()

    visitor.upload(video("my talk.mp4", sample.read_bytes()))
    visitor.confirm_upload_terms()
    row = page.get_by_role("list", name="Analyses").get_by_role("listitem").filter(has_text="my talk.mp4")
    expect(row.get_by_role("progressbar")).to_be_visible()  # without a reload
    expect(row.get_by_text("overall")).to_be_visible(timeout=240_000)
    expect(page.get_by_text("1 of 10,000 analyses used this month")).to_be_visible()

    row.get_by_role("link").click()
    seek_by_the_timeline(page, analysis)
    name, exported = save_export(page, "JSON")
    assert name == "my talk.json"
    assert_same_answer(Analysis.model_validate_json(exported), analysis)

    token = create_key(page)
    response = run_the_shown_curl(page, sample, tmp_path)
    if "analysis" not in response:  # on a slow machine, the API's 25 s may not suffice
        response = product.client(token).wait_for_analysis(str(response["id"]))
    assert_same_answer(Analysis.model_validate(response["analysis"]), analysis)
    revoke_key(page)
    assert product.client(token).request("GET", "/usage").status_code in (401, 403)

    visitor.open("/dashboard/")
    page.get_by_role("button", name="Delete my talk.mp4").click()
    expect(page.get_by_text("Deleted my talk.mp4.")).to_be_visible()
    expect(row).to_have_count(0)
    page.reload()
    expect(page.get_by_role("list", name="Analyses").get_by_role("listitem")).to_have_count(1)
    expect(row).to_have_count(0)


def sign_up(visitor: BrowserUser) -> None:
    """Create and confirm an account from the landing page."""
    page = visitor.page
    visitor.open("/")
    page.get_by_role("link", name="Analyze a video").click()
    page.get_by_label("Email").fill(f"{uuid.uuid4().hex[:12]}@example.com")
    page.get_by_label("Password").fill(f"Pw-{uuid.uuid4().hex}-1")
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("Use the code 123456")).to_be_visible()
    page.get_by_label("Code").fill("123456")
    page.get_by_role("button", name="Confirm").click()
    page.wait_for_url("**/dashboard/")


def seek_by_the_timeline(page: Page, analysis: Analysis) -> None:
    """Click the middle of the second utterance in the timeline and check the player's position."""
    utterance = analysis.utterances[1]
    middle = (utterance.start_time + utterance.end_time) / 2
    expect(page.locator("video")).to_have_js_property("readyState", 4, timeout=LOADED)
    box = page.get_by_test_id("timeline").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * middle / analysis.video.duration_s, box["y"] + 20)
    assert abs(page.evaluate("document.querySelector('video').currentTime") - middle) < 0.1
    expect(page.locator("[aria-current=true]").filter(has_text=utterance.text)).to_be_visible()


def create_key(page: Page) -> str:
    """Create an API key on the developers page and return it."""
    page.get_by_role("link", name="Developers").click()
    page.get_by_role("button", name="Create key").click()
    page.get_by_label("Name").fill("laptop")
    page.get_by_role("button", name="Create", exact=True).click()
    token = page.get_by_test_id("token").inner_text()
    assert token.startswith("vs_")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("listitem").filter(has_text="laptop")).to_contain_text("never used")
    assert token not in page.get_by_role("list", name="API keys").inner_text()
    return token


def run_the_shown_curl(page: Page, sample: Path, folder: Path) -> dict[str, object]:
    """Run the cURL sample unchanged in a folder that contains the video, and return the response."""
    code = page.get_by_role("region", name="cURL sample").inner_text()
    (folder / "talk.mp4").write_bytes(sample.read_bytes())
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "NO_PROXY": "*"},
    )
    assert done.returncode == 0, done.stderr + done.stdout
    response: dict[str, object] = json.loads(done.stdout)
    return response


def revoke_key(page: Page) -> None:
    """Revoke the only API key."""
    page.get_by_role("button", name="Revoke laptop").click()
    page.get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_text("No keys yet")).to_be_visible()
