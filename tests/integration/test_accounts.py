"""Deletion of an account: all of its data is removed, and nothing of other accounts."""

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


def test_a_deleted_account_leaves_no_data(cloud: Cloud) -> None:
    user = clients.client("cognito-idp").admin_create_user(UserPoolId=cloud.user_pool, Username="alice")["User"][
        "Username"
    ]
    profiles.ensure(user, "alice@example.com", cloud.now)
    profiles.set_plan(user, "business", cloud.now)
    profiles.set_webhook(user, "https://example.com/hook", cloud.now)
    profiles.delete_example(user, cloud.now)
    profiles.confirm_people(user, True, cloud.now)
    profiles.accept_upload_terms(user, cloud.now)
    key = api_keys.create(user, "mine", cloud.now)
    cloud.completed(user), cloud.failed(user), cloud.processing(user)
    deleted = cloud.completed(user)
    deletion.delete(user, deleted.id, cloud.now)
    cloud.upload(user)
    cloud.process_drops(cloud.drop(f"drop/{user}/a.mp4"))
    cloud.run_stream()
    neighbor = cloud.completed(f"{user}-too")
    profiles.delete_account(user, cloud.now)
    for _ in range(8):
        cloud.sweep()
        cloud.advance(seconds=300)
    cloud.advance(hours=2)
    cloud.sweep()
    assert {name for name in cloud.versions(MEDIA) if user + "/" in name} == set()
    assert set(cloud.versions(MEDIA)) == {neighbor.object_key, f"inputs/{neighbor.id}/1.mp4"}
    assert [name for name in cloud.versions(RESULTS) if not name.startswith("outputs/")] == [neighbor.result_key]
    assert cloud.emulator.client("cognito-idp").list_users(UserPoolId=cloud.user_pool)["Users"] == []
    assert clients.client("apigateway").get_api_keys()["items"] == []
    with pytest.raises(UnauthorizedError):
        api_keys.verify(key.token, "read", cloud.now)
    remaining = [item for item in Item.scan(consistent_read=True) if item.owner == user or item.pk.endswith(f"#{user}")]
    assert all(item.ttl is not None and item.due_at is None for item in remaining)
    profile = profiles.find(user)
    assert profile is not None
    known = {name for name, value in profile.attribute_values.items() if value}
    personal = {"email", "webhook_url", "webhook_secret", "example_deleted", "people_confirmed_at", "upload_terms_at"}
    assert not personal & known
    assert sorted({item.sk for item in remaining}) == ["ANALYSIS", "KEY", "OWNER"]


def test_data_written_during_the_deletion_of_an_account_is_removed(cloud: Cloud) -> None:
    """A request that passed its checks earlier writes after the first run of the sweeper."""
    profiles.ensure("alice", None, cloud.now)
    profiles.delete_account("alice", cloud.now)
    cloud.sweep()
    late = cloud.queued("bob")
    late.update(actions=[AnalysisRecord.owner.set("alice")])
    cloud.advance(seconds=600)
    cloud.sweep()
    assert cloud.read(late).purged
    pk, sk = item_keys.owner("alice")
    assert Item.get(pk, sk, consistent_read=True).due_at is not None  # another check is due


def unpurged(cloud: Cloud, owner: str) -> int:
    """Return the number of an owner's analyses that are not purged."""
    return sum(not record.purged for record in cloud.records(owner))


def stops_after(steps: int) -> Callable[[], bool]:
    """Return a `has_time` that stops the sweeper after a number of steps."""
    remaining = iter(range(steps))
    return lambda: next(remaining, None) is not None


def test_one_run_removes_a_whole_account_batch_by_batch(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_deletion, "BATCH", 2)
    for _ in range(7):
        cloud.queued("alice")
    uploads.create("alice", ".mp4", now=cloud.now)
    profiles.delete_account("alice", cloud.now)
    cloud.sweep()
    assert (unpurged(cloud, "alice"), cloud.outstanding("alice"), cloud.versions(MEDIA)) == (0, 0, [])


def test_the_next_run_continues_one_that_ran_out_of_time(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_deletion, "BATCH", 2)
    for _ in range(5):
        cloud.queued("alice")
    profiles.delete_account("alice", cloud.now)
    for expected in (3, 1, 0):
        sweeping.sweep(cloud.now, stops_after(1))
        assert unpurged(cloud, "alice") == expected


def test_a_large_account_does_not_delay_others(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every account and record is processed once before any is processed again."""
    monkeypatch.setattr(account_deletion, "BATCH", 1)
    for owner in ("alice", "bob"):
        for _ in range(3):
            cloud.queued(owner)
        profiles.delete_account(owner, cloud.now)
    deleted = cloud.completed("carol")
    deletion.delete("carol", deleted.id, cloud.now)
    deleted.update(actions=[AnalysisRecord.due_at.set(int(cloud.now.timestamp()))])
    sweeping.sweep(cloud.now, stops_after(3))
    assert (unpurged(cloud, "alice"), unpurged(cloud, "bob"), unpurged(cloud, "carol")) == (2, 2, 0)


def test_a_failed_removal_does_not_prevent_others(cloud: Cloud) -> None:
    for _ in range(3):
        cloud.queued("alice")
    profiles.delete_account("alice", cloud.now)
    with failing("DeleteObjects", "InternalError", 1):
        cloud.sweep()
    assert sum(record.listed is not None for record in cloud.records("alice")) == 0
    cloud.sweep()
    assert (unpurged(cloud, "alice"), cloud.versions(MEDIA)) == (0, [])


def test_the_deletion_of_an_account_killed_after_any_write(cloud: Cloud) -> None:
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
        assert (unpurged(cloud, owner), cloud.outstanding(owner)) == (0, 0)
        assert [key for key in cloud.versions(MEDIA) if f"/{owner}/" in key] == []
        assert clients.client("apigateway").get_api_keys()["items"] == []
        for _ in range(2):
            cloud.advance(seconds=account_deletion.SETTLE_SECONDS)
            cloud.sweep()
        assert all("ttl" in item and "due_at" not in item for item in cloud.items(owner))

    at_every_write(prepare, sweep, sweep, check)
