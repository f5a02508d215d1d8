"""Tenant isolation: no route of the app reads or changes another tenant's data."""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from fastapi.routing import APIRoute

from lambdas.api.app import APP_ONLY, SHARED
from lambdas.core.owners import api_keys
from lambdas.core.uploads import multipart
from lambdas.core.webhooks import deliveries, events
from lambdas.core.webhooks.deliveries import Attempt
from tests.integration.api_client import Caller, by_key, by_session
from tests.integration.cloud import Cloud

pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")


class Route(NamedTuple):
    method: str
    path: str
    app_only: bool

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def routes() -> Iterator[Route]:
    for routers, app_only in ((SHARED, False), (APP_ONLY, True)):
        for router in routers:
            for route in router.routes:
                assert isinstance(route, APIRoute)
                yield from (Route(method, route.path, app_only) for method in sorted(route.methods or ()))


class Belongings:
    """Alice's data, with the identifiers that mallory tries."""

    def __init__(self, cloud: Cloud) -> None:
        done = cloud.completed("alice")
        self.analysis = done.id
        self.used_key = str(done.object_key)
        self.upload = cloud.upload("alice")
        self.upload_id = self.upload.rpartition("/")[2].partition(".")[0]
        self.parts = multipart.create("alice", ".mp4", 100, now=cloud.now).key
        self.key = api_keys.create("alice", "hers", cloud.now).record.id
        event = events.test_event("alice", cloud.now).model_copy(update={"url": "https://hooks.example.com/"})
        deliveries.record(event, Attempt(1, cloud.now, 0.1, "https://hooks.example.com", 500, "http-status"))
        self.delivery = deliveries.delivery_id(event, 1)


Body = Callable[[Belongings], dict[str, Any]]
ETAG = {"partNumber": 1, "etag": '"9b2cf535f27731c974343645a3985328"'}

# Routes with an identifier in the body: the body that mallory sends, and the expected status.
NAMED_IN_BODY: dict[str, tuple[Body, int]] = {
    "POST /sentiment-inference": (lambda hers: {"key": hers.upload}, 404),
    "POST /multipart-uploads/parts": (lambda hers: {"key": hers.parts, "partNumbers": [1]}, 404),
    "POST /multipart-uploads/complete": (lambda hers: {"key": hers.parts, "parts": [ETAG]}, 404),
    "POST /multipart-uploads/abort": (
        lambda hers: {"key": hers.parts},
        204,
    ),  # same as for a missing upload: does nothing
}
# Valid bodies. Routes without an identifier must work with them, and return only mallory's data.
OWN: dict[str, Any] = {
    "POST /upload-url": {"fileType": ".mp4"},
    "POST /multipart-uploads": {"fileType": ".mp4", "fileSize": 10},
    "GET /analyses": None,
    "POST /analyses/{id}/shares": {},
    "PUT /analyses/{id}/people": {"names": {"S1": "his"}},
    "GET /uploads": None,
    "GET /usage": None,
    "GET /audit-log": None,
    "GET /webhook/deliveries": None,
    "GET /example": None,
    "DELETE /example": None,
    "POST /example/restore": None,
    "GET /keys": None,
    "POST /keys": {"name": "his"},
    "GET /webhook": None,
    "PUT /webhook": {"url": "https://mallory.example.com/"},
    "DELETE /webhook": None,
    "POST /webhook/secret": None,
    "POST /webhook/test": None,
    "GET /account/people": None,
    "PUT /account/people": {"lawfulBasisConfirmed": True},
    "GET /account/upload-terms": None,
    "POST /account/upload-terms": None,
    "POST /account/sign-out": None,
    "DELETE /account": None,
}


def test_no_route_reaches_another_tenants_data(cloud: Cloud) -> None:
    hers = Belongings(cloud)
    before = cloud.items("alice")
    key = by_key(cloud, "mallory")
    tried = 0
    for route in routes():
        for mallory in callers(route, key):
            response = attack(mallory, route, hers)
            tried += 1
            assert hers.analysis not in response, route.name
            assert hers.key not in response, route.name
            assert hers.delivery not in response, route.name
            assert hers.upload_id not in response.replace(hers.upload, ""), route.name
            assert "alice" not in response.replace(hers.parts, "").replace(hers.upload, ""), route.name
            assert cloud.items("alice") == before, f"{route.name} changed alice's data"
    assert tried > 30


def callers(route: Route, key: Caller) -> Iterator[Caller]:
    ends = {"DELETE /account": "mallory-at-the-end", "POST /account/sign-out": "mallory-signed-out"}
    yield by_session(ends.get(route.name, "mallory"))
    if not route.app_only:
        yield key


def attack(mallory: Caller, route: Route, hers: Belongings) -> str:
    """Send a request with alice's identifiers to a route; return the response's text, which must reveal nothing."""
    if "{" in route.path:
        named = {"keys": hers.key, "uploads": hers.upload_id, "webhook": hers.delivery}
        ids = named.get(route.path.split("/")[1], hers.analysis)
        response = mallory.request(route.method, re.sub(r"\{\w+\}", ids, route.path), OWN.get(route.name))
        assert response.status == 404, f"{route.name} returns {response.status}"
        return response.text
    if route.name in NAMED_IN_BODY:
        body, status = NAMED_IN_BODY[route.name]
        response = mallory.request(route.method, route.path, body(hers))
        assert response.status == status, f"{route.name} returns {response.status}"
        return response.text
    assert route.name in OWN, f"add {route.name} to this test"
    response = mallory.request(route.method, route.path, OWN[route.name])
    assert response.status < 300 or (route.name, response.status) == ("POST /webhook/test", 409), route.name
    return response.text


def test_another_tenants_cursor_lists_only_own_analyses(cloud: Cloud) -> None:
    for _ in range(2):
        cloud.queued("alice")
    cursor = by_session("alice").get("/analyses", query={"limit": "1"}).json()["cursor"]
    mine = cloud.queued("mallory").id
    response = by_session("mallory").get("/analyses", query={"cursor": cursor})
    assert {found["id"] for found in response.json()["analyses"]} <= {mine}


def test_credentials_are_valid_at_their_own_entry_point_only(cloud: Cloud) -> None:
    key, session = by_key(cloud, "alice"), by_session("alice")
    assert Caller("/app", key.headers).get("/usage").status == 401
    assert Caller("/api", claims=session.claims).get("/usage").status == 401
    for route in routes():
        if route.app_only:
            path = re.sub(r"\{\w+\}", "x", route.path)
            response = key.request(route.method, path, OWN.get(route.name))
            assert (response.status, response.json()["code"]) == (404, "no-route"), route.name


def test_every_route_requires_its_scope(cloud: Cloud) -> None:
    """A key with only `read` can change nothing, and one with only `analyze` can read nothing."""
    for scope, other in (("read", "analyze"), ("analyze", "read")):
        narrow = by_key(cloud, "alice", scopes=[scope])
        for route in routes():
            if not route.app_only:
                response = narrow.request(route.method, re.sub(r"\{\w+\}", "x", route.path), OWN.get(route.name))
                needed = "read" if route.method == "GET" else "analyze"
                refused = response.status == 403 and response.json()["code"] == "insufficient-scope"
                assert refused == (needed == other), (route.name, response)


def test_every_route_requires_credentials(cloud: Cloud) -> None:
    token = by_key(cloud, "alice").headers["Authorization"]
    half = token.rpartition("_")[0]
    strangers = [
        Caller("/api"),
        Caller("/app"),
        Caller("/app", claims={"sub": "alice", "token_use": "access"}),
        Caller("/app", claims={"sub": "../alice", "token_use": "id"}),
        Caller("/app", claims={"token_use": "id"}),
        Caller("/api", {"Authorization": half + "_" + "0" * 48}),
        Caller("/api", {"Authorization": half}),
        Caller("/api", {"Authorization": token.replace("Bearer", "Basic")}),
        Caller("/api", {"Authorization": "Bearer  "}),
        Caller("/api", {"Authorization": f"{token}\u00e4"}),
    ]
    for route in routes():
        for stranger in strangers:
            response = stranger.request(route.method, re.sub(r"\{\w+\}", "x", route.path))
            assert response.status == 401, (route.name, stranger, response)
            assert response.headers["www-authenticate"] == "Bearer"


def test_a_truncated_key_gets_a_hint_and_a_wrong_one_does_not(cloud: Cloud) -> None:
    token = by_key(cloud, "alice").headers["Authorization"]
    wrong = token[:-1] + ("0" if token[-1] != "0" else "1")
    responses_by_header = {
        header: Caller("/api", {"Authorization": header}).get("/usage") for header in (token[:-1], "x", wrong)
    }
    assert [api_keys.KEY_FORMAT_HINT in response.text for response in responses_by_header.values()] == [
        True,
        True,
        False,
    ]
    assert len(token.removeprefix("Bearer ")) == 76  # the length given in the hint
