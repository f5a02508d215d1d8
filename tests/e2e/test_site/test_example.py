"""The example that every account opens with, and the demonstration on the landing page."""

import json

import pytest
from playwright.sync_api import Page, expect

from model.reports.people import read_judgments
from scripts import landing
from tests.e2e.test_site.person import Person, saved

EXAMPLE = landing.read(landing.VIDEO)
PEOPLE = read_judgments(landing.PEOPLE)


@pytest.fixture
def opened(user: Person) -> Page:
    """The example, as somebody new opens it from the list."""
    row = user.page.get_by_role("list", name="Example").get_by_role("listitem")
    expect(row.get_by_text("Example", exact=True)).to_be_visible()
    expect(user.page.get_by_text("0 of 10,000 analyses used this month")).to_be_visible()
    row.get_by_role("link", name=landing.VIDEO.name).click()
    user.page.get_by_role("heading", name=landing.VIDEO.name).wait_for()
    return user.page


def test_it_plays_with_people_beside_each_utterance(opened: Page, user: Person) -> None:
    expect(opened.locator("video")).to_have_js_property("readyState", 4)
    agreement = PEOPLE.agreement(EXAMPLE.utterances)
    expect(opened.get_by_text(f"{agreement.same} of {agreement.of}")).to_be_visible()
    for index, utterance in enumerate(EXAMPLE.utterances):
        row = opened.get_by_role("list", name="Utterances").get_by_role("button").nth(index)
        row.click()
        votes = PEOPLE.of(utterance)
        expect(row).to_contain_text(f"{votes['together'].leading} {votes['together'].most} of")
        said = opened.get_by_role("list", name="What people said").get_by_role("listitem")
        expect(said).to_have_count(len(votes))
        expect(said.first).to_contain_text(votes["together"].others)  # in words, for those who see no bar
    assert position(opened) == pytest.approx(EXAMPLE.utterances[-1].start_time, abs=0.05)
    assert user.violations() == []


@pytest.mark.parametrize("choice, suffix", [("CSV", ".csv"), ("SRT", ".srt"), ("WebVTT", ".vtt"), ("JSON", ".json")])
def test_it_is_exported_like_any_other(opened: Page, choice: str, suffix: str) -> None:
    name, content = saved(opened, choice)
    assert name == landing.VIDEO.with_suffix(suffix).name
    if suffix == ".json":
        assert json.loads(content)["utterances"][0]["text"] == EXAMPLE.utterances[0].text
    else:
        assert content.decode() == landing.exports(EXAMPLE)[suffix]


def test_it_is_deleted_to_stay_deleted_and_comes_back_by_undo(opened: Page, user: Person) -> None:
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
    expect(opened.get_by_text("There is no such analysis")).to_be_visible()


def test_neutral_lies_pale_behind_what_moves(opened: Page) -> None:
    """Neutral is pale in the chart and in bars, and thin in bars as well."""
    bands = opened.locator("[data-band^=emotion-]")
    assert bands.first.get_attribute("data-band") == "emotion-neutral"
    opacity = "e => Number(getComputedStyle(e).fill.match(/[\\d.]+(?=\\)$)/)?.[0] ?? 1)"
    assert bands.first.evaluate(opacity) < 0.5
    bar = opened.get_by_role("list", name="Utterances").locator("svg").first.locator("rect")
    heights = bar.evaluate_all("all => all.map((e) => [e.classList[0], e.getAttribute('height')])")
    assert heights[0] == ["emotion-neutral", "40%"]
    assert {height for _, height in heights[1:]} == {"100%"}


def test_the_landing_page_plays_both_with_captions(visitor: Person) -> None:
    page = visitor.page
    visitor.open("/")
    for video, choice in ((landing.VIDEO, "Six emotions"), (landing.SILENT, "Without words")):
        page.get_by_text(choice, exact=True).click()
        example = landing.read(video)
        rows = page.get_by_role("list", name="Utterances").get_by_role("button")
        expect(rows).to_have_count(len(example.utterances))
        expect(page.locator("video")).to_have_attribute("src", f"/demonstration/{video.name}")
        expect(page.locator("video")).to_have_js_property("readyState", 4)
        rows.nth(1).click()
        assert position(page) == pytest.approx(example.utterances[1].start_time, abs=0.05)
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
  element.track.mode = "hidden"; // it is loaded then
  look();
})
"""


def position(page: Page) -> float:
    return float(page.evaluate("document.querySelector('video').currentTime"))
