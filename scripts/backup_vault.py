"""Recovery points in a stage's backup vault, and their restoration into a new table or bucket by AWS Backup.

`ops restore` then copies missing data from there, as from any restored table or bucket.
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

import boto3

from scripts.stage_outputs import DeployedError

TABLE, BUCKET = "DynamoDB", "S3"  # resource types of AWS Backup
END_STATES = ("COMPLETED", "ABORTED", "FAILED")
MAX_BUCKET_NAME = 63  # characters


class RecoveryPoint(NamedTuple):
    """Backup of a table or bucket. `source`: its name."""

    arn: str
    kind: str
    source: str
    created: datetime
    status: str


def points(outputs: dict[str, str]) -> Iterator[RecoveryPoint]:
    """Yield the recovery points in the stage's vault, the newest first. Raises DeployedError without a vault."""
    pages = boto3.client("backup").get_paginator("list_recovery_points_by_backup_vault")
    found = [point for page in pages.paginate(BackupVaultName=_vault(outputs)) for point in page["RecoveryPoints"]]
    for point in sorted(found, key=lambda point: point["CreationDate"], reverse=True):
        source = point["ResourceArn"].rpartition(":")[2].removeprefix("table/")
        yield RecoveryPoint(
            point["RecoveryPointArn"], point["ResourceType"], source, point["CreationDate"], point["Status"]
        )


def recover(outputs: dict[str, str], arn: str, now: datetime, echo: Callable[[str], None], *, pause: float = 30) -> str:
    """Restore a recovery point with AWS Backup, wait, and return the name of the new table or bucket.

    Raises DeployedError when it is not in the vault or cannot be restored. `pause`: seconds between status requests.
    """
    point = next((point for point in points(outputs) if point.arn == arn), None)
    if point is None:
        raise DeployedError(f"recovery point {arn} not found in the stage's vault; `backups` lists them")
    backup = boto3.client("backup")
    name = new_name(point, now)
    stored = backup.get_recovery_point_restore_metadata(BackupVaultName=_vault(outputs), RecoveryPointArn=arn)
    job = backup.start_restore_job(
        RecoveryPointArn=arn,
        IamRoleArn=outputs["BackupRoleArn"],
        ResourceType=point.kind,
        Metadata=metadata(point.kind, stored["RestoreMetadata"], name),
        IdempotencyToken=name,
    )["RestoreJobId"]
    state = backup.describe_restore_job(RestoreJobId=job)
    while state["Status"] not in END_STATES:
        echo(f"{name}: {state['Status'].lower()}, {state.get('PercentDone', '0%')}")
        time.sleep(pause)
        state = backup.describe_restore_job(RestoreJobId=job)
    if state["Status"] != "COMPLETED":
        reason = state.get("StatusMessage", "AWS Backup reported no reason")
        raise DeployedError(f"the restore job {job} {state['Status'].lower()}: {reason}")
    return name


def new_name(point: RecoveryPoint, now: datetime) -> str:
    """Return the name of a table or bucket to restore into, which is the same for repeated commands within an hour."""
    suffix = f"-{now:%Y%m%d%H}"
    if point.kind == TABLE:
        return f"{point.source}-restored{suffix}"
    return f"{point.source[: MAX_BUCKET_NAME - len(suffix)].rstrip('-.')}{suffix}"


def metadata(kind: str, stored: dict[str, str], name: str) -> dict[str, str]:
    """Return the metadata of a restore job, based on the metadata stored with the recovery point.

    https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-dynamodb.html
    https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-s3.html
    """
    if kind == TABLE:
        return {**stored, "targetTableName": name}
    if kind == BUCKET:
        return {"DestinationBucketName": name, "NewBucket": "true", "Encrypted": "true", "EncryptionType": "original"}
    raise DeployedError(f"a recovery point of {kind} does not belong to this product")


def _vault(outputs: dict[str, str]) -> str:
    if "BackupVault" not in outputs:
        raise DeployedError(
            "this stage has no backups: only prod has them, unless it was deployed with -c backups=false"
        )
    return outputs["BackupVault"]
