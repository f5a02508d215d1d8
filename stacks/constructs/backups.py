"""Backups of users' data in a separate vault, out of reach of the roles that can delete the originals."""

import aws_cdk as cdk
from aws_cdk import Duration
from aws_cdk import aws_backup as backup
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from common import retention
from stacks.config import StageConfig
from stacks.constructs import trust
from stacks.constructs.customer_key import WRITE, use_key
from stacks.nag_suppressions import accept

# As long as DynamoDB's point-in-time recovery, and the promised limit for a complete deletion of a user's data.
BACKUP_RETENTION = Duration.days(retention.BACKUPS)
# AWS managed policies for the role of AWS Backup: for the table, and for objects.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/iam-service-roles.html
POLICIES = (
    "service-role/AWSBackupServiceRolePolicyForBackup",
    "service-role/AWSBackupServiceRolePolicyForRestores",
    "AWSBackupServiceRolePolicyForS3Backup",
    "AWSBackupServiceRolePolicyForS3Restore",
)


class Backups(Construct):
    """Nightly backups of the table and the buckets; those of buckets are incremental."""

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
        # A vault's key cannot change: another key takes another vault, and the first one is kept with its backups.
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
                    delete_after=BACKUP_RETENTION,
                )
            ],
        )
        self.role = role = iam.Role(
            self,
            "Role",
            assumed_by=trust.service(self, config, "backup"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(name) for name in POLICIES],
        )
        accept(role, "IAM4", "AWS managed policies for backups and restores, as the service documents them")
        # The managed policies cover the key's use through S3 and DynamoDB, and grants, but not its use by the vault.
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
