"""The end of an account: everything of it goes, of its neighbors nothing."""

from collections.abc import Callable

import pytest

from lambdas.core.analyses import deletion
from lambdas.core.aws import clients
from lambdas.core.errors import UnauthorizedError
from lambdas.core.owners import api_keys, profiles
from lambdas.core.storage import item_keys
from lambdas.core.storage.tables import AnalysisRecord, Item
from lambdas.core.upkeep import account_deletion, sweeping
from lambdas.core.uploads import uploads
from tests.integration.cloud import MEDIA, RESULTS, Cloud
from tests.integration.faults import at_every_write, failing


def test_an_account_ends_without_a_trace(cloud: Cloud) -> None:
    user = clients.client("cognito-idp").admin_create_user(UserPoolId=cloud.user_pool, Username="alice")["User"][
        "Username"
    ]
    profiles.ensure(user, "alice@example.com", cloud.now)
    profiles.set_plan(user, "business", cloud.now)
    profiles.set_webhook(user, "https://example.com/hook", cloud.now)
    profiles.delete_example(user, cloud.now)
    key = api_keys.create(user, "mine", cloud.now)
    cloud.completed(user), cloud.failed(user), cloud.processing(user)
    deleted = cloud.completed(user)
    deletion.delete(user, deleted.id, cloud.now)
    cloud.upload(user)
    cloud.take_drop(cloud.drop(f"drop/{user}/a.mp4"))
    cloud.flow()
    neighbor = cloud.completed(f"{user}-too")
    profiles.delete_account(user, cloud.now)
    for _ in range(8):
        cloud.sweep()
        cloud.later(seconds=300)
    cloud.later(hours=2)
    cloud.sweep()
    assert {name for name in cloud.versions(MEDIA) if user + "/" in name} == set()
    assert set(cloud.versions(MEDIA)) == {neighbor.object_key, f"inputs/{neighbor.id}/1.mp4"}
    assert [name for name in cloud.versions(RESULTS) if not name.startswith("outputs/")] == [neighbor.result_key]
    assert cloud.emulator.client("cognito-idp").list_users(UserPoolId=cloud.user_pool)["Users"] == []
    assert clients.client("apigateway").get_api_keys()["items"] == []
    with pytest.raises(UnauthorizedError):
        api_keys.verify(key.token, "read", cloud.now)
    left = [item for item in Item.scan(consistent_read=True) if item.owner == user or item.pk.endswith(f"#{user}")]
    assert all(item.ttl is not None and item.due_at is None for item in left)
    profile = profiles.find(user)
    assert profile is not None
    known = {name for name, value in profile.attribute_values.items() if value}
    assert not {"email", "webhook_url", "webhook_secret", "example_deleted"} & known
    assert sorted({item.sk for item in left}) == ["ANALYSIS", "KEY", "OWNER"]


def test_what_slips_in_while_an_account_ends_is_found(cloud: Cloud) -> None:
    """A request that had passed its checks writes after the first look."""
    profiles.ensure("alice", None, cloud.now)
    profiles.delete_account("alice", cloud.now)
    cloud.sweep()
    late = cloud.queued("bob")
    late.update(actions=[AnalysisRecord.owner.set("alice")])
    cloud.later(seconds=600)
    cloud.sweep()
    assert cloud.read(late).purged
    pk, sk = item_keys.owner("alice")
    assert Item.get(pk, sk, consistent_read=True).due_at is not None  # it looks again


def left_of(cloud: Cloud, owner: str) -> int:
    """Analyses of an owner that are not purged yet."""
    return sum(not record.purged for record in cloud.records(owner))


def runs_out(steps: int) -> Callable[[], bool]:
    """`has_time` of a sweeper that is stopped after so many steps."""
    remaining = iter(range(steps))
    return lambda: next(remaining, None) is not None


def test_one_run_removes_a_whole_account_batch_by_batch(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_deletion, "BATCH", 2)
    for _ in range(7):
        cloud.queued("alice")
    uploads.create("alice", ".mp4", now=cloud.now)
    profiles.delete_account("alice", cloud.now)
    cloud.sweep()
    assert (left_of(cloud, "alice"), cloud.outstanding("alice"), cloud.versions(MEDIA)) == (0, 0, [])


def test_a_run_that_is_out_of_time_is_gone_on_with_by_the_next(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_deletion, "BATCH", 2)
    for _ in range(5):
        cloud.queued("alice")
    profiles.delete_account("alice", cloud.now)
    for expected in (3, 1, 0):
        sweeping.sweep(cloud.now, runs_out(1))
        assert left_of(cloud, "alice") == expected


def test_a_large_account_keeps_nobody_waiting(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each account and each record has its turn before any has a second one."""
    monkeypatch.setattr(account_deletion, "BATCH", 1)
    for owner in ("alice", "bob"):
        for _ in range(3):
            cloud.queued(owner)
        profiles.delete_account(owner, cloud.now)
    deleted = cloud.completed("carol")
    deletion.delete("carol", deleted.id, cloud.now)
    deleted.update(actions=[AnalysisRecord.due_at.set(int(cloud.now.timestamp()))])
    sweeping.sweep(cloud.now, runs_out(3))
    assert (left_of(cloud, "alice"), left_of(cloud, "bob"), left_of(cloud, "carol")) == (2, 2, 0)


def test_what_cannot_be_removed_keeps_nothing_else(cloud: Cloud) -> None:
    for _ in range(3):
        cloud.queued("alice")
    profiles.delete_account("alice", cloud.now)
    with failing("DeleteObjects", "InternalError", 1):
        cloud.sweep()
    assert sum(record.listed is not None for record in cloud.records("alice")) == 0
    cloud.sweep()
    assert (left_of(cloud, "alice"), cloud.versions(MEDIA)) == (0, [])


def test_the_end_of_an_account_killed_after_any_write(cloud: Cloud) -> None:
    def prepare(number: int) -> None:
        owner = f"owner{number}"
        cloud.completed(owner)
        cloud.queued(owner)
        uploads.create(owner, ".mp4", now=cloud.now)
        api_keys.create(owner, "mine", cloud.now)
        profiles.delete_account(owner, cloud.now)

    def sweep(_: int) -> None:
        cloud.sweep()

    def check(number: int) -> None:
        owner = f"owner{number}"
        assert (left_of(cloud, owner), cloud.outstanding(owner)) == (0, 0)
        assert [key for key in cloud.versions(MEDIA) if f"/{owner}/" in key] == []
        assert clients.client("apigateway").get_api_keys()["items"] == []
        for _ in range(2):
            cloud.later(seconds=account_deletion.SETTLE_SECONDS)
            cloud.sweep()
        assert all("ttl" in item and "due_at" not in item for item in cloud.items(owner))

    at_every_write(prepare, sweep, sweep, check)
