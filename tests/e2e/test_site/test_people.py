"""People of a result: the setting, two real voices in turns, names, merges, the filter and exports."""

import csv
import io
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, Request, expect

from model.contract import Analysis
from tests.e2e.test_site.browser_user import BrowserUser, save_export
from tests.e2e.test_site.interview import READER, Turn, write_interview

NAME = "Ada Lovelace"
SECOND = "Speaker 2"


@pytest.fixture(scope="module")
def interview(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Turn]]:
    """Return the video of two people, and their turns."""
    path = tmp_path_factory.mktemp("interview") / "interview.mp4"
    return path, write_interview(path)


def test_two_people_are_named_merged_and_filtered(user: BrowserUser, interview: tuple[Path, list[Turn]]) -> None:
    page = user.page
    turn_on(user)
    path, turns = interview
    user.open("/dashboard/")
    user.upload(path)
    row = page.get_by_role("list", name="Analyses").get_by_role("listitem").filter(has_text=path.name)
    expect(row.get_by_text("overall")).to_be_visible(timeout=240_000)
    row.get_by_role("link").click()

    people = page.get_by_role("list", name="People").get_by_role("listitem")
    expect(people).to_have_count(2)
    found = Analysis.model_validate_json(save_export(page, "JSON")[1])
    assert_right_turns(page, found, turns)
    pictures = page.get_by_role("list", name="People").locator("canvas[data-drawn]")
    expect(pictures).to_have_count(2)
    for canvas in pictures.all():
        assert_picture(canvas)
    assert user.violations() == []

    sent = requests_that_send(page)
    rename(page, "Speaker 1", NAME)
    page.reload()
    expect(people.first).to_contain_text(NAME)
    assert speakers(page) == [NAME if who == "S1" else SECOND for who in spoken_by(found)]
    assert_exports_name(page, [NAME if who == "S1" else SECOND for who in spoken_by(found)])

    page.get_by_role("button", name=f"Show only {NAME}").click()
    expect(page.get_by_role("region", name=f"Overall: {NAME}")).to_be_visible()
    assert speakers(page) == [NAME] * spoken_by(found).count("S1")
    assert user.violations() == []
    page.get_by_role("button", name="Show everyone").click()
    assert len(speakers(page)) == len(spoken_by(found))

    merge(page, SECOND, NAME)
    expect(people).to_have_count(1)
    assert speakers(page) == []  # one person's name on every utterance would be noise
    assert user.violations() == []
    page.get_by_role("status").get_by_role("button", name="Undo").last.click()
    expect(people).to_have_count(2)
    merge(page, SECOND, NAME)
    page.reload()
    expect(people).to_have_count(1)
    assert_exports_name(page, [NAME] * len(spoken_by(found)))
    page.get_by_role("button", name=f"Separate {NAME}").click()
    expect(people).to_have_count(2)
    rename(page, NAME, "")
    expect(people.first).to_contain_text("Speaker 1")
    assert {re.sub(r"[a-z2-7]{20,}", "{id}", request) for request in sent} == {"PUT /app/analyses/{id}/people"}


def test_the_setting_is_off_until_a_lawful_basis_is_confirmed(user: BrowserUser) -> None:
    page = user.page
    turn_on(user)
    page.reload()
    setting = page.get_by_role("region", name="People in videos")
    expect(setting.get_by_text("You have confirmed")).to_be_visible()
    expect(page.get_by_role("region", name="Activity")).to_contain_text("People in videos turned on")
    setting.get_by_role("button", name="Stop telling people apart").click()
    expect(setting.get_by_role("checkbox")).not_to_be_checked()
    page.reload()
    expect(setting.get_by_role("button", name="Tell people apart")).to_be_disabled()


def test_a_result_without_people_shows_none(reader: BrowserUser) -> None:
    page = reader.page
    expect(page.get_by_role("list", name="Utterances")).to_be_visible()
    expect(page.get_by_role("region", name="People")).to_have_count(0)
    page.get_by_role("link", name="People in videos").click()
    expect(page.get_by_role("region", name="People in videos")).to_be_in_viewport()


def test_the_example_does_not_advertise_the_setting(user: BrowserUser) -> None:
    user.open("/analysis/?id=example")
    expect(user.page.get_by_role("list", name="Utterances")).to_be_visible()
    user.page.wait_for_load_state("networkidle")
    expect(user.page.get_by_role("link", name="People in videos")).to_have_count(0)


def turn_on(user: BrowserUser) -> None:
    """Turn the setting on at the account page."""
    user.open("/account/")
    setting = user.page.get_by_role("region", name="People in videos")
    expect(setting.get_by_role("button", name="Tell people apart")).to_be_disabled()
    setting.get_by_role("checkbox").check()
    assert user.violations() == []
    setting.get_by_role("button", name="Tell people apart").click()
    expect(setting.get_by_text("You have confirmed")).to_be_visible()


def rename(page: Page, label: str, name: str) -> None:
    """Give a person a name with the keyboard."""
    page.get_by_role("button", name=f"Rename {label}").press("Enter")
    field = page.get_by_label(f"Name of {label}")
    expect(field).to_be_focused()
    field.fill(name)
    with page.expect_response(re.compile("/people$")) as response:
        page.keyboard.press("Enter")
    assert response.value.status == 200
    expect(page.get_by_role("button", name=f"Rename {name or 'Speaker 1'}")).to_be_focused()


def merge(page: Page, label: str, into: str) -> None:
    """Merge a person into another."""
    page.get_by_role("button", name=f"Merge {label} with another person").click()
    with page.expect_response(re.compile("/people$")) as response:
        page.get_by_role("group", name=f"Merge {label}").get_by_role("button", name=into).click()
    assert response.value.status == 200
    expect(page.get_by_text(f"Merged {label} and {into}.")).to_be_visible()


def assert_right_turns(page: Page, analysis: Analysis, turns: list[Turn]) -> None:
    """Check that the transcript shows for each utterance the person whose turn it is."""
    spoken = [utterance for utterance in analysis.utterances if utterance.text]
    expected = []
    for utterance in spoken:
        middle = (utterance.start_time + utterance.end_time) / 2
        turn = next(turn for turn in turns if turn.start <= middle < turn.end)
        expected.append("Speaker 1" if turn.speaker == READER else SECOND)
    assert speakers(page) == expected
    assert set(expected) == {"Speaker 1", SECOND}


def speakers(page: Page) -> list[str]:
    """Return the names beside the utterances of the transcript, in order."""
    return page.get_by_role("list", name="Utterances").get_by_test_id("speaker").all_text_contents()


def spoken_by(analysis: Analysis) -> list[str]:
    """Return the speakers of the utterances with words."""
    return [utterance.speaker for utterance in analysis.utterances if utterance.speaker]


def assert_exports_name(page: Page, names: list[str]) -> None:
    """Check that every export names these speakers."""
    table = csv.DictReader(io.StringIO(save_export(page, "CSV")[1].decode()))
    assert [row["speaker"] for row in table if row["text"]] == names
    result = Analysis.model_validate_json(save_export(page, "JSON")[1])
    assert [result.labels[u.speaker] for u in result.utterances if u.speaker] == names
    several = names if len(set(names)) > 1 else []
    assert re.findall(r"<v ([^>]*)>", save_export(page, "WebVTT")[1].decode()) == several
    assert re.findall(r"^([^:\n]*): \[", save_export(page, "SRT")[1].decode(), re.MULTILINE) == several


def assert_picture(canvas: Locator) -> None:
    """Check that a canvas shows a picture, not one color."""
    extremes = Image.open(io.BytesIO(canvas.screenshot())).convert("L").getextrema()
    assert extremes[0] != extremes[1]


def requests_that_send(page: Page) -> list[str]:
    """Return a list that collects the page's requests that can carry data."""
    sent: list[str] = []

    def collect(request: Request) -> None:
        if request.method not in ("GET", "HEAD"):
            sent.append(f"{request.method} {urlsplit(request.url).path}")

    page.on("request", collect)
    return sent
