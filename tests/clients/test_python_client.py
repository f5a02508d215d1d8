"""Requests, responses and errors of the Python client, synchronous and asynchronous."""

import inspect
import json
import pickle
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from lambdas.api.schemas import examples
from tests.clients.conftest import KEY, Both
from tests.clients.server import Answer, Server, problem
from video_sentiment_client import (
    AnalysisFailedError,
    ApiError,
    AsyncClient,
    AuthenticationError,
    BadRequestError,
    Client,
    ConfigurationError,
    ConflictError,
    NetworkError,
    NotFoundError,
    PermissionDeniedError,
    QuotaExceededError,
    RateLimitError,
    ServerError,
    VideoSentimentError,
    WaitTimeoutError,
    models,
)

ID = examples.ANALYSIS_ID
ROOT = Path(__file__).parents[2]
SCHEMAS: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))["components"]["schemas"]
OURS: dict[str, type[BaseModel]] = {  # by the name in the API's description
    "AnalysisItem": models.Analysis,
    "AnalysisDetail": models.AnalysisDetail,
    "Accepted": models.StartedAnalysis,
    "Deleted": models.DeletedAnalysis,
    "PeopleEdits": models.PeopleEdits,
    "VideoUrl": models.VideoUrl,
    "ShareItem": models.Share,
    "NewShare": models.NewShare,
    "ShareList": models.Shares,
    "UploadUrl": models.UploadTicket,
    "MultipartUpload": models.MultipartTicket,
    "PartUrls": models.PartUrls,
    "PendingUploads": models.PendingUploads,
    "PendingUpload": models.PendingUpload,
    "Usage": models.Usage,
    "AuditEvent": models.AuditEvent,
    "Delivery": models.Delivery,
    "Redelivery": models.Redelivery,
    "Analysis": models.Result,
    "Utterance": models.Utterance,
    "Overall": models.Overall,
    "ModalityShare": models.ModalityResult,
    "Contribution": models.Contribution,
    "VideoInfo": models.VideoInfo,
    "ModelInfo": models.ModelInfo,
    "Summary": models.Summary,
    "Progress": models.Progress,
}
LEFT_OUT = {  # of no use to who calls the client
    "Accepted": {"statusUrl"},
    "UploadUrl": {"fileId", "fileType"},
    "MultipartUpload": {"fileId", "expiresIn"},
    "PartUrls": {"expiresIn"},
    "Usage": {"left"},  # the deprecated name of `remaining`
}


def detail(**changes: Any) -> dict[str, Any]:
    return examples.DETAIL | changes


@pytest.mark.parametrize("name", OURS)
def test_models_have_the_fields_of_the_api(name: str) -> None:
    described = SCHEMAS[name]["properties"]
    fields = {field.alias or key: field for key, field in OURS[name].model_fields.items()}
    extra = {"analysis"} if name == "Accepted" else {"remaining"} if name == "Usage" else set()
    assert set(fields) == (set(described) | extra) - LEFT_OUT.get(name, set())
    for key, field in fields.items():
        assert not field.is_required() or key in {*SCHEMAS[name].get("required", ()), *extra}, key


def test_an_answer_of_a_newer_server_is_read() -> None:
    """Fields that are new are ignored, and so are labels and modalities."""
    known = detail(somethingNew=1)
    known["analysis"] = examples.ANALYSIS | {"something_new": 1}
    assert models.AnalysisDetail.model_validate(known).result is not None
    later = {key: value for key, value in SCHEMAS["Usage"]["examples"][0].items() if key not in ("left", "remaining")}
    assert models.Usage.model_validate(later | {"remaining": 7, "left": 6}).remaining == 7
    assert models.Usage.model_validate(later | {"left": 6}).remaining == 6


def test_both_clients_have_the_same_methods() -> None:
    def signatures(kind: type) -> dict[str, list[str]]:
        members = inspect.getmembers(kind, inspect.isfunction)
        return {name: list(inspect.signature(f).parameters) for name, f in members if not name.startswith("_")}

    asynchronous = signatures(AsyncClient)
    asynchronous["close"] = asynchronous.pop("aclose")
    assert asynchronous == signatures(Client)


def test_every_request_says_who_asks(client: Both, server: Server) -> None:
    server.on(f"GET /api/analyses/{ID}", Answer(body=detail()))
    found = client.do("get", ID)
    assert found.result.utterances[0].emotion.label == "joy"
    assert found.file_name == "interview.mp4"
    (seen,) = server.seen
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert re.match(r"video-sentiment-python/\d", seen.headers["user-agent"])


def test_links_are_created_listed_and_revoked(client: Both, server: Server) -> None:
    path = f"/api/analyses/{ID}/shares"
    server.on(f"POST {path}", Answer(201, examples.NEW_SHARE))
    server.on(f"GET {path}", Answer(body={"shares": [examples.SHARE_ITEM]}))
    server.on(f"DELETE {path}/{examples.SHARE_ID}", Answer(204))
    assert client.do("share", ID).url == examples.NEW_SHARE["url"]
    client.do("share", ID, expires_in_hours=1, include_video=True)
    (found,) = client.do("shares", ID)
    client.do("revoke_share", ID, found.id)
    assert [seen.json for seen in server.seen[:2]] == [
        {"expiresInHours": 168, "includeVideo": False},
        {"expiresInHours": 1, "includeVideo": True},
    ]


def test_ids_stay_below_their_path(client: Both, server: Server) -> None:
    with pytest.raises(NotFoundError):
        client.do("get", "../usage?x=1")
    assert [seen.path for seen in server.seen] == ["/api/analyses/..%2Fusage%3Fx%3D1"]


def test_names_of_people_are_replaced_and_shown(client: Both, server: Server) -> None:
    server.on(f"PUT /api/analyses/{ID}/people", Answer(503, ""), Answer(body=examples.PEOPLE_EDITS))
    edits = client.do("edit_people", ID, names={"S1": "Anna"})
    assert edits == models.PeopleEdits(names={"S1": "Anna"})
    assert edits == models.AnalysisDetail.model_validate(detail()).people_edits
    assert [seen.json for seen in server.seen] == 2 * [{"names": {"S1": "Anna"}, "merged": {}}]
    older = {name: value for name, value in detail().items() if name != "peopleEdits"}
    assert models.AnalysisDetail.model_validate(older).people_edits == models.PeopleEdits()


def test_starting_sends_only_what_was_given(client: Both, server: Server) -> None:
    server.on("POST /api/sentiment-inference", Answer(202, {"id": ID, "status": "queued", "statusUrl": "x"}))
    assert client.do("start", "uploads/a/b.mp4").status == "queued"
    client.do("start", "uploads/a/b.mp4", file_name="b.mp4", webhook_url="https://example.com/", wait=99, people=False)
    first, second = server.seen
    assert (first.json, first.headers["prefer"]) == ({"key": "uploads/a/b.mp4"}, "respond-async")
    named = {"fileName": "b.mp4", "webhookUrl": "https://example.com/", "people": False}
    assert second.json == {"key": "uploads/a/b.mp4"} | named
    assert second.headers["prefer"] == "wait=25"


def test_a_result_that_comes_with_the_start_is_kept(client: Both, server: Server) -> None:
    server.on("POST /api/sentiment-inference", Answer(200, {"id": ID, "analysis": examples.ANALYSIS}))
    started = client.do("start", "uploads/a/b.mp4", wait=5)
    assert (started.id, started.status) == (ID, "completed")
    assert started.result.overall.emotions[0].label == "joy"


def test_waiting_tells_each_change_once(client: Both, server: Server) -> None:
    queued = detail(status="queued", position=2, analysis=None, resultUrl=None)
    half = {"stage": "predicting", "fraction": 0.5, "updated": examples.TIME}
    processing = queued | {"status": "processing", "position": None, "progress": half}
    answers = [queued, queued, processing, processing, detail()]
    server.on(f"GET /api/analyses/{ID}", *(Answer(body=body) for body in answers))
    told: list[tuple[str, Any]] = []
    done = client.do("wait", ID, on_update=lambda found: told.append((found.status, found.position)))
    assert told == [("queued", 2), ("processing", None), ("completed", None)]
    assert done.result.utterances


def test_waiting_ends_with_the_reason_of_a_failure(client: Both, server: Server) -> None:
    error = {"code": "unreadable-video", "message": "no track can be read"}
    server.on(f"GET /api/analyses/{ID}", Answer(body=detail(status="failed", analysis=None, error=error)))
    with pytest.raises(AnalysisFailedError, match="no track can be read") as failed:
        client.do("wait", ID)
    assert (failed.value.id, failed.value.code) == (ID, "unreadable-video")


def test_waiting_ends_in_time(client: Both, server: Server) -> None:
    queued = detail(status="queued", analysis=None, resultUrl=None)
    server.on(f"GET /api/analyses/{ID}", Answer(body=queued))
    with pytest.raises(WaitTimeoutError, match="still queued"):
        client.do("wait", ID, timeout=0.01)


def test_a_result_that_is_too_long_for_an_answer_is_fetched(client: Both, server: Server) -> None:
    body = detail(analysis=None, resultUrl=f"{server.url}/store/result.json?signature=a%2Fb")
    server.on(f"GET /api/analyses/{ID}", Answer(body=body))
    text = json.dumps(examples.ANALYSIS | {"something_new": 1})
    server.on("GET /store/result.json", Answer(body=text))
    assert client.do("wait", ID).result.language == "en"
    assert client.do("export", ID, "json") == text
    stored = server.asked("GET /store/result.json")
    assert {seen.path for seen in stored} == {"/store/result.json?signature=a%2Fb"}
    assert not any("authorization" in seen.headers for seen in stored)


def test_no_result_yet_is_a_conflict_in_every_format(client: Both, server: Server) -> None:
    queued = detail(status="queued", analysis=None, resultUrl=None)
    server.on(f"GET /api/analyses/{ID}", Answer(body=queued))
    with pytest.raises(ConflictError) as none:
        client.do("export", ID, "json")
    assert none.value.code == "not-finished"


def test_the_delivery_log_is_read_and_an_attempt_delivered_again(client: Both, server: Server) -> None:
    failed = examples.DELIVERY | {"status": None, "error": "timeout"}
    server.on("GET /api/webhook/deliveries", Answer(body={"deliveries": [examples.DELIVERY, failed], "cursor": None}))
    first, second = client.do("deliveries")
    assert (first.outcome, first.status, second.error) == ("retrying", 503, "timeout")
    line = f"POST /api/webhook/deliveries/{first.id}/redeliver"
    server.on(line, problem(503, "busy", retry_after="0"), Answer(202, {"deliveryId": second.id}))
    assert client.do("redeliver", first.id).delivery_id == second.id
    assert len(server.asked(line)) == 2, "repeating it delivers the event once"


def test_pages_are_asked_for_until_there_is_none(client: Both, server: Server) -> None:
    pages = [([examples.ITEM], "one"), ([], "two"), ([examples.ITEM], None)]
    server.on("GET /api/analyses", *(Answer(body={"analyses": a, "cursor": c}) for a, c in pages))
    assert [found.id for found in client.do("analyses", status="completed")] == [ID, ID]
    queries = [seen.path.partition("?")[2] for seen in server.seen]
    assert queries == [f"status=completed&limit=25{more}" for more in ("", "&cursor=one", "&cursor=two")]


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "bad-request", BadRequestError),
        (401, "unauthorized", AuthenticationError),
        (403, "insufficient-scope", PermissionDeniedError),
        (404, "not-found", NotFoundError),
        (409, "deleted", ConflictError),
        (413, "too-large", BadRequestError),
        (422, "invalid-request", BadRequestError),
        (429, "too-many-uploads", RateLimitError),
        (429, "quota-exceeded", QuotaExceededError),
        (500, "internal", ServerError),
    ],
)
def test_a_problem_is_an_exception_of_its_kind(
    client: Both, server: Server, status: int, code: str, kind: type[ApiError]
) -> None:
    answer = problem(status, code, detail="what is wrong", requestId="r-1", limit=5, retry_after="3600")
    server.on("GET /api/usage", answer)
    with pytest.raises(kind) as refused:
        client.do("usage")
    error = refused.value
    assert type(error) is kind
    assert (error.status, error.code, error.detail, error.request_id) == (status, code, "what is wrong", "r-1")
    assert (error.problem["limit"], error.retry_after) == (5, 3600)
    assert all(part in str(error) for part in (error.title, "what is wrong", str(status), code, "r-1"))
    assert isinstance(pickle.loads(pickle.dumps(error)), kind)


def test_what_is_no_problem_document_is_an_error_all_the_same(client: Both, server: Server) -> None:
    server.on("GET /api/usage", Answer(502, "<html>Bad gateway</html>"))
    with pytest.raises(ServerError, match="Bad Gateway"):
        client.do("usage")
    server.on("GET /api/usage", Answer(404, '["a list"]'))
    with pytest.raises(NotFoundError, match="Not Found"):
        client.do("usage")


def test_nobody_there_is_one_clear_message(server: Server) -> None:
    server.close()
    with pytest.raises(NetworkError, match=r"127\.0\.0\.1:\d+ cannot be reached"), Client(server.url, KEY) as client:
        client.usage()


@pytest.mark.parametrize("client_type", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("url", "key", "message"),
    [
        (None, KEY, "VIDEO_SENTIMENT_URL"),
        ("video.example.com", KEY, "VIDEO_SENTIMENT_URL"),
        ("https://video.example.com", None, "VIDEO_SENTIMENT_API_KEY"),
        ("https://video.example.com", "sk-123", "vs_ID_SECRET"),
        ("https://video.example.com", f"{KEY}\r\nX-Other: 1", "vs_ID_SECRET"),
        ("https://video.example.com", "vs_schlüssel_1", "vs_ID_SECRET"),
    ],
)
def test_a_wrong_address_or_key_is_said_at_once(
    client_type: Any, url: str | None, key: str | None, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIDEO_SENTIMENT_URL", raising=False)
    monkeypatch.delenv("VIDEO_SENTIMENT_API_KEY", raising=False)
    with pytest.raises(ConfigurationError, match=message) as refused:
        client_type(url, key)
    assert key is None or key not in str(refused.value)


def test_the_environment_gives_address_and_key(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEO_SENTIMENT_URL", f"{server.url}/api/")
    monkeypatch.setenv("VIDEO_SENTIMENT_API_KEY", f"{KEY}\n")
    server.on("GET /api/uploads", Answer(body={"uploads": [examples.PENDING_UPLOAD]}))
    with Client() as client:
        assert client.pending_uploads()[0].id == examples.FILE_ID


def test_every_error_has_one_base() -> None:
    kinds = [value for value in vars(__import__("video_sentiment_client")).values() if isinstance(value, type)]
    errors = [kind for kind in kinds if issubclass(kind, Exception)]
    assert len(errors) > 12
    assert all(issubclass(kind, VideoSentimentError) for kind in errors)
    assert all(kind.__doc__ for kind in kinds if issubclass(kind, BaseModel | Exception))
