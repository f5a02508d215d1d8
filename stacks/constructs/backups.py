"""Backups of what users gave, in a vault of its own: they outlive whoever may delete the originals."""

import aws_cdk as cdk
from aws_cdk import Duration
from aws_cdk import aws_backup as backup
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.config import StageConfig
from stacks.constructs import trust
from stacks.constructs.customer_key import WRITE, use_key
from stacks.nag import accept

KEPT = Duration.days(35)  # as long as the table can be put back by itself, and what a deletion may take to be complete
# AWS's own policies for the service's role: for the table, and for objects.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/iam-service-roles.html
POLICIES = (
    "service-role/AWSBackupServiceRolePolicyForBackup",
    "service-role/AWSBackupServiceRolePolicyForRestores",
    "AWSBackupServiceRolePolicyForS3Backup",
    "AWSBackupServiceRolePolicyForS3Restore",
)


class Backups(Construct):
    """A backup each night; that of a bucket holds what changed since the last one."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        config: StageConfig,
        table: dynamodb.ITable,
        buckets: list[s3.IBucket],
        key: kms.IKey | None,
    ) -> None:
        super().__init__(scope, id)
        # A vault keeps its key, so with another one it is another vault, and the first stays with what is in it.
        name = "EncryptedVault" if key else "Vault"
        self.vault = backup.BackupVault(self, name, encryption_key=key, removal_policy=cdk.RemovalPolicy.RETAIN)
        plan = backup.BackupPlan(
            self,
            "Plan",
            backup_vault=self.vault,
            backup_plan_rules=[
                backup.BackupPlanRule(
                    rule_name="Nightly",
                    schedule_expression=events.Schedule.cron(hour="3", minute="0"),
                    start_window=Duration.hours(1),
                    completion_window=Duration.hours(12),
                    delete_after=KEPT,
                )
            ],
        )
        self.role = role = iam.Role(
            self,
            "Role",
            assumed_by=trust.service(self, config, "backup"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(name) for name in POLICIES],
        )
        accept(role, "IAM4", "AWS's own policies for its backups and restores, as the service documents them")
        # AWS's policies have the key through S3 and DynamoDB, and grants on it, but not the vault's own use of it.
        # https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
        use_key(role, key, {"backup": (*WRITE, "kms:DescribeKey")})
        plan.add_selection(
            "Data",
            role=role,
            disable_default_backup_policy=True,
            resources=[
                backup.BackupResource.from_dynamo_db_table(table),
                *(backup.BackupResource.from_arn(bucket.bucket_arn) for bucket in buckets),
            ],
        )
