"""Invalid requests: the response is always a problem with the reason, never a 5xx."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.api.entry_points import MAX_BODY
from lambdas.core.aws import clients
from lambdas.core.settings import settings as lambda_settings
from tests.integration.api_client import Caller, Response, by_session, call, proxy_event
from tests.integration.cloud import MEDIA, VIDEO, Cloud
from tests.integration.test_api_routes import problem, started, uploaded

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")

FILE_ID = "5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4"
TYPE_TRICKS = [
    *("../../etc/passwd", ".mp4/../../x", "/etc/passwd", "mp4\0", "..", ".", " ", "%2e%2e%2f"),
    *(".exe", ".m3u8", "video/mp4", ".mp4.html", "\u202e4pm", "\U0001f600", "MP４"),
]
KEY_TRICKS = [
    f"uploads/mallory/../alice/{FILE_ID}.mp4",
    f"uploads/alice/../mallory/{FILE_ID}.mp4",
    f"uploads/mallory/{FILE_ID}.mp4/../../alice/x.mp4",
    f"uploads//mallory/{FILE_ID}.mp4",
    f"/uploads/mallory/{FILE_ID}.mp4",
    f"uploads/mallory/{FILE_ID}.mp4\0",
    f"uploads/mallory/{FILE_ID}.mp4\n",
    f"uploads/mallory/{FILE_ID.upper()}.mp4",
    f"uploads/mallory/{FILE_ID}.exe",
    f"uploads%2Fmallory%2F{FILE_ID}.mp4",
    f"drop/mallory/{FILE_ID}.mp4",
    "inputs/aaaaaaaaaaaaaaaaaaaaaaaaaa/1.mp4",
    "uploads/mallory/",
    "\ud83d\ude00",
    "s3://media-test/uploads/mallory/x.mp4",
]


@pytest.fixture
def mallory(cloud: Cloud) -> Caller:  # noqa: ARG001  (deployed for the requests)
    return by_session("mallory")


def test_only_supported_file_types_are_accepted(cloud: Cloud, mallory: Caller) -> None:
    for trick in TYPE_TRICKS:
        for path, more in (("/upload-url", {}), ("/multipart-uploads", {"fileSize": 10})):
            problem(mallory.post(path, {"fileType": trick, **more}), 400, "unsupported-type")
    for wrong in ("", "x" * 17, None, 4, [".mp4"]):
        problem(mallory.post("/upload-url", {"fileType": wrong}), 422, "invalid-request")
    assert cloud.outstanding("mallory") == 0


def test_forged_keys_are_refused(cloud: Cloud, mallory: Caller) -> None:
    clients.s3().put_object(Bucket=MEDIA, Key=f"uploads/alice/{FILE_ID}.mp4", Body=VIDEO)
    for trick in KEY_TRICKS:
        problem(started(mallory, trick), 404, "not-found")
        problem(mallory.post("/multipart-uploads/parts", {"key": trick, "partNumbers": [1]}), 404, "not-found")
        assert mallory.post("/multipart-uploads/abort", {"key": trick}).status == 204
    assert cloud.keys(MEDIA) == [f"uploads/alice/{FILE_ID}.mp4"]
    problem(started(mallory, f"uploads/mallory/{FILE_ID}.mp4"), 409, "not-uploaded")


def test_sizes(cloud: Cloud, mallory: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    problem(mallory.post("/upload-url", {"fileType": ".mp4", "fileSize": 10**9 + 1}), 413, "too-large")
    problem(mallory.post("/multipart-uploads", {"fileType": ".mp4", "fileSize": 10**400}), 413, "too-large")
    for size in (0, -1, 1.5, "many", True, "10"):
        problem(mallory.post("/upload-url", {"fileType": ".mp4", "fileSize": size}), 422, "invalid-request")
    key = uploaded(mallory)
    monkeypatch.setenv("MAX_UPLOAD_BYTES", str(len(VIDEO) - 1))
    lambda_settings.cache_clear()
    problem(started(mallory, key), 413, "too-large")
    assert cloud.records("mallory") == []


def test_the_uploaded_file_must_be_a_video(mallory: Caller) -> None:
    for body in (b"", b"#!/bin/sh\n", b"#EXTM3U\nhttp://169.254.169.254/", b"\0" * 100):
        problem(started(mallory, uploaded(mallory, body)), 400, "not-a-video")


def test_uploads_are_bounded(mallory: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_OUTSTANDING_UPLOADS", "2")
    lambda_settings.cache_clear()
    responses = [mallory.post("/upload-url", {"fileType": ".mp4"}) for _ in range(3)]
    assert [response.status for response in responses] == [200, 200, 429]
    assert problem(responses[-1], 429, "too-many-uploads")["limit"] == 2
    assert int(responses[-1].headers["retry-after"]) > 0


def send(body: str | None, content_type: str | None = "application/json", base64: bool = False) -> Response:
    headers = {} if content_type is None else {"Content-Type": content_type}
    claims = {"sub": "mallory", "token_use": "id"}
    event = proxy_event("POST", "/app/upload-url", body, headers, {}, claims)
    return call({**event, "isBase64Encoded": base64})


def test_bodies_must_be_json_of_limited_size(mallory: Caller) -> None:  # noqa: ARG001
    good = json.dumps({"fileType": ".mp4"})
    assert send(good).status == 200
    assert send(good, "application/json; charset=utf-8").status == 200
    assert send("eyJmaWxlVHlwZSI6ICIubXA0In0=", base64=True).status == 200
    for content_type in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", None):
        problem(send(good, content_type), 415, "not-json")
    problem(send(" " * MAX_BODY + good), 413, "body-too-large")
    for body in ("{", "", "nul", "[1,]", '{"fileType": ".mp4"', "[" * 5000, "NaN", "1" * 5000):
        assert send(body).status in (400, 422), body
        assert send(body).headers["content-type"] == "application/problem+json"
    for body in ("[]", "null", "1", '"x"', "{}", '{"fileType": null}', '{"fileType": {"$gt": ""}}'):
        problem(send(body), 422, "invalid-request")


def test_a_problem_names_the_field_but_not_its_value(mallory: Caller) -> None:
    response = mallory.post("/multipart-uploads/parts", {"key": "k", "partNumbers": [1, "my-password"]})
    document = problem(response, 422, "invalid-request")
    assert document["errors"][0]["field"] == "partNumbers.1"  # type: ignore[index]
    assert "my-password" not in response.text


def test_unknown_routes(mallory: Caller) -> None:
    tricks = ("/upload-url/", "//upload-url", "/../app/usage", "/analyses/x/y/z", "/openapi.json")
    for path in ("/nothing", "/", "", *tricks):
        problem(mallory.get(path), 404, "no-route")
    for path in ("/usage", "/application/usage", "/apiusage", "/", ""):
        problem(call(proxy_event("GET", path or "/", None, {}, {}, None)), 404, "no-route")
    for method, path, allowed in (
        ("GET", "/upload-url", "POST"),
        ("PATCH", "/keys", "GET, POST"),
        ("POST", f"/analyses/{'a' * 26}", "DELETE, GET"),
        ("POST", "/webhook", "DELETE, GET, PUT"),
    ):
        response = mallory.request(method, path)
        problem(response, 405, "method-not-allowed")
        assert response.headers["allow"] == allowed


def test_no_response_may_be_cached(cloud: Cloud, mallory: Caller) -> None:
    path = f"/analyses/{cloud.completed('mallory').id}"
    responses = [
        *(mallory.get(path, query=query) for query in ({}, {"format": "csv"}, {"format": "vtt"})),
        *(mallory.get(asked) for asked in ("/usage", "/keys", "/webhook", "/uploads", f"{path}/video", "/nothing")),
        *(mallory.post("/keys", {"name": "x"}), mallory.delete("/example"), mallory.post("/usage"), mallory.get("")),
        Caller("/app").get("/usage"),
    ]
    assert {response.headers.get("cache-control") for response in responses} == {"no-store"}


def test_ids_with_control_characters_are_not_found(mallory: Caller) -> None:
    for number in (*range(0x20), 0x7F, 0x85, 0xA0, 0x2028, 0xFEFF, 0x10FFFF):
        for identifier in (chr(number), f"x{chr(number)}", f"{chr(number)}x", f"{'a' * 25}{chr(number)}"):
            for path in (f"/analyses/{identifier}", f"/analyses/{identifier}/video"):
                problem(mallory.get(path), 404, "not-found")
            for path in (f"/keys/{identifier}", f"/uploads/{identifier}"):
                problem(mallory.delete(path), 404, "not-found")


def test_integers_follow_json_schema(mallory: Caller) -> None:
    assert mallory.post("/upload-url", {"fileType": ".mp4", "fileSize": 10.0}).status == 200
    assert mallory.post("/keys", {"name": "x", "expiresInDays": 3e1}).status == 201
    key = mallory.post("/multipart-uploads", {"fileType": ".mp4", "fileSize": 10}).json()["key"]
    response = mallory.post("/multipart-uploads/parts", {"key": key, "partNumbers": [1.0]})
    assert response.json()["parts"][0]["partNumber"] == 1
    for wrong in (10.5, "10", True, 1e400, None):
        problem(mallory.post("/multipart-uploads", {"fileType": ".mp4", "fileSize": wrong}), 422, "invalid-request")


def test_parameters(mallory: Caller) -> None:
    for query in ({"status": "lost"}, {"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"cursor": ""}):
        problem(mallory.get("/analyses", query=query), 422, "invalid-request")
    for cursor in ("x", "%%%", "bnVsbA", "W10", "WzEsMl0", "W1tbW1tbW1tbW1tbW1tb", "AAAA", "é"):
        problem(mallory.get("/analyses", query={"cursor": cursor}), 400, "bad-request")
    for month in ("2026-13", "2026", "1999-01", "2026-11-24", "2026-11\n"):
        problem(mallory.get("/usage", query={"month": month}), 422, "invalid-request")
    for identifier in ("x", "a" * 26, "..", "%00", "ANALYSIS%23x", "é"):
        problem(mallory.get(f"/analyses/{identifier}"), 404, "not-found")
    problem(mallory.get(f"/analyses/{'a' * 65}"), 422, "invalid-request")


# Any JSON value, including unusual code points and large numbers.
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["\ud800", ".mp4", "\0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("fileType", "fileSize", "key", "webhookUrl", "fileName", "partNumbers", "parts", "url", "name")
POSTS = (
    *("/upload-url", "/multipart-uploads", "/multipart-uploads/parts", "/multipart-uploads/complete"),
    *("/multipart-uploads/abort", "/sentiment-inference", "/keys"),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(POSTS), document=st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, anything)))
def test_no_json_causes_a_server_error(mallory: Caller, path: str, document: dict[str, Any]) -> None:
    if path == "/keys":
        document.pop("name", None)  # a valid name would create a key for each example
    response = mallory.post(path, document)
    assert response.status < 500, response
    if response.status >= 400:
        assert response.json()["error"]
