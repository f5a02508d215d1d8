"""The way back after records were damaged: DynamoDB restores into another table, and its items come back from there."""

from typing import Any

import boto3
import pytest

from common.analyses import COMPLETED, PROCESSING, QUEUED
from lambdas.core import clock
from lambdas.core.analyses import deletion, queries
from lambdas.core.aws import clients
from lambdas.core.errors import UnauthorizedError
from lambdas.core.owners import api_keys, ceiling, plan_changes, profiles
from lambdas.core.settings import Settings, settings
from lambdas.core.storage import item_keys
from lambdas.core.storage.tables import Item, QuotaRecord, WaitingRecord
from scripts import restoring
from scripts.deployed import DeployedError
from scripts.restoring import ALL, MISSING, NOTHING, restore
from stacks.constructs.backups import KEPT
from tests.integration.cloud import MEDIA, TABLE, Cloud

RESTORED = f"{TABLE}-restored"


def _restored() -> str:
    """Have the table restored to this moment, as an operator does."""
    dynamodb = boto3.client("dynamodb")
    on = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName=TABLE, PointInTimeRecoverySpecification=on)
    dynamodb.restore_table_to_point_in_time(
        SourceTableName=TABLE, TargetTableName=RESTORED, UseLatestRestorableTime=True
    )
    dynamodb.get_waiter("table_exists").wait(TableName=RESTORED)
    return RESTORED


def _tables() -> tuple[list[dict[str, object]], ...]:
    dynamodb = boto3.client("dynamodb")
    return tuple(
        sorted(dynamodb.scan(TableName=name)["Items"], key=lambda item: str((item["pk"], item["sk"])))
        for name in (TABLE, RESTORED)
    )


def test_damaged_records_come_back_and_later_ones_stay(cloud: Cloud) -> None:
    lost, damaged = cloud.completed("alice"), cloud.completed("bob")
    table = _restored()
    later = cloud.completed("carol")
    lost.delete()
    Item(damaged.pk, damaged.sk).update(actions=[Item.listed.remove(), Item.owner.set("mallory")])

    looked = restore(table, TABLE, NOTHING)
    assert (looked["missing"], looked["different"]) == (1, 1) and looked["same"] > 0
    assert queries.find(lost.id) is None
    restore(table, TABLE, MISSING)
    assert queries.get("alice", lost.id).status == COMPLETED
    assert queries.find(damaged.id).owner == "mallory"  # type: ignore[union-attr]
    restore(table, TABLE, ALL)
    assert queries.get("bob", damaged.id).result_key == damaged.result_key
    assert [found.id for found in queries.page("bob").records] == [damaged.id]
    assert queries.get("carol", later.id).status == COMPLETED
    again = restore(table, TABLE, ALL)
    assert (again["missing"], again["different"]) == (0, 0)
    own, copy = _tables()
    counts = [item for item in copy if "QUOTA#" in str(item["sk"])]
    assert all(item in own for item in copy if item not in counts) and counts


def test_whom_a_rotation_or_a_sign_out_has_shut_out_stays_out(cloud: Cloud) -> None:
    leaked = api_keys.create("alice", "laptop", cloud.now)
    profiles.set_webhook("alice", "https://hooks.example.com/in", cloud.now)
    table = _restored()
    cloud.later(seconds=1)
    new = api_keys.rotate("alice", leaked.record.id, cloud.now)
    profiles.rotate_webhook_secret("alice", cloud.now)
    profiles.end_sessions("alice", cloud.now)
    profile = profiles.profile("alice")
    restore(table, TABLE, ALL)
    with pytest.raises(UnauthorizedError):
        api_keys.verify(leaked.token, "read", cloud.now)
    assert api_keys.verify(new.token, "read", cloud.now) == "alice"
    found = profiles.profile("alice")
    assert (found.webhook_secret, found.sessions_ended_at) == (profile.webhook_secret, profile.sessions_ended_at)


def test_an_analysis_that_came_back_can_be_deleted_and_started_as_before(cloud: Cloud) -> None:
    record = cloud.failed("alice")
    table = _restored()
    record.delete()
    restore(table, TABLE, MISSING)
    assert cloud.publish(None, queries.get("alice", record.id)) == {"batchItemFailures": []}
    assert cloud.ask("alice", record.object_key).attempt == 2


@pytest.mark.parametrize(("source", "says"), [(TABLE, "own table"), ("nothing-there", "there is no table")])
def test_what_is_no_restored_table_is_refused(cloud: Cloud, source: str, says: str) -> None:
    assert cloud.now
    with pytest.raises(DeployedError, match=says):
        restore(source, TABLE, ALL)


def test_an_upload_that_was_analyzed_since_does_not_lose_its_video(cloud: Cloud) -> None:
    """Written back, the waiting upload would be due, and the sweeper would remove what nobody had analyzed."""
    key = cloud.upload("alice")
    table = _restored()
    record = cloud.ask("alice", key)
    for write in (MISSING, ALL):
        assert restore(table, TABLE, write)["passing"] == 2  # the upload, and the count of them
    assert cloud.outstanding("alice") == 0
    cloud.later(days=1)
    cloud.sweep()
    assert cloud.keys(MEDIA, "uploads/") == [record.object_key]


def test_an_attempt_that_was_submitted_since_does_not_wait_again(cloud: Cloud) -> None:
    """Its place would be given a slot, in the place of which another attempt was then submitted too early."""
    records = [cloud.queued("alice")]
    cloud.later(seconds=1)
    records.append(cloud.queued("alice"))
    table = _restored()
    cloud.flow()
    restore(table, TABLE, MISSING)
    assert len(_places("alice")) == 1
    cloud.later(seconds=settings().queued_patience)
    cloud.sweep()
    cloud.flow()
    assert len(cloud.endpoint.invocations) == 1
    cloud.hear(cloud.success(cloud.read(records[0])))
    cloud.flow()
    assert [cloud.read(record).status for record in records] == [COMPLETED, PROCESSING]


def test_a_queued_analysis_that_came_back_is_submitted(cloud: Cloud) -> None:
    """Its place in the fair queue is made anew by the sweeper."""
    record = cloud.queued("alice")
    table = _restored()
    record.delete()
    for place in _places("alice"):
        place.delete()
    restore(table, TABLE, MISSING)
    assert (queries.get("alice", record.id).status, _places("alice")) == (QUEUED, [])
    for _ in range(2):
        cloud.later(seconds=settings().queued_patience)
        cloud.sweep()
    assert cloud.read(record).status == PROCESSING


def _places(owner: str) -> list[WaitingRecord]:
    """The attempts of an owner that wait in the fair queue."""
    pk, _ = item_keys.slots(owner)
    return list(WaitingRecord.query(pk, WaitingRecord.sk.startswith(item_keys.WAITING_PREFIX), consistent_read=True))


def test_the_counts_of_a_month_are_never_set_back(cloud: Cloud) -> None:
    cloud.completed("alice")
    table = _restored()
    cloud.completed("alice")
    restore(table, TABLE, ALL)
    month = clock.month_of(cloud.now)
    assert cloud.used("alice") == 2 and ceiling.used(month) == 2
    lost = QuotaRecord(*item_keys.quota("alice", month))
    lost.update(actions=[QuotaRecord.used.set(0)])
    restore(table, TABLE, ALL)
    assert cloud.used("alice") == 1  # what the copy holds of it comes back


def test_what_was_deleted_or_revoked_since_stays_so(cloud: Cloud) -> None:
    deleted, key = cloud.completed("alice"), api_keys.create("alice", "old", cloud.now)
    of_an_account = cloud.completed("bob")
    table = _restored()
    deletion.delete("alice", deleted.id, cloud.now)
    api_keys.revoke("alice", key.record.id, cloud.now)
    profiles.delete_account("bob", cloud.now)
    of_an_account.delete()  # as long after
    found = restore(table, TABLE, ALL)
    assert (found["ended"], found["missing"], found["different"]) == (3, 0, 0)
    assert cloud.read(deleted).is_deleted
    assert api_keys.list_("alice") == []
    assert queries.find(of_an_account.id) is None
    profile = profiles.find("bob")
    assert profile is not None and profile.deleting_since is not None


def test_what_changes_while_it_is_compared_is_compared_again(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    record = cloud.completed("alice")
    table = _restored()
    Item(record.pk, record.sk).update(actions=[Item.owner.set("mallory")])
    real = restoring._put
    interfered: list[Any] = []

    def put(dynamodb: Any, target: str, item: Any, current: Any) -> bool:
        if not interfered:
            interfered.append(item)
            record.refresh()
            deletion.hide(record, cloud.now, purge_at=0)
        return real(dynamodb, target, item, current)

    monkeypatch.setattr(restoring, "_put", put)
    assert restore(table, TABLE, ALL)["ended"] == 1
    assert cloud.read(record).is_deleted


def test_tombstones_outlive_the_backups() -> None:
    assert Settings.model_fields["tombstone_days"].default > KEPT.to_days()


def test_keys_follow_the_plan_that_comes_back(cloud: Cloud) -> None:
    plan_changes.change("alice", "pro", cloud.now)
    key = api_keys.create("alice", "mine", cloud.now).record.gateway_key_id
    table = _restored()
    plan_changes.change("alice", "free", cloud.now)
    cloud.later(hours=1)
    cloud.sweep()
    restore(table, TABLE, ALL)
    cloud.sweep()
    (on_pro,) = clients.client("apigateway").get_usage_plan_keys(usagePlanId=cloud.usage_plans["pro"])["items"]
    assert on_pro["id"] == key
