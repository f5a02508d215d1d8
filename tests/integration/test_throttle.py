"""Rate limits of users: exact under concurrency, separate for each user, and never a cause of errors."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from lambdas.core.errors import TooManyRequestsError
from lambdas.core.owners import throttle
from lambdas.core.settings import settings
from lambdas.core.storage.tables import RequestsRecord
from tests.integration.api_client import by_key, by_session
from tests.integration.cloud import Cloud
from tests.integration.faults import failing, intercepted

LIMIT = 5


@pytest.fixture
def limited(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """Limit users to five requests per minute and two webhook tests per hour."""
    monkeypatch.setenv("APP_REQUESTS_PER_MINUTE", str(LIMIT))
    monkeypatch.setenv("WEBHOOK_TESTS_PER_HOUR", "2")
    settings.cache_clear()
    cloud.now = cloud.now.replace(second=20)
    return cloud


def test_a_user_is_refused_until_the_minute_is_over(limited: Cloud) -> None:
    alice = by_session("alice")
    for _ in range(LIMIT):
        assert alice.get("/usage").status == 200
    refused = alice.get("/usage")
    assert (refused.status, refused.json()["code"]) == (429, "too-many-requests")
    assert refused.headers["retry-after"] == "40"
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["limit"] == LIMIT
    limited.advance(seconds=39)
    assert alice.get("/usage").status == 429
    limited.advance(seconds=1)
    assert alice.get("/usage").status == 200


def test_every_route_counts_for_its_user_only(limited: Cloud) -> None:  # noqa: ARG001
    alice = by_session("alice")
    for path in ("/usage", "/webhook", "/keys", "/analyses", "/analyses/no-such-analysis"):
        alice.get(path)
    assert alice.get("/usage").status == 429
    assert by_session("bob").get("/usage").status == 200


def test_the_limit_is_exact_under_concurrency(limited: Cloud) -> None:
    def ask(_: int) -> bool:
        try:
            throttle.check("alice", throttle.app_requests(), limited.now)
        except TooManyRequestsError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ask, range(4 * LIMIT))) == LIMIT


def test_counting_a_request_is_one_write(limited: Cloud) -> None:
    calls: list[str] = []

    def note(name: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        calls.append(name)
        return call()

    with intercepted(note):
        throttle.check("alice", throttle.app_requests(), limited.now)
    assert calls == ["UpdateItem"]
    (left,) = limited.items("alice")
    assert RequestsRecord.from_raw_data(left).ttl > limited.now.timestamp() + 60


def test_requests_pass_if_they_cannot_be_counted(limited: Cloud) -> None:
    with failing("UpdateItem", "InternalServerError", 99):
        for _ in range(2 * LIMIT):
            throttle.check("alice", throttle.app_requests(), limited.now)


def test_webhook_tests_have_their_own_limit(limited: Cloud) -> None:
    alice = by_session("alice")
    assert alice.post("/webhook/test").json()["code"] == "no-webhook"
    alice.put("/webhook", {"url": "https://example.com/hook"})
    assert [alice.post("/webhook/test").status for _ in range(3)] == [202, 202, 429]
    assert len(limited.events()) == 2
    limited.advance(minutes=30)
    refused = alice.post("/webhook/test")
    assert (refused.status, int(refused.headers["retry-after"])) == (429, 30 * 60 - 20)
    limited.advance(minutes=30)
    assert alice.post("/webhook/test").status == 202


def test_an_api_key_is_limited_by_the_gateway(limited: Cloud) -> None:
    key = by_key(limited, "alice")
    assert {key.get("/usage").status for _ in range(2 * LIMIT)} == {200}
