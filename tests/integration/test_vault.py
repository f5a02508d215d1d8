"""Restoring from a vault: the requests to AWS Backup, and the use of the table and bucket that it creates.

No emulator restores from a vault. Requests to AWS Backup are validated against botocore's model of the service; the new
table is created by DynamoDB's own backup, and the new bucket by copying, with the same result as by AWS Backup.
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
from scripts import backup_vault, ops, restore_objects
from scripts.restore_records import MISSING, restore
from scripts.stage_outputs import DeployedError
from stacks.constructs.backups import POLICIES
from tests.integration.cloud import MEDIA, RESULTS, TABLE, VIDEO, Cloud
from tests.integration.events import drop_event

NOW = datetime(2026, 11, 30, 10, 30, tzinfo=UTC)
OUTPUTS = {"BackupVault": "vault", "BackupRoleArn": "arn:aws:iam::123456789012:role/backup"}
POINT = "arn:aws:backup:eu-west-1:123456789012:recovery-point:{}"
OF_TABLE = {
    "RecoveryPointArn": POINT.format("t"),
    "ResourceType": backup_vault.TABLE,
    "ResourceArn": "arn:aws:dynamodb:eu-west-1:123456789012:table/Records-1",
    "CreationDate": datetime(2026, 11, 29, 3, tzinfo=UTC),
    "Status": "COMPLETED",
}
OF_BUCKET = {
    "RecoveryPointArn": POINT.format("b"),
    "ResourceType": backup_vault.BUCKET,
    "ResourceArn": f"arn:aws:s3:::{'m' * 63}",
    "CreationDate": datetime(2026, 11, 30, 3, tzinfo=UTC),
    "Status": "COMPLETED",
}


@pytest.fixture
def stubber(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """Stub the client of AWS Backup: it accepts only expected requests that match the service's model."""
    client = boto3.client("backup", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    monkeypatch.setattr(boto3, "client", lambda _name: client)
    with Stubber(client) as stub:
        listed = {"RecoveryPoints": [OF_TABLE, OF_BUCKET]}
        stub.add_response("list_recovery_points_by_backup_vault", listed, {"BackupVaultName": "vault"})
        yield stub


@pytest.mark.usefixtures("stubber")
def test_recovery_points_are_listed_newest_first() -> None:
    assert [(p.kind, p.source) for p in backup_vault.points(OUTPUTS)] == [("S3", "m" * 63), ("DynamoDB", "Records-1")]


def _expect_job(stubber: Stubber, point: dict[str, Any], stored: dict[str, str], metadata: dict[str, str]) -> None:
    arn, token = point["RecoveryPointArn"], metadata.get("targetTableName") or metadata["DestinationBucketName"]
    stubber.add_response(
        "get_recovery_point_restore_metadata",
        {"RestoreMetadata": stored, "ResourceType": point["ResourceType"]},
        {"BackupVaultName": "vault", "RecoveryPointArn": arn},
    )
    wanted = {"RecoveryPointArn": arn, "IamRoleArn": OUTPUTS["BackupRoleArn"], "ResourceType": point["ResourceType"]}
    stubber.add_response(
        "start_restore_job", {"RestoreJobId": "job"}, {**wanted, "Metadata": metadata, "IdempotencyToken": token}
    )


def _expect_states(stubber: Stubber, *states: dict[str, str]) -> None:
    for state in states:
        stubber.add_response("describe_restore_job", state, {"RestoreJobId": "job"})


def test_a_table_is_restored_into_a_new_one_with_its_settings(stubber: Stubber) -> None:
    stored = {"encryptionType": "KMS", "originalTableName": "Records-1"}
    name = "Records-1-restored-2026113010"
    _expect_job(stubber, OF_TABLE, stored, {**stored, "targetTableName": name})
    _expect_states(stubber, {"Status": "RUNNING", "PercentDone": "40%"}, {"Status": "COMPLETED"})
    progress: list[str] = []
    assert backup_vault.recover(OUTPUTS, POINT.format("t"), NOW, progress.append, pause=0) == name
    assert progress == [f"{name}: running, 40%"]
    stubber.assert_no_pending_responses()


def test_a_bucket_is_restored_into_a_new_one_with_a_valid_name(stubber: Stubber) -> None:
    name = f"{'m' * 52}-2026113010"
    asks = {"DestinationBucketName": name, "NewBucket": "true", "Encrypted": "true", "EncryptionType": "original"}
    _expect_job(stubber, OF_BUCKET, {}, asks)
    _expect_states(stubber, {"Status": "COMPLETED"})
    assert backup_vault.recover(OUTPUTS, POINT.format("b"), NOW, print, pause=0) == name
    assert len(name) == backup_vault.MAX_BUCKET_NAME


def test_a_failed_job_has_its_reason(stubber: Stubber) -> None:
    _expect_job(stubber, OF_TABLE, {}, {"targetTableName": "Records-1-restored-2026113010"})
    _expect_states(stubber, {"Status": "FAILED", "StatusMessage": "no access to the key"})
    with pytest.raises(DeployedError, match="job failed: no access to the key"):
        backup_vault.recover(OUTPUTS, POINT.format("t"), NOW, print, pause=0)


def test_unknown_recovery_points_are_refused(stubber: Stubber) -> None:
    assert stubber
    with pytest.raises(DeployedError, match="`backups` lists them"):
        backup_vault.recover(OUTPUTS, POINT.format("x"), NOW, print)
    with pytest.raises(DeployedError, match="has no backups"):
        list(backup_vault.points({}))


def test_the_role_may_make_the_new_table_and_the_new_bucket() -> None:
    published = json.loads(aws_managed_policies_data)
    allowed: set[str] = set()
    for name in POLICIES:
        for statement in published[name.rpartition("/")[2]]["Document"]["Statement"]:
            actions = statement["Action"]
            allowed |= {actions} if isinstance(actions, str) else set(actions)
    assert allowed >= {"dynamodb:RestoreTableFromAwsBackup", "s3:CreateBucket", "s3:PutObject"}


def _table_of_a_backup(cloud: Cloud) -> str:
    """Restore a backup of the table into a new table; return its name."""
    assert cloud
    dynamodb, name = boto3.client("dynamodb"), f"{TABLE}-restored-2026113010"
    made = dynamodb.create_backup(TableName=TABLE, BackupName="nightly")["BackupDetails"]["BackupArn"]
    dynamodb.restore_table_from_backup(TargetTableName=name, BackupArn=made)
    dynamodb.get_waiter("table_exists").wait(TableName=name)
    return name


def _bucket_of_a_backup(cloud: Cloud, bucket: str) -> str:
    """Copy the current objects of a bucket into a new bucket; return its name."""
    copy = f"{bucket}-2026113010"
    location = {"LocationConstraint": clients.s3().meta.region_name}
    clients.s3().create_bucket(Bucket=copy, CreateBucketConfiguration=location)
    for key in cloud.keys(bucket):
        clients.s3().copy_object(Bucket=copy, Key=key, CopySource={"Bucket": bucket, "Key": key})
    return copy


def test_a_lost_table_and_lost_buckets_are_restored_from_the_vault(cloud: Cloud) -> None:
    records = [cloud.completed(owner) for owner in ("alice", "bob")]
    table = _table_of_a_backup(cloud)
    copies = {bucket: _bucket_of_a_backup(cloud, bucket) for bucket in (MEDIA, RESULTS)}
    for record in records:
        record.delete()
        clients.s3().delete_object(Bucket=MEDIA, Key=record.object_key)
        clients.s3().delete_object(Bucket=RESULTS, Key=record.result_key)

    assert restore(table, TABLE, MISSING)["missing"] == 2
    for bucket, copy in copies.items():
        assert restore_objects.is_bucket(copy) and not restore_objects.is_bucket(table.lower())
        assert restore_objects.restore(copy, write=False)["missing"] == 2
        assert not [key for key in cloud.keys(bucket) if key.startswith(("uploads/", "analyses/"))]
        assert restore_objects.restore(copy, write=True)["missing"] == 2
        assert dict(restore_objects.restore(copy, write=True)) == {"present": 2}
    for record in records:
        found = queries.get(record.owner, record.id)
        assert found.status == COMPLETED and queries.result(found) == queries.result(record)
        answer = clients.s3().get_object(Bucket=MEDIA, Key=found.object_key)
        assert answer["Body"].read() == VIDEO and answer["VersionId"] == found.version_id, "as requested by the player"
        arrived = drop_event(found.object_key, found.version_id)
        arrived["detail"]["reason"] = "CopyObject"
        assert cloud.process_drops(arrived) == {"batchItemFailures": []}
        assert objects.exists(MEDIA, found.object_key)


def test_objects_deleted_since_the_backup_and_drops_are_not_restored(cloud: Cloud) -> None:
    kept, deleted = cloud.completed("alice"), cloud.completed("alice")
    profiles.ensure("alice", "alice@example.com", cloud.now)
    assert cloud.process_drops(cloud.drop("drop/alice/a.mp4")) == {"batchItemFailures": []}
    copy = _bucket_of_a_backup(cloud, MEDIA)
    deletion.delete("alice", deleted.id, cloud.now)
    cloud.advance(days=1)
    cloud.sweep()
    for key in (kept.object_key, "drop/alice/a.mp4"):
        clients.s3().delete_object(Bucket=MEDIA, Key=key)
    assert dict(restore_objects.restore(copy, write=True)) == {"missing": 1, "drop folder": 1}
    assert cloud.keys(MEDIA, "uploads/") == [kept.object_key] and not cloud.keys(MEDIA, "drop/")


def test_the_command_takes_a_table_or_a_bucket(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "configure_core", lambda _stage: {"TableName": TABLE})
    record = cloud.completed("alice")
    table, bucket = _table_of_a_backup(cloud), _bucket_of_a_backup(cloud, MEDIA)
    record.delete()
    clients.s3().delete_object(Bucket=MEDIA, Key=record.object_key)

    def run(*arguments: str) -> str:
        run = CliRunner().invoke(ops.app, ["--stage", "prod", "restore", *arguments])
        assert run.exit_code == 0, run.output
        return run.output

    assert "1 missing, 0 different" in run(table)
    assert "1 missing (written), 0 different" in run(table, "--write", "missing")
    assert run(bucket) == "0 present, 1 missing, 0 lost, 0 drop folder\n"
    assert run(bucket, "--write", "missing") == "0 present, 1 missing (copied), 0 lost, 0 drop folder\n"
    assert run(bucket).startswith("1 present, 0 missing")
