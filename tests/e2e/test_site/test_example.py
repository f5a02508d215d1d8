"""Example in every new account, and demonstration on the landing page."""

import json

import pytest
from playwright.sync_api import Page, expect

from model.reports.people import read_judgments
from scripts import landing
from tests.e2e.test_site.browser_user import BrowserUser, save_export

EXAMPLE = landing.read(landing.VIDEO)
PEOPLE = read_judgments(landing.PEOPLE)


@pytest.fixture
def opened(user: BrowserUser) -> Page:
    """Open the example from the list of a new account and return its page."""
    row = user.page.get_by_role("list", name="Example").get_by_role("listitem")
    expect(row.get_by_text("Example", exact=True)).to_be_visible()
    expect(user.page.get_by_text("0 of 10,000 analyses used this month")).to_be_visible()
    row.get_by_role("link", name=landing.VIDEO.name).click()
    user.page.get_by_role("heading", name=landing.VIDEO.name).wait_for()
    return user.page


def test_it_plays_with_human_ratings_for_each_utterance(opened: Page, user: BrowserUser) -> None:
    expect(opened.locator("video")).to_have_js_property("readyState", 4)
    agreement = PEOPLE.agreement(EXAMPLE.utterances)
    expect(opened.get_by_text(f"{agreement.same} of {agreement.of}")).to_be_visible()
    for index, utterance in enumerate(EXAMPLE.utterances):
        row = opened.get_by_role("list", name="Utterances").get_by_role("button").nth(index)
        row.click()
        votes = PEOPLE.of(utterance)
        expect(row).to_contain_text(f"{votes['together'].leading} {votes['together'].most} of")
        ratings = opened.get_by_role("list", name="Human ratings").get_by_role("listitem")
        expect(ratings).to_have_count(len(votes))
        expect(ratings.first).to_contain_text(votes["together"].others)  # as text for screen readers
    assert position(opened) == pytest.approx(EXAMPLE.utterances[-1].start_time, abs=0.05)
    assert user.violations() == []


@pytest.mark.parametrize("choice, suffix", [("CSV", ".csv"), ("SRT", ".srt"), ("WebVTT", ".vtt"), ("JSON", ".json")])
def test_it_is_exported_like_any_other(opened: Page, choice: str, suffix: str) -> None:
    name, content = save_export(opened, choice)
    assert name == landing.VIDEO.with_suffix(suffix).name
    if suffix == ".json":
        assert json.loads(content)["utterances"][0]["text"] == EXAMPLE.utterances[0].text
    else:
        assert content.decode() == landing.exports(EXAMPLE)[suffix]


def test_it_can_be_deleted_and_restored(opened: Page, user: BrowserUser) -> None:
    delete = f"Delete {landing.VIDEO.name}"
    opened.get_by_role("button", name=delete).click()
    opened.wait_for_url("**/dashboard/")
    opened.get_by_role("button", name="Undo").click()
    expect(opened.get_by_role("list", name="Example")).to_be_visible()
    opened.get_by_role("button", name=delete).click()
    expect(opened.get_by_text(f"Deleted {landing.VIDEO.name}.")).to_be_visible()
    user.open("/dashboard/")
    expect(opened.get_by_text("No analyses yet")).to_be_visible()
    expect(opened.get_by_role("list", name="Example")).to_have_count(0)
    user.open("/analysis/?id=example")
    expect(opened.get_by_text("Analysis not found")).to_be_visible()


def test_neutral_is_subdued(opened: Page) -> None:
    """Neutral is pale in the chart and in bars, and also thin in bars."""
    bands = opened.locator("[data-band^=emotion-]")
    assert bands.first.get_attribute("data-band") == "emotion-neutral"
    opacity = "e => Number(getComputedStyle(e).fill.match(/[\\d.]+(?=\\)$)/)?.[0] ?? 1)"
    assert bands.first.evaluate(opacity) < 0.5
    bar = opened.get_by_role("list", name="Utterances").locator("svg").first.locator("rect")
    heights = bar.evaluate_all("all => all.map((e) => [e.classList[0], e.getAttribute('height')])")
    assert heights[0] == ["emotion-neutral", "40%"]
    assert {height for _, height in heights[1:]} == {"100%"}


def test_the_landing_page_plays_both_examples_with_captions(visitor: BrowserUser) -> None:
    page = visitor.page
    visitor.open("/")
    for video, choice in ((landing.VIDEO, "Six emotions"), (landing.SILENT, "Without words")):
        page.get_by_text(choice, exact=True).click()
        example = landing.read(video)
        expect(page.locator("video")).to_have_attribute("src", f"/demonstration/{video.name}")
        expect(page.locator("video")).to_have_js_property("readyState", 4)
        rows = page.get_by_role("list", name="Utterances").get_by_role("button")
        spoken = [utterance for utterance in example.utterances if utterance.text]
        expect(rows).to_have_count(len(spoken))
        for utterance in spoken[1:2]:
            rows.nth(1).click()
            assert position(page) == pytest.approx(utterance.start_time, abs=0.05)
        moments = page.get_by_role("list", name="Strongest moments").get_by_role("button")
        expect(page.locator("canvas[data-drawn]")).to_have_count(moments.count())
        moments.last.click()
        assert position(page) > example.video.duration_s / 2
        cues = page.evaluate(CUES)
        label = "unclear" if example.utterances[0].unclear else example.utterances[0].emotions[0].label
        assert len(cues) == len(example.utterances), cues
        assert cues[0].startswith(f"[{label}]")
        assert visitor.violations() == []


CUES = """
() => new Promise((resolve) => {
  const element = document.querySelector("track");
  const texts = () => [...element.track.cues].map((cue) => cue.text);
  const look = () => (element.readyState === 2 ? resolve(texts()) : setTimeout(look, 50));
  element.track.mode = "hidden"; // starts loading the track
  look();
})
"""


def position(page: Page) -> float:
    """Return the player's position in seconds."""
    return float(page.evaluate("document.querySelector('video').currentTime"))
