"""Quotas: exactly the plan's limit is granted under concurrency, and counters match the charged analyses."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.analyses import QUEUED
from lambdas.core.analyses import creation, transitions
from lambdas.core.errors import (
    TIMED_OUT,
    AccountDeletedError,
    BadRequestError,
    DomainError,
    QuotaExceededError,
    TooLargeError,
    TooManyKeysError,
    TooManyUploadsError,
    UnsupportedTypeError,
)
from lambdas.core.owners import api_keys, profiles, quota
from lambdas.core.settings import settings as lambda_settings
from lambdas.core.storage.tables import AnalysisRecord
from lambdas.core.uploads import uploads
from lambdas.core.uploads.uploads import CheckedObject
from tests.integration.cloud import Cloud

THREADS = 32


def limited(monkeypatch: pytest.MonkeyPatch, requests: int) -> None:
    """Set the monthly requests of the default plan."""
    monkeypatch.setitem(quota.PLANS, "free", quota.PLANS["free"]._replace(requests_per_month=requests))


def concurrently(count: int, act: Callable[[int], object]) -> list[object]:
    """Run `act` for each number, all starting together; return each result, or the error that was raised."""
    barrier = Barrier(min(count, THREADS))

    def run(number: int) -> object:
        if number < barrier.parties:
            barrier.wait(30)
        try:
            return act(number)
        except DomainError as error:
            return error

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(count)))


def dropped(number: int) -> CheckedObject:
    """Return a distinct dropped object: only the drop folder starts analyses without a pending upload."""
    return CheckedObject(f"drop/alice/{number}.mp4", "v", '"e"', 1, "video/mp4", ".mp4", f"{number}.mp4")


def test_200_starts_at_once_at_a_quota_of_50(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, 50)
    results = concurrently(200, lambda n: creation.start("alice", dropped(n), source="drop", now=cloud.now))
    refused = [result for result in results if isinstance(result, QuotaExceededError)]
    assert len(refused) == 150
    assert len(cloud.records("alice")) == cloud.used("alice") == cloud.charges("alice") == 50


def test_20_starts_of_one_upload_are_one_analysis(cloud: Cloud) -> None:
    key = cloud.upload("alice")
    results = concurrently(20, lambda _: cloud.start("alice", key).id)
    assert len(set(map(str, results))) == 1
    assert len(cloud.records("alice")) == cloud.used("alice") == 1
    assert cloud.outstanding("alice") == 0


def test_20_retries_of_one_failure_are_one_attempt(cloud: Cloud) -> None:
    record = cloud.failed()
    results = concurrently(20, lambda _: cloud.start("alice", record.object_key).attempt)
    assert results == [2] * 20
    assert cloud.used("alice") == 1


def test_the_refusal_has_the_usage_and_the_reset_time(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, 2)
    cloud.queued(), cloud.queued()
    with pytest.raises(QuotaExceededError) as caught:
        cloud.queued()
    expected = {"limit": 2, "used": 2, "remaining": 0, "resets_at": "2026-12-01T00:00:00.000Z"}
    assert caught.value.members == expected
    assert caught.value.retry_after == 6.5 * 86_400
    assert (caught.value.status, caught.value.code) == (429, "quota-exceeded")


def test_a_refused_start_leaves_the_upload_pending(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, 0)
    key = cloud.upload("alice")
    with pytest.raises(QuotaExceededError):
        cloud.start("alice", key)
    assert cloud.outstanding("alice") == 1
    limited(monkeypatch, 1)
    assert cloud.start("alice", key).status == QUEUED


def test_a_new_month_needs_no_reset(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, 1)
    cloud.advance(days=6, hours=11, minutes=59)  # a minute before December
    cloud.queued()
    with pytest.raises(QuotaExceededError):
        cloud.queued()
    cloud.advance(minutes=1)
    cloud.queued()
    assert (cloud.used("alice", "2026-11"), cloud.used("alice", "2026-12")) == (1, 1)


def test_a_plan_applies_to_its_owner_at_once(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, 0)
    monkeypatch.setitem(quota.PLANS, "pro", quota.PLANS["pro"]._replace(requests_per_month=1))
    profiles.set_plan("alice", "pro", cloud.now)
    assert profiles.profile("alice").plan == "pro"
    cloud.queued("alice")
    with pytest.raises(QuotaExceededError):
        cloud.queued("bob")
    with pytest.raises(BadRequestError):
        profiles.set_plan("alice", "golden", cloud.now)  # type: ignore[arg-type]


def test_usage_by_day_and_in_minutes(cloud: Cloud) -> None:
    cloud.completed()
    cloud.advance(days=1)
    cloud.completed(), cloud.failed()
    usage = quota.usage("alice", "2026-11")
    assert (usage.used, usage.days, usage.minutes) == (2, {24: 1, 25: 1}, 3.0)
    assert (usage.limit, usage.remaining) == (10_000, 9_998)
    assert quota.usage("nobody", "2026-11").used == 0


STEPS = st.lists(st.tuples(st.sampled_from(["start", "fail", "complete"]), st.integers(0, 4)), max_size=25)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(0, 4), steps=STEPS)
def test_the_counter_always_matches_the_charged_analyses(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, limit: int, steps: list[tuple[str, int]]
) -> None:
    """In any order of starts, failures, retries and results: never above the limit, never refused below it."""
    limited(monkeypatch, limit)
    owner = f"owner{cloud.unique()}"
    keys = {which: uploads.create(owner, ".mp4", now=cloud.now).key for which in range(5)}
    known: dict[int, AnalysisRecord] = {}
    for kind, which in steps:
        before = cloud.charges(owner)
        try:
            if kind == "start":  # or a retry
                found = CheckedObject(keys[which], None, '"e"', 1, "video/mp4", ".mp4", "")
                known[which] = creation.start(owner, found, source="upload", now=cloud.now)
            elif which in known and kind == "fail":
                transitions.fail(cloud.read(known[which]), TIMED_OUT, cloud.now)
            elif which in known:
                transitions.complete(cloud.read(known[which]), cloud.summary(), cloud.now)
        except QuotaExceededError:
            assert before == limit
        assert cloud.used(owner) == cloud.charges(owner) <= limit


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(0, 9), clients=st.lists(st.integers(1, 4), min_size=2, max_size=6))
def test_concurrent_clients_get_exactly_the_limit(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, limit: int, clients: list[int]
) -> None:
    """Several clients start analyses concurrently."""
    limited(monkeypatch, limit)
    owner = f"owner{cloud.unique()}"

    def ask(client: int) -> int:
        granted = 0
        for number in range(clients[client]):
            found = CheckedObject(f"drop/{owner}/{client}-{number}", "v", '"e"', 1, "video/mp4", ".mp4", "")
            with suppress(QuotaExceededError):
                creation.start(owner, found, source="drop", now=cloud.now)
                granted += 1
        return granted

    granted = [result for result in concurrently(len(clients), ask) if isinstance(result, int)]
    assert len(granted) == len(clients)
    assert sum(granted) == cloud.used(owner) == cloud.charges(owner) == min(limit, sum(clients))


def test_outstanding_uploads_are_bounded(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_OUTSTANDING_UPLOADS", "10")
    lambda_settings.cache_clear()
    results = concurrently(40, lambda _: uploads.create("alice", ".mp4", now=cloud.now).key)
    keys = [result for result in results if isinstance(result, str)]
    assert len(keys) == cloud.outstanding("alice") == 10
    assert all(isinstance(result, TooManyUploadsError) for result in results if not isinstance(result, str))
    cloud.advance(seconds=900 + uploads.GRACE_SECONDS - 1)
    cloud.sweep()
    assert cloud.outstanding("alice") == 10
    cloud.advance(seconds=1)
    cloud.sweep()
    assert cloud.outstanding("alice") == 0
    assert uploads.find("alice", keys[0]) is None


def test_api_keys_are_bounded(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_API_KEYS", "3")
    lambda_settings.cache_clear()
    results = concurrently(8, lambda n: api_keys.create("alice", f"key {n}", cloud.now))
    assert sum(isinstance(result, TooManyKeysError) for result in results) == 5
    api_keys.revoke("alice", api_keys.list_active("alice")[0].id, cloud.now)
    api_keys.create("alice", "again", cloud.now)
    assert len(api_keys.list_active("alice")) == 3


@pytest.mark.parametrize("extension", ["", ".", ".exe", "mp4/../x", ".mp4 .exe", "../.mp4", "mp4\0", ".mid", "é"])
def test_only_video_and_audio_get_a_url(cloud: Cloud, extension: str) -> None:
    with pytest.raises(UnsupportedTypeError):
        uploads.create("alice", extension, now=cloud.now)
    assert cloud.outstanding("alice") == 0


SIZES = [(0, BadRequestError), (-1, BadRequestError), (10**9 + 1, TooLargeError)]


@pytest.mark.parametrize(("size", "error"), SIZES)
def test_only_sizes_that_can_be_analyzed_get_a_url(cloud: Cloud, size: int, error: type[DomainError]) -> None:
    with pytest.raises(error):
        uploads.create("alice", ".mp4", size, now=cloud.now)


def test_nothing_starts_in_a_deleted_account(cloud: Cloud) -> None:
    key, token = cloud.upload("alice"), api_keys.create("alice", "key", cloud.now).token
    profiles.delete_account("alice", cloud.now)
    for act in (
        lambda: cloud.start("alice", key),
        lambda: uploads.create("alice", ".mp4", now=cloud.now),
        lambda: api_keys.create("alice", "key", cloud.now),
        lambda: profiles.ensure("alice", None, cloud.now),
        lambda: api_keys.verify(token, "read", cloud.now),
        lambda: profiles.set_plan("alice", "pro", cloud.now),
        lambda: profiles.set_webhook("alice", "https://example.com", cloud.now),
    ):
        with pytest.raises(AccountDeletedError):
            act()
    assert cloud.used("alice") == 0
