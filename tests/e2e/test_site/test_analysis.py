"""Page of an analysis: player, timeline, transcript and values stay in sync; exports."""

import csv
import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from model.contract import EMOTIONS, SENTIMENTS, Analysis, Modality
from model.reports.formats import to_srt, to_vtt
from model.reports.palette import MODALITY_NAMES
from model.reports.sentences import factor
from tests.e2e.product import Product
from tests.e2e.test_site.browser_user import Account, BrowserUser, save_export

CURRENT = "li button[aria-current=true]"


@pytest.fixture
def page(reader: BrowserUser) -> Page:
    expect(reader.page.locator("video")).to_have_js_property("readyState", 4)
    return reader.page


@pytest.fixture(scope="module")
def analysis(product: Product, analyzed: tuple[Account, str]) -> Analysis:
    """Return the stored result of the sample, whose values the page must show."""
    owner, analysis_id = analyzed
    caller = product.client(product.sign_in(owner.email, owner.password), "/app")
    return Analysis.model_validate(caller.wait_for_analysis(analysis_id)["analysis"])


def position(page: Page) -> float:
    """Return the player's position in seconds."""
    return float(page.evaluate("document.querySelector('video').currentTime"))


def percent(share: float) -> str:
    """Return a share as the page formats it."""
    return f"{int(100 * share + 0.5)}%"


def test_clicking_an_utterance_seeks(page: Page, analysis: Analysis) -> None:
    for index in (2, 1):
        utterance = analysis.utterances[index]
        page.get_by_role("list", name="Utterances").get_by_role("button").nth(index).click()
        assert position(page) == pytest.approx(utterance.start_time, abs=0.05)
        expect(page.locator(CURRENT)).to_contain_text(utterance.text)


def test_every_value_of_the_utterance_is_shown(page: Page, analysis: Analysis) -> None:
    utterance = analysis.utterances[1]
    page.get_by_role("list", name="Utterances").get_by_role("button").nth(1).click()
    shown = page.get_by_role("region", name="Selected moment").inner_text()
    scores = {score.label: score.confidence for score in utterance.emotions}
    for label, share in (scores | {score.label: score.confidence for score in utterance.sentiments}).items():
        assert label.capitalize() in shown and percent(share) in shown
    for modality, contribution in utterance.modalities.items():
        assert contribution.contribution is not None
        assert f"{MODALITY_NAMES[modality]} {factor(contribution.contribution)}" in shown.replace("\n", " ")


def test_hovering_shows_values_without_seeking(page: Page, analysis: Analysis) -> None:
    utterance = analysis.utterances[2]
    box = page.get_by_test_id("timeline").bounding_box()
    assert box is not None
    middle = (utterance.start_time + utterance.end_time) / 2
    page.mouse.move(box["x"] + box["width"] * middle / analysis.video.duration_s, box["y"] + 20)
    for score in utterance.emotions:
        expect(page.locator(f"[data-value=emotion-{score.label}]")).to_have_text(percent(score.confidence))
    assert position(page) == 0
    page.mouse.move(box["x"] + 1, box["y"] + 20)  # before the first utterance
    expect(page.locator("[data-value=emotion-joy]")).to_have_text("")
    page.mouse.move(0, 0)
    expect(page.locator("[data-value=emotion-joy]")).to_have_text("")  # the values are shown once, below


def test_the_curves_of_face_and_voice_are_shown_and_hidden(page: Page, analysis: Analysis) -> None:
    curves = analysis.curves
    assert curves is not None
    time = 15.25
    shown: tuple[tuple[Modality, str], ...] = (("face", "Face"), ("audio", "Voice"))
    for modality, name in shown:
        step = curves.modalities[modality][int(time / curves.step_s)]
        assert step is not None
        share, label = max(zip(step, curves.emotions, strict=True))
        box = page.get_by_test_id("timeline").bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] * time / analysis.video.duration_s, box["y"] + 20)
        expect(page.get_by_test_id("readout")).to_contain_text(f"{name} {label} {percent(share)}")
        expect(page.locator(f"[data-curve={modality}-joy]")).to_have_attribute("d", re.compile("^M"))
        page.get_by_label(name, exact=True).uncheck()
        expect(page.locator(f"[data-curve={modality}-joy]")).to_have_count(0)
        expect(page.get_by_test_id("readout")).not_to_contain_text(name)
        page.get_by_label(name, exact=True).check()


def test_the_strongest_moments_have_pictures_and_seek(page: Page, analysis: Analysis) -> None:
    """The face cries first and laughs at the end; the address leads to the chosen moment."""
    moments = page.get_by_role("list", name="Strongest moments").get_by_role("listitem")
    assert 1 <= moments.count() <= 5
    expect(page.locator("canvas[data-drawn]")).to_have_count(moments.count())
    expect(moments.first).to_contain_text("Sadness")
    expect(moments.first).to_contain_text("Face alone")
    last = moments.last
    expect(last).to_contain_text("Joy")
    expect(last).to_contain_text("Face")
    last.get_by_role("button").click()
    chosen = position(page)
    assert 12.0 < chosen < analysis.video.duration_s
    expect(page).to_have_url(re.compile(rf"[?&]t={chosen:g}"))
    page.reload()
    expect(page.locator("video")).to_have_js_property("readyState", 4)
    assert position(page) == pytest.approx(chosen, abs=0.1)


def test_parts_without_speech_have_no_result(page: Page, analysis: Analysis) -> None:
    rows = page.get_by_role("list", name="Utterances").get_by_role("listitem")
    for index, utterance in enumerate(analysis.utterances):
        expect(rows.nth(index).locator("svg")).to_have_count(1 if utterance.text else 0)
    page.locator("[data-band=emotion-joy]").wait_for(state="attached")
    boxes = (page.locator("[data-band=emotion-joy]").get_attribute("d") or "").count("M")
    assert boxes == sum(bool(utterance.text) for utterance in analysis.utterances)


def test_space_plays_wherever_the_focus_is_on_text(page: Page, analysis: Analysis) -> None:
    row = page.get_by_role("list", name="Utterances").get_by_role("button").nth(1)
    row.click()
    page.keyboard.press("Space")
    page.wait_for_function("() => !document.querySelector('video').paused")
    page.wait_for_function("start => document.querySelector('video').currentTime > start", arg=position(page))
    page.keyboard.press("Space")
    page.wait_for_function("() => document.querySelector('video').paused")
    page.keyboard.press("Enter")
    assert position(page) == pytest.approx(analysis.utterances[1].start_time, abs=0.05)


def test_the_player_has_captions_and_room(page: Page, analysis: Analysis) -> None:
    cues = page.evaluate("[...document.querySelector('video').textTracks[0].cues].map((cue) => cue.text)")
    assert cues == [utterance.text for utterance in analysis.utterances if utterance.text]
    box = page.locator("video").bounding_box()
    assert box is not None
    assert box["height"] > (page.viewport_size or {"height": 0})["height"] / 3


def test_swatches_keep_their_colors_in_forced_colors(page: Page) -> None:
    page.emulate_media(forced_colors="active")
    colors = page.locator("ul[aria-label='Colors of emotions'] li > span.emotion-joy").evaluate_all(
        "all => all.map((e) => getComputedStyle(e).backgroundColor)"
    )
    assert colors == ["rgb(183, 143, 28)"]


@pytest.mark.parametrize("kind, labels", [("emotion", EMOTIONS), ("sentiment", SENTIMENTS)])
def test_each_label_has_a_band_of_its_own_color(page: Page, kind: str, labels: tuple[str, ...]) -> None:
    fills = {page.locator(f"[data-band={kind}-{label}]").evaluate("e => getComputedStyle(e).fill") for label in labels}
    assert len(fills) == len(labels)


def test_everything_works_from_the_keyboard(page: Page, analysis: Analysis) -> None:
    first, second = analysis.utterances[:2]
    page.keyboard.press("n")
    assert position(page) == pytest.approx(first.start_time, abs=0.05)
    page.keyboard.press("n")
    assert position(page) == pytest.approx(second.start_time, abs=0.05)
    page.keyboard.press("p")
    assert position(page) == pytest.approx(first.start_time, abs=0.05)
    page.get_by_test_id("timeline").focus()
    page.keyboard.press("PageDown")
    page.keyboard.press("ArrowRight")
    assert position(page) == pytest.approx(second.start_time + 1, abs=0.05)
    expect(page.get_by_test_id("timeline")).to_have_attribute(
        "aria-valuetext",
        f"0:0{int(second.start_time + 1)}, {second.emotions[0].label} {percent(second.emotions[0].confidence)}",
    )
    page.keyboard.press("k")
    page.wait_for_function("() => !document.querySelector('video').paused")
    page.keyboard.press("k")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Play or pause")
    page.get_by_label("Enable keyboard shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    assert page.evaluate("document.querySelector('video').paused")


def test_the_transcript_follows_the_player(page: Page, analysis: Analysis) -> None:
    last = analysis.utterances[-1]
    page.evaluate(
        "start => Object.assign(document.querySelector('video'), {muted: true, currentTime: start}).play()",
        last.start_time - 0.5,
    )
    expect(page.locator(CURRENT)).to_contain_text(last.text or "No speech")
    expect(page.locator(CURRENT)).to_be_in_viewport()


def test_unclear_and_contradictory_results_are_marked(reader: BrowserUser, analysis: Analysis) -> None:
    """The response is patched so that the first utterance is both."""
    page = reader.page

    def mark(route: Route) -> None:
        response = route.fetch()
        detail = response.json()
        detail["analysis"]["utterances"][0] |= {"unclear": True, "contradictory": True}
        route.fulfill(response=response, json=detail)

    page.route(re.compile(r"/app/analyses/[a-z2-7]+$"), mark)
    page.reload()
    rest = analysis.utterances[1:]
    for name, others in ("unclear", [u.unclear for u in rest]), ("mixed signals", [u.contradictory for u in rest]):
        listed = page.get_by_role("list", name="Utterances").get_by_text(name, exact=True)
        expect(listed).to_have_count(1 + sum(others))
        expect(page.get_by_role("region", name="Selected moment").get_by_text(name, exact=True)).to_be_visible()
    expect(page.get_by_text("apparent emotion")).to_be_visible()


def test_exports_match_the_engine(page: Page, analysis: Analysis) -> None:
    assert save_export(page, "SRT") == ("face_and_speech.srt", to_srt(analysis).encode())
    assert save_export(page, "WebVTT") == ("face_and_speech.vtt", to_vtt(analysis).encode())
    name, table = save_export(page, "CSV")
    assert name == "face_and_speech.csv"
    assert [row["text"] for row in csv.DictReader(io.StringIO(table.decode()))] == [u.text for u in analysis.utterances]
    name, content = save_export(page, "JSON")
    assert Analysis.model_validate_json(content) == analysis


def test_the_report_is_self_contained(page: Page, browser: Browser, analysis: Analysis, tmp_path: Path) -> None:
    name, content = save_export(page, "Report")
    assert name == "face_and_speech.html"
    path = tmp_path / name
    path.write_bytes(content)
    with BrowserUser.in_browser(browser, path.as_uri()) as recipient:
        requests: list[str] = []
        recipient.page.on("request", lambda request: requests.append(request.url))
        recipient.open("")
        expect(recipient.page.get_by_role("heading", name="face_and_speech.mp4")).to_be_visible()
        for utterance in analysis.utterances:
            expect(recipient.page.get_by_text(utterance.text or "No speech").first).to_be_visible()
        bar = recipient.page.locator("[data-band=emotion-joy]")
        assert bar.evaluate("e => getComputedStyle(e).fill") == "rgb(183, 143, 28)"
        assert requests == [path.as_uri()]
        assert recipient.violations() == []
        recipient.assert_no_errors()


def test_an_unplayable_video_leaves_the_rest_usable(reader: BrowserUser, analysis: Analysis) -> None:
    page = reader.page
    page.route("**/*X-Amz-Signature*", lambda route: route.fulfill(status=200, content_type="video/mp4", body="no"))
    page.reload()
    expect(page.get_by_text("This browser can't play the file")).to_be_visible()
    page.get_by_role("list", name="Utterances").get_by_role("button").nth(1).click()
    expect(page.get_by_role("region", name="Selected moment")).to_contain_text(analysis.utterances[1].text)


def test_another_users_analysis_is_not_found(user: BrowserUser, analyzed: tuple[object, str]) -> None:
    user.open(f"/analysis/?id={analyzed[1]}")
    expect(user.page.get_by_role("heading", name="Analysis not found")).to_be_visible()
    user.ignore_http_errors(404)
