"""No tenant sees or touches what is another's, by any route. The table is the app's own, so no route is forgotten."""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from fastapi.routing import APIRoute

from lambdas.api.app import APP_ONLY, SHARED
from lambdas.core.owners import api_keys
from lambdas.core.uploads import multipart
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
    """What alice has: names of things that mallory will try."""

    def __init__(self, cloud: Cloud) -> None:
        done = cloud.completed("alice")
        self.analysis = done.id
        self.used_key = str(done.object_key)
        self.upload = cloud.upload("alice")
        self.upload_id = self.upload.rpartition("/")[2].partition(".")[0]
        self.parts = multipart.create("alice", ".mp4", 100, now=cloud.now).key
        self.key = api_keys.create("alice", "hers", cloud.now).record.id


Body = Callable[[Belongings], dict[str, Any]]
ETAG = {"partNumber": 1, "etag": '"9b2cf535f27731c974343645a3985328"'}

# Routes that name something in their body: what mallory sends, and what the answer must be.
NAMED_IN_BODY: dict[str, tuple[Body, int]] = {
    "POST /sentiment-inference": (lambda hers: {"key": hers.upload}, 404),
    "POST /multipart-uploads/parts": (lambda hers: {"key": hers.parts, "partNumbers": [1]}, 404),
    "POST /multipart-uploads/complete": (lambda hers: {"key": hers.parts, "parts": [ETAG]}, 404),
    "POST /multipart-uploads/abort": (lambda hers: {"key": hers.parts}, 204),  # as for what is gone: it does nothing
}
# Routes that name nothing: they must work, and speak of mallory alone.
OWN: dict[str, Any] = {
    "POST /upload-url": {"fileType": ".mp4"},
    "POST /multipart-uploads": {"fileType": ".mp4", "fileSize": 10},
    "GET /analyses": None,
    "GET /uploads": None,
    "GET /usage": None,
    "GET /audit-log": None,
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
    "POST /account/sign-out": None,
    "DELETE /account": None,
}


def test_no_route_reaches_what_is_anothers(cloud: Cloud) -> None:
    hers = Belongings(cloud)
    before = cloud.items("alice")
    tried = 0
    for route in routes():
        for mallory in callers(cloud, route):
            answer = attack(mallory, route, hers)
            tried += 1
            assert hers.analysis not in answer, route.name
            assert hers.key not in answer, route.name
            assert hers.upload_id not in answer.replace(hers.upload, ""), route.name
            assert "alice" not in answer.replace(hers.parts, "").replace(hers.upload, ""), route.name
            assert cloud.items("alice") == before, f"{route.name} changed what is alice's"
    assert tried > 30


def callers(cloud: Cloud, route: Route) -> Iterator[Caller]:
    ends = {"DELETE /account": "mallory-at-the-end", "POST /account/sign-out": "mallory-signed-out"}
    yield by_session(ends.get(route.name, "mallory"))
    if not route.app_only:
        yield by_key(cloud, "mallory")


def attack(mallory: Caller, route: Route, hers: Belongings) -> str:
    """Send a route everything of alice's that it may name; returns the answer's text, which must give nothing away."""
    if "{" in route.path:
        ids = {"keys": hers.key, "uploads": hers.upload_id}.get(route.path.split("/")[1], hers.analysis)
        answer = mallory.ask(route.method, re.sub(r"\{\w+\}", ids, route.path))
        assert answer.status == 404, f"{route.name} answers {answer.status}"
        return answer.text
    if route.name in NAMED_IN_BODY:
        body, status = NAMED_IN_BODY[route.name]
        answer = mallory.ask(route.method, route.path, body(hers))
        assert answer.status == status, f"{route.name} answers {answer.status}"
        return answer.text
    assert route.name in OWN, f"say in this test what {route.name} must not reach"
    answer = mallory.ask(route.method, route.path, OWN[route.name])
    assert answer.status < 300 or (route.name, answer.status) == ("POST /webhook/test", 409), route.name
    return answer.text


def test_a_cursor_of_anothers_list_reads_ones_own(cloud: Cloud) -> None:
    for _ in range(2):
        cloud.queued("alice")
    cursor = by_session("alice").get("/analyses", query={"limit": "1"}).json()["cursor"]
    mine = cloud.queued("mallory").id
    answer = by_session("mallory").get("/analyses", query={"cursor": cursor})
    assert {found["id"] for found in answer.json()["analyses"]} <= {mine}


def test_a_session_is_of_no_use_under_api_nor_a_key_under_app(cloud: Cloud) -> None:
    key, session = by_key(cloud, "alice"), by_session("alice")
    assert Caller("/app", key.headers).get("/usage").status == 401
    assert Caller("/api", claims=session.claims).get("/usage").status == 401
    for route in routes():
        if route.app_only:
            path = re.sub(r"\{\w+\}", "x", route.path)
            answer = key.ask(route.method, path, OWN.get(route.name))
            assert (answer.status, answer.json()["code"]) == (404, "no-route"), route.name


def test_every_route_asks_for_its_scope(cloud: Cloud) -> None:
    """A key that may only read changes nothing by any route, and one that may only analyze reads nothing."""
    for scope, other in (("read", "analyze"), ("analyze", "read")):
        narrow = by_key(cloud, "alice", scopes=[scope])
        for route in routes():
            if not route.app_only:
                answer = narrow.ask(route.method, re.sub(r"\{\w+\}", "x", route.path), OWN.get(route.name))
                needed = "read" if route.method == "GET" else "analyze"
                refused = answer.status == 403 and answer.json()["code"] == "insufficient-scope"
                assert refused == (needed == other), (route.name, answer)


def test_every_route_asks_who_calls(cloud: Cloud) -> None:
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
            answer = stranger.ask(route.method, re.sub(r"\{\w+\}", "x", route.path))
            assert answer.status == 401, (route.name, stranger, answer)
            assert answer.headers["www-authenticate"] == "Bearer"


def test_a_key_that_is_cut_off_is_told_from_a_wrong_one(cloud: Cloud) -> None:
    token = by_key(cloud, "alice").headers["Authorization"]
    wrong = token[:-1] + ("0" if token[-1] != "0" else "1")
    says = {header: Caller("/api", {"Authorization": header}).get("/usage") for header in (token[:-1], "x", wrong)}
    assert [api_keys.KEY_FORMAT_HINT in answer.text for answer in says.values()] == [True, True, False]
    assert len(token.removeprefix("Bearer ")) == 76  # as it says
