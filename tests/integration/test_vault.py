"""The way back from a vault: what AWS Backup is asked for, and what is done with the table and the bucket it makes.

No emulator restores from a vault. What is asked of AWS Backup is held to botocore's model of the service; the new table
is made by DynamoDB's own backup, and the new bucket by copies, as AWS Backup makes them.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto.iam.aws_managed_policies import aws_managed_policies_data
from typer.testing import CliRunner

from common.analyses import COMPLETED
from lambdas.core.analyses import deletion, queries
from lambdas.core.aws import clients
from lambdas.core.owners import profiles
from lambdas.core.storage import objects
from scripts import ops, restoring_objects, vault
from scripts.deployed import DeployedError
from scripts.restoring import MISSING, restore
from stacks.constructs.backups import POLICIES
from tests.integration.cloud import MEDIA, RESULTS, TABLE, VIDEO, Cloud
from tests.integration.events import drop_event

NOW = datetime(2026, 11, 30, 10, 30, tzinfo=UTC)
OUTPUTS = {"BackupVault": "vault", "BackupRoleArn": "arn:aws:iam::123456789012:role/backup"}
POINT = "arn:aws:backup:eu-west-1:123456789012:recovery-point:{}"
OF_TABLE = {
    "RecoveryPointArn": POINT.format("t"),
    "ResourceType": vault.TABLE,
    "ResourceArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/Records-1",
    "CreationDate": datetime(2026, 11, 29, 3, tzinfo=UTC),
    "Status": "COMPLETED",
}
OF_BUCKET = {
    "RecoveryPointArn": POINT.format("b"),
    "ResourceType": vault.BUCKET,
    "ResourceArn": f"arn:aws:s3:::{'m' * 63}",
    "CreationDate": datetime(2026, 11, 30, 3, tzinfo=UTC),
    "Status": "COMPLETED",
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """AWS Backup's client, which takes what is expected and refuses what the service's model does not know."""
    client = boto3.client("backup", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    monkeypatch.setattr(boto3, "client", lambda _name: client)
    with Stubber(client) as stub:
        listed = {"RecoveryPoints": [OF_TABLE, OF_BUCKET]}
        stub.add_response("list_recovery_points_by_backup_vault", listed, {"BackupVaultName": "vault"})
        yield stub


@pytest.mark.usefixtures("asked")
def test_recovery_points_are_listed_the_newest_first() -> None:
    assert [(p.kind, p.source) for p in vault.points(OUTPUTS)] == [("S3", "m" * 63), ("DynamoDB", "Records-1")]


def _expect_job(asked: Stubber, point: dict[str, Any], stored: dict[str, str], metadata: dict[str, str]) -> None:
    arn, token = point["RecoveryPointArn"], metadata.get("targetTableName") or metadata["DestinationBucketName"]
    asked.add_response(
        "get_recovery_point_restore_metadata",
        {"RestoreMetadata": stored, "ResourceType": point["ResourceType"]},
        {"BackupVaultName": "vault", "RecoveryPointArn": arn},
    )
    wanted = {"RecoveryPointArn": arn, "IamRoleArn": OUTPUTS["BackupRoleArn"], "ResourceType": point["ResourceType"]}
    asked.add_response(
        "start_restore_job", {"RestoreJobId": "job"}, {**wanted, "Metadata": metadata, "IdempotencyToken": token}
    )


def _expect_states(asked: Stubber, *states: dict[str, str]) -> None:
    for state in states:
        asked.add_response("describe_restore_job", state, {"RestoreJobId": "job"})


def test_a_table_is_restored_into_a_new_one_with_what_was_stored_of_it(asked: Stubber) -> None:
    stored = {"encryptionType": "KMS", "originalTableName": "Records-1"}
    name = "Records-1-restored-2026113010"
    _expect_job(asked, OF_TABLE, stored, {**stored, "targetTableName": name})
    _expect_states(asked, {"Status": "RUNNING", "PercentDone": "40%"}, {"Status": "COMPLETED"})
    said: list[str] = []
    assert vault.recover(OUTPUTS, POINT.format("t"), NOW, said.append, pause=0) == name
    assert said == [f"{name}: running, 40%"]
    asked.assert_no_pending_responses()


def test_a_bucket_is_restored_into_a_new_one_whose_name_is_short_enough(asked: Stubber) -> None:
    name = f"{'m' * 52}-2026113010"
    asks = {"DestinationBucketName": name, "NewBucket": "true", "Encrypted": "true", "EncryptionType": "original"}
    _expect_job(asked, OF_BUCKET, {}, asks)
    _expect_states(asked, {"Status": "COMPLETED"})
    assert vault.recover(OUTPUTS, POINT.format("b"), NOW, print, pause=0) == name
    assert len(name) == vault.MAX_BUCKET_NAME


def test_a_job_that_fails_says_why(asked: Stubber) -> None:
    _expect_job(asked, OF_TABLE, {}, {"targetTableName": "Records-1-restored-2026113010"})
    _expect_states(asked, {"Status": "FAILED", "StatusMessage": "no access to the key"})
    with pytest.raises(DeployedError, match="job failed: no access to the key"):
        vault.recover(OUTPUTS, POINT.format("t"), NOW, print, pause=0)


def test_what_is_not_in_the_vault_is_not_restored(asked: Stubber) -> None:
    assert asked
    with pytest.raises(DeployedError, match="`backups` lists them"):
        vault.recover(OUTPUTS, POINT.format("x"), NOW, print)
    with pytest.raises(DeployedError, match="makes no backups"):
        list(vault.points({}))


def test_the_role_may_make_the_new_table_and_the_new_bucket() -> None:
    published = json.loads(aws_managed_policies_data)
    allowed: set[str] = set()
    for name in POLICIES:
        for statement in published[name.rpartition("/")[2]]["Document"]["Statement"]:
            actions = statement["Action"]
            allowed |= {actions} if isinstance(actions, str) else set(actions)
    assert allowed >= {"dynamodb:RestoreTableFromAwsBackup", "s3:CreateBucket", "s3:PutObject"}


def _table_of_a_backup(cloud: Cloud) -> str:
    """The table as a backup has it, in a new one."""
    assert cloud
    dynamodb, name = boto3.client("dynamodb"), f"{TABLE}-restored-2026113010"
    made = dynamodb.create_backup(TableName=TABLE, BackupName="nightly")["BackupDetails"]["BackupArn"]
    dynamodb.restore_table_from_backup(TargetTableName=name, BackupArn=made)
    dynamodb.get_waiter("table_exists").wait(TableName=name)
    return name


def _bucket_of_a_backup(cloud: Cloud, bucket: str) -> str:
    """The objects of a bucket as they are now, in a new one."""
    copy = f"{bucket}-2026113010"
    location = {"LocationConstraint": clients.s3().meta.region_name}
    clients.s3().create_bucket(Bucket=copy, CreateBucketConfiguration=location)
    for key in cloud.keys(bucket):
        clients.s3().copy_object(Bucket=copy, Key=key, CopySource={"Bucket": bucket, "Key": key})
    return copy


def test_a_table_and_both_buckets_that_are_lost_come_back_from_the_vault(cloud: Cloud) -> None:
    records = [cloud.completed(owner) for owner in ("alice", "bob")]
    table = _table_of_a_backup(cloud)
    copies = {bucket: _bucket_of_a_backup(cloud, bucket) for bucket in (MEDIA, RESULTS)}
    for record in records:
        record.delete()
        clients.s3().delete_object(Bucket=MEDIA, Key=record.object_key)
        clients.s3().delete_object(Bucket=RESULTS, Key=record.result_key)

    assert restore(table, TABLE, MISSING)["missing"] == 2
    for bucket, copy in copies.items():
        assert restoring_objects.is_bucket(copy) and not restoring_objects.is_bucket(table.lower())
        assert restoring_objects.restore(copy, write=False)["missing"] == 2
        assert not [key for key in cloud.keys(bucket) if key.startswith(("uploads/", "analyses/"))]
        assert restoring_objects.restore(copy, write=True)["missing"] == 2
        assert dict(restoring_objects.restore(copy, write=True)) == {"present": 2}
    for record in records:
        found = queries.get(record.owner, record.id)
        assert found.status == COMPLETED and queries.result(found) == queries.result(record)
        answer = clients.s3().get_object(Bucket=MEDIA, Key=found.object_key)
        assert answer["Body"].read() == VIDEO and answer["VersionId"] == found.version_id, "as the player asks for it"
        arrived = drop_event(found.object_key, found.version_id)
        arrived["detail"]["reason"] = "CopyObject"
        assert cloud.take_drop(arrived) == {"batchItemFailures": []}
        assert objects.exists(MEDIA, found.object_key)


def test_objects_of_what_was_deleted_since_and_dropped_videos_stay_away(cloud: Cloud) -> None:
    kept, deleted = cloud.completed("alice"), cloud.completed("alice")
    profiles.ensure("alice", "alice@example.com", cloud.now)
    assert cloud.take_drop(cloud.drop("drop/alice/a.mp4")) == {"batchItemFailures": []}
    copy = _bucket_of_a_backup(cloud, MEDIA)
    deletion.delete("alice", deleted.id, cloud.now)
    cloud.later(days=1)
    cloud.sweep()
    for key in (kept.object_key, "drop/alice/a.mp4"):
        clients.s3().delete_object(Bucket=MEDIA, Key=key)
    assert dict(restoring_objects.restore(copy, write=True)) == {"missing": 1, "dropped": 1}
    assert cloud.keys(MEDIA, "uploads/") == [kept.object_key] and not cloud.keys(MEDIA, "drop/")


def test_the_command_takes_a_table_or_a_bucket(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "become", lambda _stage: {"TableName": TABLE})
    record = cloud.completed("alice")
    table, bucket = _table_of_a_backup(cloud), _bucket_of_a_backup(cloud, MEDIA)
    record.delete()
    clients.s3().delete_object(Bucket=MEDIA, Key=record.object_key)

    def said(*arguments: str) -> str:
        run = CliRunner().invoke(ops.app, ["--stage", "prod", "restore", *arguments])
        assert run.exit_code == 0, run.output
        return run.output

    assert "1 missing, 0 different" in said(table)
    assert "1 missing (written), 0 different" in said(table, "--write", "missing")
    assert said(bucket) == "0 present, 1 missing, 0 lost, 0 dropped\n"
    assert said(bucket, "--write", "missing") == "0 present, 1 missing (copied), 0 lost, 0 dropped\n"
    assert said(bucket).startswith("1 present, 0 missing")
