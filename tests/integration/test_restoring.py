"""The way back after records were damaged: DynamoDB restores into another table, and its items come back from there."""

import boto3
import pytest

from lambdas.core import reading
from lambdas.core.tables import COMPLETED, Item
from scripts.deployed import DeployedError
from scripts.restoring import ALL, MISSING, NOTHING, restore
from tests.integration.cloud import TABLE, Cloud

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
    # Other than they were: what was damaged, and the stage's count of the month, which Carol's analysis raised.
    assert (looked.missing, looked.other) == (1, 2) and looked.same > 0
    assert reading.find(lost.id) is None
    restore(table, TABLE, MISSING)
    assert reading.get("alice", lost.id).status == COMPLETED
    assert reading.find(damaged.id).owner == "mallory"  # type: ignore[union-attr]
    restore(table, TABLE, ALL)
    assert reading.get("bob", damaged.id).result_key == damaged.result_key
    assert [found.id for found in reading.page("bob").records] == [damaged.id]
    assert reading.get("carol", later.id).status == COMPLETED
    again = restore(table, TABLE, ALL)
    assert (again.missing, again.other) == (0, 0)
    own, copy = _tables()
    assert all(item in own for item in copy)


def test_an_analysis_that_came_back_can_be_deleted_and_started_as_before(cloud: Cloud) -> None:
    record = cloud.failed("alice")
    table = _restored()
    record.delete()
    restore(table, TABLE, MISSING)
    assert cloud.publish(None, reading.get("alice", record.id)) == {"batchItemFailures": []}
    assert cloud.ask("alice", record.object_key).attempt == 2


@pytest.mark.parametrize(("source", "says"), [(TABLE, "own table"), ("nothing-there", "there is no table")])
def test_what_is_no_restored_table_is_refused(cloud: Cloud, source: str, says: str) -> None:
    assert cloud.now
    with pytest.raises(DeployedError, match=says):
        restore(source, TABLE, ALL)
