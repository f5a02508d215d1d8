"""Routes of the API, with an API key and with a session."""

import csv
import io
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from lambdas.core.settings import settings
from model.contract import Analysis
from tests.integration.api_client import PROBLEM, Caller, Response, by_key, by_session
from tests.integration.cloud import MEDIA, RESULTS, VIDEO, Cloud, result

ENTRY_POINTS = ("key", "session")
PART = 5 << 20  # bytes: S3's minimum for all parts except the last


pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")


@pytest.fixture
def alice(cloud: Cloud, request: pytest.FixtureRequest) -> Caller:
    """Return a caller with an API key, or with a session where a test covers both entry points."""
    return by_session("alice") if getattr(request, "param", "") == "session" else by_key(cloud, "alice")


both_entry_points = pytest.mark.parametrize("alice", ENTRY_POINTS, indirect=True)


def put(url: str, body: bytes, headers: dict[str, str]) -> httpx.Response:
    return httpx.put(url, content=body, headers=headers, trust_env=False)


def uploaded(caller: Caller, body: bytes = VIDEO) -> str:
    """Upload a video like a client; return its key."""
    made = caller.post("/upload-url", {"fileType": ".mp4"}).json()
    assert put(made["url"], body, made["headers"]).status_code == 200
    return str(made["key"])


def started(caller: Caller, key: str) -> Response:
    return caller.post("/sentiment-inference", {"key": key}, headers={"Prefer": "respond-async"})


def problem(response: Response, status: int, code: str) -> dict[str, object]:
    """Check that a response is this problem; return its document."""
    assert (response.status, response.headers["content-type"]) == (status, PROBLEM), response
    document = dict(response.json())
    assert document["code"] == code, document
    assert document["type"] == f"urn:video-sentiment:problem:{code}"
    assert document["status"] == status
    assert document["error"] == document["detail"] != ""
    assert document["requestId"]
    return document


@both_entry_points
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
    cloud.run_stream()
    assert alice.get(path).json()["status"] == "processing"
    cloud.notify(cloud.success(cloud.records("alice")[0]))
    detail = alice.get(path).json()
    assert detail["status"] == "completed"
    assert Analysis.model_validate(detail["analysis"]) == result()
    assert Analysis.model_validate_json(httpx.get(detail["resultUrl"], trust_env=False).text) == result()

    # A repeated request returns the result at once and is not charged, as existing clients expect.
    response = alice.post("/sentiment-inference", {"key": made.json()["key"]})
    assert response.status == 200
    assert list(response.json()) == ["id", "analysis"]
    utterance = response.json()["analysis"]["utterances"][0]
    assert {"start_time", "end_time", "text", "emotions", "sentiments"} <= set(utterance)
    assert set(utterance["emotions"][0]) == {"label", "confidence"}
    assert cloud.used("alice") == 1


def test_a_request_waits_for_its_analysis(cloud: Cloud, alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    key = uploaded(alice)

    def finish(_seconds: float) -> None:
        cloud.run_stream()
        cloud.notify(cloud.success(cloud.records("alice")[0]))

    monkeypatch.setattr("lambdas.api.long_poll.time.sleep", finish)
    response = alice.post("/sentiment-inference", {"key": key})
    assert (response.status, list(response.json())) == (200, ["id", "analysis"])


def test_a_request_waits_at_most_wait_seconds(alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAIT_SECONDS", "0.3")
    settings.cache_clear()
    response = alice.post("/sentiment-inference", {"key": uploaded(alice)})
    assert (response.status, response.json()["status"]) == (202, "queued")


def test_a_failure_while_waiting_is_a_problem_and_is_not_charged(cloud: Cloud, alice: Caller) -> None:
    key = uploaded(alice)
    started(alice, key)
    cloud.run_stream()
    record = cloud.records("alice")[0]
    cloud.notify(cloud.failure(record, b'{"type": "urn:video-sentiment:problem:too-long", "detail": "too long"}'))
    detail = alice.get(f"/analyses/{record.id}").json()
    assert detail["status"] == "failed"
    assert set(detail["error"]) == {"code", "message"}
    assert alice.get("/usage").json()["used"] == 0
    problem(alice.get(f"/analyses/{record.id}", query={"format": "csv"}), 409, "not-finished")

    retried = alice.post(f"/analyses/{record.id}/retry")
    assert (retried.status, retried.json()["status"], retried.json()["attempt"]) == (202, "queued", 2)
    assert alice.get("/usage").json()["used"] == 1
    cloud.run_stream()
    cloud.notify(cloud.failure(cloud.records("alice")[0]))
    response = alice.post("/sentiment-inference", {"key": key}, headers={"Prefer": "respond-async"})
    assert (response.status, response.json()["status"]) == (202, "queued"), (
        "repeating the request starts another attempt"
    )


def test_a_failure_while_waiting_has_its_reason(cloud: Cloud, alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    key = uploaded(alice)

    def fail(_seconds: float) -> None:
        cloud.run_stream()
        cloud.notify(cloud.failure(cloud.records("alice")[0]))

    monkeypatch.setattr("lambdas.api.long_poll.time.sleep", fail)
    document = problem(alice.post("/sentiment-inference", {"key": key}), 502, "analysis-failed")
    assert document["reason"] == "inference-failed"
    assert document["id"] == cloud.records("alice")[0].id


@both_entry_points
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


def test_a_result_too_large_for_a_response_is_fetched_by_url(
    cloud: Cloud, alice: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = cloud.completed("alice")
    monkeypatch.setattr("lambdas.api.results.MAX_RESPONSE", 2000)
    detail = alice.get(f"/analyses/{record.id}").json()
    assert detail["analysis"] is None
    assert Analysis.model_validate_json(httpx.get(detail["resultUrl"], trust_env=False).text) == result()
    response = alice.post("/sentiment-inference", {"key": record.object_key})
    assert (response.status, response.json()["status"]) == (202, "completed")


def test_progress_is_reported_during_processing(cloud: Cloud, alice: Caller) -> None:
    record = cloud.processing("alice")
    path = f"/analyses/{record.id}"
    assert alice.get(path).json()["progress"] is None
    body = b'{"stage": "transcribing", "fraction": 0.4, "updated": "2026-11-24T12:00:00+00:00"}'
    cloud.emulator.client("s3").put_object(Bucket=RESULTS, Key=f"progress/{record.id}.1.json", Body=body)
    progress = alice.get(path).json()["progress"]
    assert (progress["stage"], progress["fraction"]) == ("transcribing", 0.4)


@both_entry_points
def test_analyses_are_listed_page_by_page(cloud: Cloud, alice: Caller) -> None:
    done = cloud.completed("alice").id  # first, as the others occupy the only slot
    made = []
    for _ in range(5):
        cloud.advance(seconds=1)
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


@both_entry_points
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
    cloud.advance(seconds=601)
    cloud.sweep()
    problem(alice.post(f"{path}/restore"), 409, "deleted")
    assert cloud.versions(MEDIA) == []


@both_entry_points
def test_usage_has_the_remaining_quota(cloud: Cloud, alice: Caller) -> None:
    cloud.completed("alice")
    usage = alice.get("/usage").json()
    assert (usage["used"], usage["limit"], usage["remaining"], usage["plan"]) == (1, 10_000, 9_999, "free")
    assert usage["left"] == usage["remaining"], "deprecated alias"
    assert usage["days"] == [{"date": "2026-11-24", "requests": 1}]
    assert (usage["month"], usage["resetsAt"], usage["minutes"]) == ("2026-11", "2026-12-01T00:00:00Z", 1.5)
    assert alice.get("/usage", query={"month": "2026-10"}).json()["used"] == 0


@both_entry_points
def test_over_the_quota(cloud: Cloud, alice: Caller) -> None:
    key = uploaded(alice)
    cloud.use("alice", 10_000)
    response = started(alice, key)
    document = problem(response, 429, "quota-exceeded")
    assert (document["limit"], document["used"], document["remaining"]) == (10_000, 10_000, 0)
    assert document["resetsAt"] == "2026-12-01T00:00:00.000Z"
    assert int(response.headers["retry-after"]) == 6.5 * 86_400


@both_entry_points
def test_a_multipart_upload(alice: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_multipart_upload_is_aborted(cloud: Cloud, alice: Caller) -> None:
    key = alice.post("/multipart-uploads", {"fileType": ".mp4", "fileSize": PART}).json()["key"]
    for _ in range(2):
        response = alice.post("/multipart-uploads/abort", {"key": key})
        assert (response.status, response.text) == (204, "")
    problem(alice.post("/multipart-uploads/parts", {"key": key, "partNumbers": [1]}), 404, "not-found")
    assert cloud.outstanding("alice") == 0


def test_the_video_url_serves_the_video(cloud: Cloud, alice: Caller) -> None:
    record = cloud.completed("alice")
    found = alice.get(f"/analyses/{record.id}/video").json()
    assert (found["contentType"], found["expiresIn"]) == ("video/mp4", 900)
    assert httpx.get(found["url"], trust_env=False).content == VIDEO


def test_a_given_file_name_is_listed(cloud: Cloud, alice: Caller) -> None:
    key = uploaded(alice)
    alice.post("/sentiment-inference", {"key": key, "fileName": "Größe.mp4"}, headers={"Prefer": "respond-async"})
    found = alice.get("/analyses").json()["analyses"][0]
    assert found["fileName"] == "Größe.mp4"
    cloud.run_stream()
    cloud.notify(cloud.success(cloud.records("alice")[0]))
    response = alice.get(f"/analyses/{found['id']}", query={"format": "csv"})
    assert response.headers["content-disposition"] == "attachment; filename*=UTF-8''Gr%C3%B6%C3%9Fe.csv"


def test_a_declared_size_is_enforced(alice: Caller) -> None:
    made = alice.post("/upload-url", {"fileType": "MOV", "fileSize": len(VIDEO)}).json()
    assert made["headers"] == {"Content-Type": "video/quicktime", "Content-Length": str(len(VIDEO))}
    assert "content-length" in made["url"]
    assert Path(made["key"]).suffix == made["fileType"] == ".mov"
