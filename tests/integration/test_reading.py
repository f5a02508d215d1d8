"""Reads by owner: uploads, lists of analyses, results and progress."""

import pytest

from common.analyses import FAILED, QUEUED
from lambdas.core.analyses import deletion, queries, transitions
from lambdas.core.aws import clients
from lambdas.core.errors import (
    TIMED_OUT,
    BadRequestError,
    NotAVideoError,
    NotFinishedError,
    NotFoundError,
    NotUploadedError,
    UploadExpiredError,
)
from lambdas.core.uploads import uploads
from tests.integration.cloud import MEDIA, RESULTS, VIDEO, Cloud


def test_other_owners_see_nothing(cloud: Cloud) -> None:
    record = cloud.completed("alice")
    for analysis_id in (record.id, "x", "../alice", "a" * 26):
        with pytest.raises(NotFoundError):
            queries.get("mallory", analysis_id)
        with pytest.raises(NotFoundError):
            deletion.delete("mallory", analysis_id, cloud.now)
    for key in (record.object_key, "uploads/alice/../x.mp4", "drop/mallory/x.mp4", f"uploads/mallory/{'a' * 32}.exe"):
        with pytest.raises(NotFoundError):
            uploads.check("mallory", key)
    assert queries.page("mallory").records == []


def test_an_upload_must_exist_and_be_a_video(cloud: Cloud) -> None:
    made = uploads.create("alice", ".mp4", now=cloud.now)
    with pytest.raises(NotUploadedError):
        uploads.check("alice", made.key)
    for body in (b"", b"MZ\x90\0 a program", b"<html>" + VIDEO):
        clients.s3().put_object(Bucket=MEDIA, Key=made.key, Body=body)
        with pytest.raises(NotAVideoError):
            uploads.check("alice", made.key)


def test_the_refusal_of_a_file_names_its_actual_type(cloud: Cloud) -> None:
    made = uploads.create("alice", ".mp4", now=cloud.now)
    found = {
        b"%PDF-1.7 ...": "Its content looks like a PDF document",
        b"<!doctype html><title>403": "Its content looks like a web page",
        bytes(5000): "Its content looks like an incomplete copy filled with zeros",
        b"MZ\x90\0 a program": "a readable video or audio file. Re-export it as MP4, WebM, MP3 or WAV.",
    }
    for body, words in found.items():
        clients.s3().put_object(Bucket=MEDIA, Key=made.key, Body=body)
        with pytest.raises(NotAVideoError) as caught:
            uploads.check("alice", made.key)
        assert words in caught.value.detail


def test_an_upload_must_have_been_registered(cloud: Cloud) -> None:
    """A well-formed key is not enough, as it would not count as a pending upload."""
    key = f"uploads/alice/{'a' * 32}.mp4"
    clients.s3().put_object(Bucket=MEDIA, Key=key, Body=VIDEO)
    with pytest.raises(UploadExpiredError):
        cloud.start("alice", key)
    assert cloud.used("alice") == 0


def test_the_content_type_follows_the_content_not_the_name(cloud: Cloud) -> None:
    key = cloud.upload("alice", b"\x1a\x45\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1f\x42\x82\x84webm")
    record = cloud.start("alice", key)
    cloud.run_stream()
    (made,) = cloud.endpoint.invocations
    assert (made.content_type, made.input_location) == ("video/webm", f"s3://{MEDIA}/inputs/{record.id}/1.webm")


def test_pages_list_every_analysis_once(cloud: Cloud) -> None:
    made = []
    for number in range(7):
        cloud.advance(seconds=1)
        record = cloud.queued()
        if number % 2:
            transitions.fail(record, TIMED_OUT, cloud.now)
        made.append(record.id)
    seen, cursor = [], None
    while True:
        page = queries.page("alice", cursor=cursor, limit=3)
        seen += [record.id for record in page.records]
        if (cursor := page.cursor) is None:
            break
    assert seen == made[::-1]
    assert [record.id for record in queries.page("alice", status=FAILED).records] == made[5::-2]
    first = queries.page("alice", status=QUEUED, limit=2)
    rest = queries.page("alice", status=QUEUED, limit=2, cursor=first.cursor)
    assert [record.id for record in (*first.records, *rest.records)] == made[::-2]


def test_a_cursor_never_lists_another_owners_analyses(cloud: Cloud) -> None:
    for _ in range(3):
        cloud.queued("alice")
    cursor = queries.page("alice", limit=1).cursor
    assert cursor is not None
    cloud.queued("mallory")
    assert all(record.owner == "mallory" for record in queries.page("mallory", cursor=cursor).records)
    for wrong in ("x", "Ww", "e30", "WyJBIiwiQiJd", "\N{SNOWMAN}", cursor[:-5]):
        with pytest.raises(BadRequestError):
            queries.page("alice", cursor=wrong)


def test_results_and_progress_depend_on_the_status(cloud: Cloud) -> None:
    record = cloud.processing()
    assert queries.progress(record) is None
    with pytest.raises(NotFinishedError):
        queries.result(record)
    place = {"Bucket": RESULTS, "Key": f"progress/{record.id}.1.json"}
    body = b'{"stage": "transcribing", "fraction": 0.25, "updated": "2026-11-24T12:00:00+00:00"}'
    clients.s3().put_object(**place, Body=body)
    progress = queries.progress(record)
    assert progress is not None and (progress.stage, progress.fraction) == ("transcribing", 0.25)
    clients.s3().put_object(
        Bucket=RESULTS, Key=f"progress/{record.id}.1.json", Body=body.replace(b"transcribing", b"dreaming")
    )
    assert queries.progress(record) is None  # of another version of the engine
    clients.s3().put_object(Bucket=RESULTS, Key=f"progress/{record.id}.1.json", Body=b"{")
    assert queries.progress(record) is None
    cloud.notify(cloud.success(record))
    assert queries.progress(cloud.read(record)) is None
