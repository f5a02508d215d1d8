"""The ceiling of a whole stage: what all owners together may start in a month, as sign-up is open to everybody."""

import pytest

from common.analyses import QUEUED
from lambdas.core.analyses import creation
from lambdas.core.errors import CeilingReachedError, QuotaExceededError
from lambdas.core.owners import ceiling, profiles
from lambdas.core.settings import settings
from tests.integration.cloud import Cloud
from tests.integration.test_quota import at_once, dropped, limited

MONTH = "2026-11"


def _ceiling(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    monkeypatch.setenv("MONTHLY_ANALYSES", str(limit))
    settings.cache_clear()


def test_all_owners_together_stay_below_it_however_many_ask_at_once(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ceiling(monkeypatch, 20)
    results = at_once(60, lambda n: creation.start(f"owner-{n % 7}", dropped(n), source="drop", now=cloud.now))
    refused = [result for result in results if isinstance(result, CeilingReachedError)]
    assert len(refused) == 40
    assert ceiling.used(MONTH) == 20


def test_the_refusal_says_until_when_and_leaves_everything_as_it_is(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ceiling(monkeypatch, 1)
    cloud.queued("alice")
    key = cloud.upload("bob")
    with pytest.raises(CeilingReachedError) as caught:
        cloud.ask("bob", key)
    assert (caught.value.status, caught.value.code, caught.value.retry_after) == (429, "ceiling-reached", 6.5 * 86_400)
    assert (cloud.used("bob"), cloud.outstanding("bob")) == (0, 1)
    cloud.later(days=7)
    assert cloud.ask("bob", key).status == QUEUED


def test_what_does_not_begin_does_not_count(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    limited(monkeypatch, 1)
    key = cloud.upload("alice")
    assert cloud.ask("alice", key).id == cloud.ask("alice", key).id
    with pytest.raises(QuotaExceededError):
        cloud.queued("alice")
    assert ceiling.used(MONTH) == 1


def test_another_attempt_counts_again_as_it_costs_again(cloud: Cloud) -> None:
    record = cloud.failed("alice")
    assert cloud.ask("alice", record.object_key).attempt == 2
    assert ceiling.used(MONTH) == 2
    assert cloud.used("alice") == 1


def test_a_dropped_video_above_it_is_answered_with_the_reason(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    _ceiling(monkeypatch, 1)
    profiles.ensure("alice", "alice@example.com", cloud.now)
    cloud.queued("alice")
    assert cloud.take_drop(cloud.drop("drop/alice/talk.mp4")) == {"batchItemFailures": []}
    assert len(cloud.records("alice")) == 1
    answer = cloud.document("results/alice/talk.mp4.error.json")
    assert answer is not None and answer["type"].endswith("ceiling-reached")


def test_without_a_ceiling_nothing_is_counted(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    _ceiling(monkeypatch, 0)
    cloud.queued("alice")
    assert ceiling.used(MONTH) == 0
