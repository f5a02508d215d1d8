"""Restoring damaged records: DynamoDB restores into another table, from which items are copied back."""

from typing import Any

import boto3
import pytest

from common.analyses import COMPLETED, PROCESSING, QUEUED
from lambdas.core import clock
from lambdas.core.analyses import deletion, queries
from lambdas.core.aws import clients
from lambdas.core.errors import UnauthorizedError
from lambdas.core.owners import api_keys, plan_changes, profiles, stage_quota
from lambdas.core.settings import Settings, settings
from lambdas.core.storage import item_keys
from lambdas.core.storage.tables import Item, QuotaRecord, WaitingRecord
from scripts import restore_records
from scripts.restore_records import ALL, MISSING, NOTHING, restore
from scripts.stage_outputs import DeployedError
from stacks.constructs.backups import BACKUP_RETENTION
from tests.integration.cloud import MEDIA, TABLE, Cloud

RESTORED = f"{TABLE}-restored"


def _restored() -> str:
    """Restore the table to its current state, like an operator."""
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


def test_damaged_records_are_restored_and_newer_ones_kept(cloud: Cloud) -> None:
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


def test_rotated_secrets_and_ended_sessions_stay_invalid(cloud: Cloud) -> None:
    leaked = api_keys.create("alice", "laptop", cloud.now)
    profiles.set_webhook("alice", "https://hooks.example.com/in", cloud.now)
    table = _restored()
    cloud.advance(seconds=1)
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


def test_a_restored_analysis_can_be_deleted_and_retried(cloud: Cloud) -> None:
    record = cloud.failed("alice")
    table = _restored()
    record.delete()
    restore(table, TABLE, MISSING)
    assert cloud.publish(None, queries.get("alice", record.id)) == {"batchItemFailures": []}
    assert cloud.start("alice", record.object_key).attempt == 2


@pytest.mark.parametrize(
    ("source", "message"), [(TABLE, "own table"), ("nothing-there", "table nothing-there not found")]
)
def test_what_is_no_restored_table_is_refused(cloud: Cloud, source: str, message: str) -> None:
    assert cloud.now
    with pytest.raises(DeployedError, match=message):
        restore(source, TABLE, ALL)


def test_an_upload_analyzed_since_the_backup_keeps_its_video(cloud: Cloud) -> None:
    """If the pending upload were written back, the sweeper would remove its file when it expires."""
    key = cloud.upload("alice")
    table = _restored()
    record = cloud.start("alice", key)
    for write in (MISSING, ALL):
        assert restore(table, TABLE, write)["temporary"] == 2  # the upload, and the counter
    assert cloud.outstanding("alice") == 0
    cloud.advance(days=1)
    cloud.sweep()
    assert cloud.keys(MEDIA, "uploads/") == [record.object_key]


def test_an_attempt_that_was_submitted_since_does_not_wait_again(cloud: Cloud) -> None:
    """Its place would be given a slot, in the place of which another attempt was then submitted too early."""
    records = [cloud.queued("alice")]
    cloud.advance(seconds=1)
    records.append(cloud.queued("alice"))
    table = _restored()
    cloud.run_stream()
    restore(table, TABLE, MISSING)
    assert len(_places("alice")) == 1
    cloud.advance(seconds=settings().queued_patience)
    cloud.sweep()
    cloud.run_stream()
    assert len(cloud.endpoint.invocations) == 1
    cloud.notify(cloud.success(cloud.read(records[0])))
    cloud.run_stream()
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
        cloud.advance(seconds=settings().queued_patience)
        cloud.sweep()
    assert cloud.read(record).status == PROCESSING


def _places(owner: str) -> list[WaitingRecord]:
    """The attempts of an owner that wait in the fair queue."""
    pk, _ = item_keys.slots(owner)
    return list(WaitingRecord.query(pk, WaitingRecord.sk.startswith(item_keys.WAITING_PREFIX), consistent_read=True))


def test_monthly_counters_are_never_decreased(cloud: Cloud) -> None:
    cloud.completed("alice")
    table = _restored()
    cloud.completed("alice")
    restore(table, TABLE, ALL)
    month = clock.month_of(cloud.now)
    assert cloud.used("alice") == 2 and stage_quota.used(month) == 2
    lost = QuotaRecord(*item_keys.quota("alice", month))
    lost.update(actions=[QuotaRecord.used.set(0)])
    restore(table, TABLE, ALL)
    assert cloud.used("alice") == 1  # restored from the copy


def test_deletions_and_revocations_since_the_backup_stay(cloud: Cloud) -> None:
    deleted, key = cloud.completed("alice"), api_keys.create("alice", "old", cloud.now)
    of_an_account = cloud.completed("bob")
    table = _restored()
    deletion.delete("alice", deleted.id, cloud.now)
    api_keys.revoke("alice", key.record.id, cloud.now)
    profiles.delete_account("bob", cloud.now)
    of_an_account.delete()  # as long after
    found = restore(table, TABLE, ALL)
    assert (found["deleted"], found["missing"], found["different"]) == (3, 0, 0)
    assert cloud.read(deleted).is_deleted
    assert api_keys.list_active("alice") == []
    assert queries.find(of_an_account.id) is None
    profile = profiles.find("bob")
    assert profile is not None and profile.deleting_since is not None


def test_items_changed_during_the_comparison_are_compared_again(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    record = cloud.completed("alice")
    table = _restored()
    Item(record.pk, record.sk).update(actions=[Item.owner.set("mallory")])
    real = restore_records._put
    interfered: list[Any] = []

    def put(dynamodb: Any, target: str, item: Any, current: Any) -> bool:
        if not interfered:
            interfered.append(item)
            record.refresh()
            deletion.hide(record, cloud.now, purge_at=0)
        return real(dynamodb, target, item, current)

    monkeypatch.setattr(restore_records, "_put", put)
    assert restore(table, TABLE, ALL)["deleted"] == 1
    assert cloud.read(record).is_deleted


def test_tombstones_outlive_the_backups() -> None:
    assert Settings.model_fields["tombstone_days"].default > BACKUP_RETENTION.to_days()


def test_keys_follow_a_restored_plan(cloud: Cloud) -> None:
    plan_changes.change("alice", "pro", cloud.now)
    key = api_keys.create("alice", "mine", cloud.now).record.gateway_key_id
    table = _restored()
    plan_changes.change("alice", "free", cloud.now)
    cloud.advance(hours=1)
    cloud.sweep()
    restore(table, TABLE, ALL)
    cloud.sweep()
    (on_pro,) = clients.client("apigateway").get_usage_plan_keys(usagePlanId=cloud.usage_plans["pro"])["items"]
    assert on_pro["id"] == key
