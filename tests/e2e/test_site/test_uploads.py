"""Uploads: rejected files, broken connections, cancellation, deletion."""

import os
import re
import struct
from pathlib import Path

from playwright.sync_api import Route, expect

from tests.e2e.product import MAX_UPLOAD_BYTES, Product
from tests.e2e.test_site.browser_user import BrowserUser, video
from tests.e2e.test_site.test_story import create_key
from tests.model.media_files import Sound, speech_of, write

PART = re.compile(r"partNumber=(\d+)")
DONE = 240_000  # milliseconds; only ends tests that cannot pass


def test_unsupported_files_are_rejected_before_upload(user: BrowserUser) -> None:
    requests: list[str] = []
    user.page.on("request", lambda request: requests.append(request.url))
    user.upload(video("notes.txt", b"words"), video("empty.mp4", b""))
    expect(user.page.get_by_text("Unsupported file type")).to_be_visible()
    expect(user.page.get_by_text("The file is empty.")).to_be_visible()
    assert not any("upload-url" in url for url in requests)
    user.page.get_by_role("button", name="Remove notes.txt from the list").click()
    expect(user.page.get_by_text("notes.txt")).to_have_count(0)


def test_a_pending_upload_of_a_program_can_be_abandoned(user: BrowserUser, product: Product) -> None:
    program = product.client(create_key(user.page))
    started = program.post("/multipart-uploads", {"fileType": ".mp4", "fileSize": 100_000_000}, status=201)
    user.open("/dashboard/")
    row = user.page.get_by_role("list", name="Pending uploads").get_by_role("listitem")
    expect(row).to_contain_text("100 MB · started today")
    row.get_by_role("button", name=f"Abandon Upload {started['fileId'][:8]}").click()
    expect(user.page.get_by_text("Pending uploads")).to_have_count(0)
    assert program.get("/uploads") == {"uploads": []}


def test_several_files_are_uploaded_and_analyzed(user: BrowserUser, clip: bytes) -> None:
    user.upload(*(video(f"clip {number}.mp4", clip) for number in range(3)))
    expect(user.page.get_by_text("overall")).to_have_count(3, timeout=DONE)
    assert sorted(user.rows()) == ["clip 0.mp4", "clip 1.mp4", "clip 2.mp4"]


def test_an_audio_file_is_analyzed_and_played(user: BrowserUser, sample: Path, tmp_path: Path) -> None:
    user.upload(write(tmp_path / "talk.mp3", [], [Sound(speech_of(sample, 6.0))]))
    expect(user.page.get_by_text("overall")).to_have_count(1, timeout=DONE)
    user.page.get_by_role("link", name="talk.mp3").click()
    player = user.page.locator("video")
    expect(player).to_have_js_property("readyState", 4)
    box = player.bounding_box()
    assert box is not None and 40 <= box["height"] <= 80
    user.page.get_by_role("list", name="Utterances").get_by_role("button").first.click()
    assert user.violations() == []


def test_an_upload_survives_a_broken_connection_and_is_charged_once(user: BrowserUser, clip: bytes) -> None:
    page = user.page
    attempts: list[str] = []

    def break_twice(route: Route) -> None:
        if route.request.method != "PUT":
            return route.continue_()
        attempts.append(route.request.url)
        return route.abort("connectionreset") if len(attempts) <= 2 else route.continue_()

    page.route("**/uploads/**", break_twice)
    user.upload(video("train.mp4", clip))
    expect(page.get_by_text("Connection lost; the upload resumes automatically")).to_be_visible()
    expect(page.get_by_text("overall")).to_be_visible(timeout=DONE)
    assert len(attempts) == 3
    assert user.rows() == ["train.mp4"]
    expect(page.get_by_text("1 of 10,000 analyses used this month")).to_be_visible()
    user.errors = [error for error in user.errors if "ERR_CONNECTION_RESET" not in error]


def test_a_large_file_is_uploaded_in_parts_with_retries(user: BrowserUser, clip: bytes, tmp_path: Path) -> None:
    """A real video, enlarged by a `free` box, which players skip."""
    page, large, size = user.page, tmp_path / "lecture.mp4", 101_000_000
    large.write_bytes(clip + struct.pack(">I4s", size - len(clip), b"free"))
    os.truncate(large, size)
    sent: list[int] = []

    def lose_the_second(route: Route) -> None:
        if route.request.method != "PUT":
            return route.continue_()
        part = int(PART.findall(route.request.url)[0])
        sent.append(part)
        return route.abort("connectionreset") if part == 2 and sent.count(2) == 1 else route.continue_()

    page.route(PART, lose_the_second)
    user.upload(large)
    expect(page.get_by_text("overall")).to_be_visible(timeout=DONE)
    assert sorted(sent) == [1, 2, 2, 3, 4, 5, 6, 7]
    assert user.rows() == ["lecture.mp4"]
    expect(page.get_by_text("1 of 10,000 analyses used this month")).to_be_visible()
    user.errors = [error for error in user.errors if "ERR_CONNECTION_RESET" not in error]


def test_a_lost_response_starts_nothing_twice(user: BrowserUser, clip: bytes) -> None:
    page = user.page
    lost: list[str] = []

    def lose_the_first_response(route: Route) -> None:
        if lost:
            return route.continue_()
        route.fetch()  # the server processes and charges the request
        lost.append(route.request.url)
        return route.abort("connectionreset")

    page.route("**/app/sentiment-inference", lose_the_first_response)
    user.upload(video("tunnel.mp4", clip))
    expect(page.get_by_text("overall")).to_be_visible(timeout=DONE)
    assert user.rows() == ["tunnel.mp4"]
    expect(page.get_by_text("1 of 10,000 analyses used this month")).to_be_visible()
    user.errors = [error for error in user.errors if "ERR_CONNECTION_RESET" not in error]


def test_an_upload_can_be_cancelled(user: BrowserUser, clip: bytes) -> None:
    page = user.page
    page.route("**/uploads/**", lambda _: None)  # a network so slow that nothing arrives
    user.upload(video("regretted.mp4", clip))
    page.get_by_role("button", name="Cancel regretted.mp4").click()
    expect(page.get_by_text("Cancelled")).to_be_visible()
    page.get_by_role("button", name="Remove regretted.mp4 from the list").click()
    expect(page.get_by_text("No analyses yet")).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")


def test_the_apis_rejection_is_shown(user: BrowserUser, tmp_path: Path) -> None:
    large = tmp_path / "large.mp4"
    large.touch()
    os.truncate(large, MAX_UPLOAD_BYTES + 1)
    user.upload(large)
    expect(user.page.get_by_role("main").get_by_role("alert")).to_contain_text(str(MAX_UPLOAD_BYTES))
    user.ignore_http_errors(413)


def test_a_rejected_file_can_be_replaced(user: BrowserUser, clip: bytes) -> None:
    """The file name is a video's, so only the server can reject it."""
    page = user.page
    user.upload(video("words.mp4", b"words, and nothing but words"))
    expect(page.get_by_role("main").get_by_role("alert")).to_contain_text("video")
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose another file").click()
    chooser.value.set_files([video("talk.mp4", clip)])
    expect(page.get_by_text("words.mp4")).to_have_count(0)
    expect(page.get_by_text("overall")).to_be_visible(timeout=DONE)
    assert user.rows() == ["talk.mp4"]
    user.ignore_http_errors(400)


def test_a_failed_analysis_is_explained_and_not_charged(user: BrowserUser, clip: bytes) -> None:
    """The file starts like a video, so only the engine can reject it."""
    broken = clip[:64] + bytes(2000)
    user.upload(video("broken.mp4", broken))
    expect(user.page.get_by_text("You were not charged.")).to_be_visible(timeout=DONE)
    expect(user.page.get_by_role("button", name="Choose another file")).to_be_visible()
    user.page.reload()
    expect(user.page.get_by_text("0 of 10,000 analyses used this month")).to_be_visible()
    user.page.get_by_role("radio", name="Completed").check(force=True)
    expect(user.page.get_by_text("No analyses with this status")).to_be_visible()
    user.page.get_by_role("radio", name="Failed").check(force=True)
    user.page.get_by_role("link", name="broken.mp4").click()
    with user.page.expect_file_chooser() as chooser:
        user.page.get_by_role("button", name="Choose another file").click()
    chooser.value.set_files([video("intact.mp4", clip)])
    user.page.wait_for_url("**/dashboard/")
    expect(user.page.get_by_text("overall")).to_be_visible(timeout=DONE)


def test_a_deleted_analysis_can_be_restored(user: BrowserUser, clip: bytes) -> None:
    page = user.page
    user.upload(video("keep me.mp4", clip))
    expect(page.get_by_text("overall")).to_be_visible(timeout=DONE)
    page.get_by_role("button", name="Delete keep me.mp4").click()
    expect(page.get_by_text("No analyses yet")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="keep me.mp4")).to_be_visible()
