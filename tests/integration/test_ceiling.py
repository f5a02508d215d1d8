"""Monthly limit of a whole stage on the analyses of all owners together."""

import pytest

from common.analyses import QUEUED
from lambdas.core.analyses import creation
from lambdas.core.errors import CeilingReachedError, QuotaExceededError
from lambdas.core.owners import profiles, stage_quota
from lambdas.core.settings import settings
from tests.integration.cloud import Cloud
from tests.integration.test_quota import concurrently, dropped, limited

MONTH = "2026-11"


def _set_ceiling(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setenv("MONTHLY_ANALYSES", str(limit))
    settings.cache_clear()


def test_all_owners_together_stay_within_the_limit(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    _set_ceiling(monkeypatch, 20)
    results = concurrently(60, lambda n: creation.start(f"owner-{n % 7}", dropped(n), source="drop", now=cloud.now))
    refused = [result for result in results if isinstance(result, CeilingReachedError)]
    assert len(refused) == 40
    assert stage_quota.used(MONTH) == 20


def test_a_refusal_has_the_reset_time_and_changes_nothing(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    _set_ceiling(monkeypatch, 1)
    cloud.queued("alice")
    key = cloud.upload("bob")
    with pytest.raises(CeilingReachedError) as caught:
        cloud.start("bob", key)
    assert (caught.value.status, caught.value.code, caught.value.retry_after) == (429, "ceiling-reached", 6.5 * 86_400)
    assert (cloud.used("bob"), cloud.outstanding("bob")) == (0, 1)
    cloud.advance(days=7)
    assert cloud.start("bob", key).status == QUEUED


def test_only_started_attempts_count(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, 1)
    key = cloud.upload("alice")
    assert cloud.start("alice", key).id == cloud.start("alice", key).id
    with pytest.raises(QuotaExceededError):
        cloud.queued("alice")
    assert stage_quota.used(MONTH) == 1


def test_a_retry_counts_again(cloud: Cloud) -> None:
    record = cloud.failed("alice")
    assert cloud.start("alice", record.object_key).attempt == 2
    assert stage_quota.used(MONTH) == 2
    assert cloud.used("alice") == 1


def test_a_drop_above_the_limit_gets_an_error_file(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    _set_ceiling(monkeypatch, 1)
    profiles.ensure("alice", "alice@example.com", cloud.now)
    cloud.queued("alice")
    assert cloud.process_drops(cloud.drop("drop/alice/talk.mp4")) == {"batchItemFailures": []}
    assert len(cloud.records("alice")) == 1
    answer = cloud.document("results/alice/talk.mp4.error.json")
    assert answer is not None and answer["type"].endswith("ceiling-reached")


def test_without_a_limit_nothing_is_counted(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    _set_ceiling(monkeypatch, 0)
    cloud.queued("alice")
    assert stage_quota.used(MONTH) == 0
