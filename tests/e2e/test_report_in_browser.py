"""HTML report of the sample in a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from model.contract import EMOTIONS, SENTIMENTS, Analysis
from model.reports.html_report import write_report

HOSTILE = "</script><script>window.injected = true</script><img src=x onerror='window.injected = true'>"
CURRENT = "li.utterance[aria-current=true]"

# Positions of the playhead in percent of the timeline: six of them, or fewer at the end of the file.
WATCH_PLAYHEAD = """
start => new Promise((resolve) => {
  const [player, playhead] = ["player", "playhead"].map((id) => document.getElementById(id));
  const seen = new Set();
  new MutationObserver(() => {
    seen.add(Number.parseFloat(playhead.getAttribute("x1")));
    if (seen.size === 6 || player.ended) resolve([...seen]);
  }).observe(playhead, {attributes: true});
  Object.assign(player, {muted: true, playbackRate: 0.25, currentTime: start}).play();
})
"""


@pytest.fixture(scope="module")
def report(analysis: Analysis, sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the report of the sample and return its path."""
    out = tmp_path_factory.mktemp("report") / "report.html"
    write_report(analysis, sample, out)
    return out


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    """Yield the opened report. Fails at teardown if it logged anything or sent a request."""
    page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    errors: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(report.as_uri())
    expect(page.locator("#player")).to_have_js_property("readyState", 4)  # enough data
    yield page
    page.close()
    assert errors == []
    assert [url for url in requests if not url.startswith("data:")] == [report.as_uri()]


def play_position(page: Page) -> float:
    """Return the player's position in seconds."""
    return float(page.evaluate("document.getElementById('player').currentTime"))


def test_clicking_an_utterance_seeks(page: Page, analysis: Analysis) -> None:
    for index in (2, 1):
        page.locator("li.utterance").nth(index).locator(".words").click()
        assert play_position(page) == pytest.approx(analysis.utterances[index].start_time, abs=0.05)
        expect(page.locator(CURRENT).locator(".words")).to_have_text(analysis.utterances[index].text)


def test_times_work_from_the_keyboard(page: Page, analysis: Analysis) -> None:
    page.locator("button.seek").nth(1).focus()
    page.keyboard.press("Enter")
    assert play_position(page) == pytest.approx(analysis.utterances[1].start_time, abs=0.05)


@pytest.mark.parametrize("kind, labels", [("emotion", EMOTIONS), ("sentiment", SENTIMENTS)])
def test_a_visible_band_per_label(page: Page, kind: str, labels: tuple[str, ...]) -> None:
    colors = set()
    for label in labels:
        band = page.locator(f"#timeline path[data-{kind}={label}]")
        box = band.bounding_box()
        assert box is not None and box["width"] > 100 and box["height"] > 1, label
        colors.add(band.evaluate("band => getComputedStyle(band).fill"))
    assert len(colors) == len(labels)


def test_clicking_the_timeline_seeks(page: Page, analysis: Analysis) -> None:
    utterance = analysis.utterances[1]
    middle = (utterance.start_time + utterance.end_time) / 2
    box = page.locator("#timeline").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * middle / analysis.video.duration_s, box["y"] + 10)
    assert play_position(page) == pytest.approx(middle, abs=0.1)
    expect(page.locator(CURRENT).locator(".words")).to_have_text(utterance.text)
    expect(page.locator(CURRENT)).to_be_in_viewport()


def test_timeline_works_from_the_keyboard(page: Page, analysis: Analysis) -> None:
    page.locator("#timeline").focus()
    page.keyboard.press("PageDown")
    assert play_position(page) == pytest.approx(analysis.utterances[0].start_time, abs=0.05)
    page.keyboard.press("ArrowRight")
    assert play_position(page) == pytest.approx(analysis.utterances[0].start_time + 1, abs=0.05)
    expect(page.locator("#timeline")).to_have_attribute(
        "aria-valuetext", f"0:01, {analysis.utterances[0].emotions[0].label} {top_percent(analysis, 0)}"
    )


def top_percent(analysis: Analysis, index: int) -> str:
    """Return the probability of an utterance's first emotion as the report formats it."""
    return f"{analysis.utterances[index].emotions[0].confidence:.0%}"


def test_pointing_at_the_timeline_shows_values(page: Page, analysis: Analysis) -> None:
    utterance = analysis.utterances[0]
    box = page.locator("#timeline").bounding_box()
    assert box is not None
    value = page.locator(f"[data-value=emotions-{utterance.emotions[0].label}]")
    page.mouse.move(box["x"] + box["width"] * (utterance.start_time + 1) / analysis.video.duration_s, box["y"] + 10)
    expect(value).to_have_text(top_percent(analysis, 0))
    page.mouse.move(0, 0)
    expect(value).to_have_text("")  # back at 0:00, before the first utterance


def test_page_follows_playback(page: Page, analysis: Analysis) -> None:
    last = analysis.utterances[-1]
    positions = page.evaluate(WATCH_PLAYHEAD, last.end_time - 1)
    assert len(positions) == 6  # smooth movement; events alone would give three positions
    assert positions == sorted(positions)
    expect(page.locator(CURRENT).locator(".words")).to_have_text(last.text or "No speech")
    expect(page.locator(CURRENT)).to_be_in_viewport()


def test_an_unplayable_file_leaves_the_report_usable(page: Page, analysis: Analysis) -> None:
    page.evaluate("document.getElementById('player').src = 'data:video/mp4;base64,AAAA'")
    expect(page.get_by_text("This browser cannot play the file")).to_be_visible()
    page.locator("li.utterance").nth(1).locator(".words").click()
    expect(page.locator("#timeline")).to_have_attribute("aria-valuenow", f"{analysis.utterances[1].start_time:.2f}")


def test_a_phone_needs_no_sideways_scrolling(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_text_is_never_executed(browser: Browser, analysis: Analysis, sample: Path, tmp_path: Path) -> None:
    hostile = analysis.utterances[0].model_copy(update={"text": HOSTILE})
    out = tmp_path / "report.html"
    write_report(analysis.model_copy(update={"utterances": [hostile], "warnings": [HOSTILE]}), sample, out)
    page = browser.new_page()
    page.goto(out.as_uri())
    expect(page.locator(".words")).to_have_text(HOSTILE)
    assert page.evaluate("window.injected") is None
    page.close()
