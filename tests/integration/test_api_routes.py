"""The API's routes, by an API key and by a session, in the emulator."""

import csv
import io
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from lambdas.core.settings import settings
from model.contract import Analysis
from tests.integration.api_client import PROBLEM, Answer, Caller, by_key, by_session
from tests.integration.cloud import MEDIA, RESULTS, VIDEO, Cloud, result

DOORS = ("key", "session")
PART = 5 << 20  # the smallest that S3 takes, but for the last


pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")


@pytest.fixture
def alice(cloud: Cloud, request: pytest.FixtureRequest) -> Caller:
    """A program of an owner's; the same owner in the web app where a test is for both doors."""
    return by_session("alice") if getattr(request, "param", "") == "session" else by_key(cloud, "alice")


both_doors = pytest.mark.parametrize("alice", DOORS, indirect=True)


def put(url: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
    return httpx.put(url, content=body, headers=headers, trust_env=False)


def uploaded(caller: Caller, body: bytes = VIDEO) -> str:
    """A video, uploaded as a client does it."""
    made = caller.post("/upload-url", {"fileType": ".mp4"}).json()
    assert put(made["url"], body, made["headers"]).status_code == 200
    return str(made["key"])


def started(caller: Caller, key: str) -> Answer:
    return caller.post("/sentiment-inference", {"key": key}, headers={"Prefer": "respond-async"})


def problem(answer: Answer, status: int, code: str) -> dict[str, object]:
    """An answer that must be this problem."""
    assert (answer.status, answer.headers["content-type"]) == (status, PROBLEM), answer
    document = dict(answer.json())
    assert document["code"] == code, document
    assert document["type"] == f"urn:video-sentiment:problem:{code}"
    assert document["status"] == status
    assert document["error"] == document["detail"] != ""
    assert document["requestId"]
    return document


@both_doors
def test_from_the_upload_to_the_result(cloud: Cloud, alice: Caller) -> None:
    made = alice.post("/upload-url", {"fileType": ".mp4"})
    assert made.status == 200
    assert set(made.json()) == {"url", "fileId", "fileType", "key", "headers", "expiresIn"}
    assert made.json()["key"] == f"uploads/alice/{made.json()['fileId']}.mp4"
    assert (made.json()["fileType"], made.json()["expiresIn"]) == (".mp4", 900)
    assert put(made.json()["url"], VIDEO, made.json()["headers"]).status_code == 200

    accepted = started(alice, made.json()["key"])
    assert accepted.status == 202
    assert set(accepted.json()) == {"id", "status", "statusUrl"}
    assert accepted.json()["status"] == "queued"
    assert accepted.json()["statusUrl"] == f"https://test.example/api/analyses/{accepted.json()['id']}"
    assert accepted.headers["location"] == accepted.json()["statusUrl"]
    assert int(accepted.headers["retry-after"]) > 0

    path = f"/analyses/{accepted.json()['id']}"
    cloud.flow()
    assert alice.get(path).json()["status"] == "processing"
    cloud.hear(cloud.success(cloud.records("alice")[0]))
    detail = alice.get(path).json()
    assert detail["status"] == "completed"
    assert Analysis.model_validate(detail["analysis"]) == result()
    assert Analysis.model_validate_json(httpx.get(detail["resultUrl"], trust_env=False).text) == result()

    # Asked again, it answers as existing clients expect, at once and without a charge.
    answer = alice.post("/sentiment-inference", {"key": made.json()["key"]})
    assert answer.status == 200
    assert list(answer.json()) == ["analysis"]
    utterance = answer.json()["analysis"]["utterances"][0]
    assert {"start_time", "end_time", "text", "emotions", "sentiments"} <= set(utterance)
    assert set(utterance["emotions"][0]) == {"label", "confidence"}
    assert cloud.used("alice") == 1


def test_a_request_waits_for_its_analysis(cloud: Cloud, alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    key = uploaded(alice)

    def finish(_seconds: float) -> None:
        cloud.flow()
        cloud.hear(cloud.success(cloud.records("alice")[0]))

    monkeypatch.setattr("lambdas.api.long_poll.time.sleep", finish)
    answer = alice.post("/sentiment-inference", {"key": key})
    assert (answer.status, list(answer.json())) == (200, ["analysis"])


def test_a_request_waits_only_so_long(alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAIT_SECONDS", "0.3")
    settings.cache_clear()
    answer = alice.post("/sentiment-inference", {"key": uploaded(alice)})
    assert (answer.status, answer.json()["status"]) == (202, "queued")


def test_a_failure_while_waiting_is_a_problem_and_is_not_charged(cloud: Cloud, alice: Caller) -> None:
    key = uploaded(alice)
    started(alice, key)
    cloud.flow()
    record = cloud.records("alice")[0]
    cloud.hear(cloud.failure(record, b'{"type": "urn:video-sentiment:problem:too-long", "detail": "too long"}'))
    detail = alice.get(f"/analyses/{record.id}").json()
    assert detail["status"] == "failed"
    assert set(detail["error"]) == {"code", "message"}
    assert alice.get("/usage").json()["used"] == 0
    problem(alice.get(f"/analyses/{record.id}", query={"format": "csv"}), 409, "not-finished")

    retried = alice.post(f"/analyses/{record.id}/retry")
    assert (retried.status, retried.json()["status"], retried.json()["attempt"]) == (202, "queued", 2)
    assert alice.get("/usage").json()["used"] == 1
    cloud.flow()
    cloud.hear(cloud.failure(cloud.records("alice")[0]))
    answer = alice.post("/sentiment-inference", {"key": key}, headers={"Prefer": "respond-async"})
    assert (answer.status, answer.json()["status"]) == (202, "queued"), "asking again is another attempt"


def test_what_fails_while_a_request_waits_says_why(
    cloud: Cloud, alice: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = uploaded(alice)

    def fail(_seconds: float) -> None:
        cloud.flow()
        cloud.hear(cloud.failure(cloud.records("alice")[0]))

    monkeypatch.setattr("lambdas.api.long_poll.time.sleep", fail)
    document = problem(alice.post("/sentiment-inference", {"key": key}), 502, "analysis-failed")
    assert document["reason"] == "inference-failed"
    assert document["id"] == cloud.records("alice")[0].id


@both_doors
def test_an_analysis_is_exported(cloud: Cloud, alice: Caller) -> None:
    path = f"/analyses/{cloud.completed('alice').id}"
    table = alice.get(path, query={"format": "csv"})
    assert (table.status, table.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert [row["text"] for row in csv.DictReader(io.StringIO(table.text))] == ["hello"]
    assert table.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
    assert alice.get(path, query={"format": "srt"}).text.startswith("1\n00:00:00,000 --> 00:00:02,000\n[joy] hello")
    assert alice.get(path, headers={"Accept": "text/vtt;q=0.9, text/html"}).text.startswith("WEBVTT")
    assert alice.get(path, headers={"Accept": "text/csv;q=0.1, application/json"}).json()["status"] == "completed"
    assert alice.get(path, headers={"Accept": "text/html, */*"}).json()["status"] == "completed"


def test_a_result_that_is_too_long_for_an_answer_is_fetched_by_its_url(
    cloud: Cloud, alice: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = cloud.completed("alice")
    monkeypatch.setattr("lambdas.api.results.MAX_ANSWER", 2000)
    detail = alice.get(f"/analyses/{record.id}").json()
    assert detail["analysis"] is None
    assert Analysis.model_validate_json(httpx.get(detail["resultUrl"], trust_env=False).text) == result()
    answer = alice.post("/sentiment-inference", {"key": record.object_key})
    assert (answer.status, answer.json()["status"]) == (202, "completed")


def test_progress_is_told_while_it_is_processed(cloud: Cloud, alice: Caller) -> None:
    record = cloud.processing("alice")
    path = f"/analyses/{record.id}"
    assert alice.get(path).json()["progress"] is None
    told = b'{"stage": "transcribing", "fraction": 0.4, "updated": "2026-11-24T12:00:00+00:00"}'
    cloud.emulator.client("s3").put_object(Bucket=RESULTS, Key=f"progress/{record.id}.1.json", Body=told)
    progress = alice.get(path).json()["progress"]
    assert (progress["stage"], progress["fraction"]) == ("transcribing", 0.4)


@both_doors
def test_analyses_are_listed_page_by_page(cloud: Cloud, alice: Caller) -> None:
    done = cloud.completed("alice").id  # first: the others hold the place at the endpoint
    made = []
    for _ in range(5):
        cloud.later(seconds=1)
        made.append(cloud.queued("alice").id)
    cloud.queued("bob")
    listed, cursor = [], None
    for expected in (2, 2, 2):
        page = alice.get("/analyses", query={"limit": "2", **({"cursor": cursor} if cursor else {})}).json()
        assert len(page["analyses"]) == expected
        listed += [found["id"] for found in page["analyses"]]
        cursor = page["cursor"]
    assert listed == [*reversed(made), done]
    assert cursor is None or alice.get("/analyses", query={"cursor": cursor}).json()["analyses"] == []
    times = [found["createdAt"] for found in alice.get("/analyses").json()["analyses"]]
    assert all(newer >= older for newer, older in pairwise(times))
    completed = alice.get("/analyses", query={"status": "completed"}).json()["analyses"]
    assert [found["id"] for found in completed] == [done]
    assert completed[0]["summary"]["emotions"][0]["label"] == "joy"


@both_doors
def test_a_deleted_analysis_can_be_restored_until_it_is_purged(cloud: Cloud, alice: Caller) -> None:
    record = cloud.completed("alice")
    path = f"/analyses/{record.id}"
    deleted = alice.delete(path)
    assert deleted.status == 200
    assert deleted.json()["restorableUntil"] == (cloud.now + timedelta(seconds=600)).isoformat().replace("+00:00", "Z")
    problem(alice.get(path), 404, "not-found")
    assert alice.get("/analyses").json()["analyses"] == []
    assert alice.post(f"{path}/restore").json()["status"] == "completed"
    assert alice.get(path).json()["analysis"] is not None
    alice.delete(path)
    cloud.later(seconds=601)
    cloud.sweep()
    problem(alice.post(f"{path}/restore"), 409, "deleted")
    assert cloud.versions(MEDIA) == []


@both_doors
def test_usage_says_what_is_left(cloud: Cloud, alice: Caller) -> None:
    cloud.completed("alice")
    usage = alice.get("/usage").json()
    assert (usage["used"], usage["limit"], usage["left"], usage["plan"]) == (1, 10_000, 9_999, "free")
    assert usage["days"] == [{"date": "2026-11-24", "requests": 1}]
    assert (usage["month"], usage["resetsAt"], usage["minutes"]) == ("2026-11", "2026-12-01T00:00:00Z", 1.5)
    assert alice.get("/usage", query={"month": "2026-10"}).json()["used"] == 0


@both_doors
def test_over_the_quota(cloud: Cloud, alice: Caller) -> None:
    key = uploaded(alice)
    cloud.use("alice", 10_000)
    answer = started(alice, key)
    document = problem(answer, 429, "quota-exceeded")
    assert (document["limit"], document["used"], document["remaining"]) == (10_000, 10_000, 0)
    assert document["resetsAt"] == "2026-12-01T00:00:00.000Z"
    assert int(answer.headers["retry-after"]) == 6.5 * 86_400


@both_doors
def test_a_video_in_parts(alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lambdas.core.uploads.multipart.PART_BYTES", PART)
    body = VIDEO + bytes(PART)
    made = alice.post("/multipart-uploads", {"fileType": ".mp4", "fileSize": len(body)})
    assert (made.status, made.json()["parts"], made.json()["partSize"]) == (201, 2, PART)
    key = made.json()["key"]
    signed = alice.post("/multipart-uploads/parts", {"key": key, "partNumbers": [1, 2]}).json()
    parts = []
    for part, piece in zip(signed["parts"], (body[:PART], body[PART:]), strict=True):
        etag = put(part["url"], piece, {}).headers["etag"]
        parts.append({"partNumber": part["partNumber"], "etag": etag})
    wrong = [{**parts[0], "etag": '"00000000000000000000000000000000"'}, parts[1]]
    problem(alice.post("/multipart-uploads/complete", {"key": key, "parts": wrong}), 400, "bad-request")
    for _ in range(2):
        assert alice.post("/multipart-uploads/complete", {"key": key, "parts": parts}).json() == {"key": key}
    assert started(alice, key).status == 202


def test_a_video_in_parts_is_given_up(cloud: Cloud, alice: Caller) -> None:
    key = alice.post("/multipart-uploads", {"fileType": ".mp4", "fileSize": PART}).json()["key"]
    for _ in range(2):
        answer = alice.post("/multipart-uploads/abort", {"key": key})
        assert (answer.status, answer.text) == (204, "")
    problem(alice.post("/multipart-uploads/parts", {"key": key, "partNumbers": [1]}), 404, "not-found")
    assert cloud.outstanding("alice") == 0


def test_the_video_is_played(cloud: Cloud, alice: Caller) -> None:
    record = cloud.completed("alice")
    found = alice.get(f"/analyses/{record.id}/video").json()
    assert (found["contentType"], found["expiresIn"]) == ("video/mp4", 900)
    assert httpx.get(found["url"], trust_env=False).content == VIDEO


def test_a_given_name_is_what_lists_show(cloud: Cloud, alice: Caller) -> None:
    key = uploaded(alice)
    alice.post("/sentiment-inference", {"key": key, "fileName": "Größe.mp4"}, headers={"Prefer": "respond-async"})
    found = alice.get("/analyses").json()["analyses"][0]
    assert found["fileName"] == "Größe.mp4"
    cloud.flow()
    cloud.hear(cloud.success(cloud.records("alice")[0]))
    answer = alice.get(f"/analyses/{found['id']}", query={"format": "csv"})
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe.csv"


def test_a_size_that_was_said_is_bound(alice: Caller) -> None:
    made = alice.post("/upload-url", {"fileType": "MOV", "fileSize": len(VIDEO)}).json()
    assert made["headers"] == {"Content-Type": "video/quicktime", "Content-Length": str(len(VIDEO))}
    assert "content-length" in made["url"]
    assert Path(made["key"]).suffix == made["fileType"] == ".mov"
