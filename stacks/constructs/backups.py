"""Backups of what users gave, in a vault of its own: they outlive whoever may delete the originals."""

import aws_cdk as cdk
from aws_cdk import Duration
from aws_cdk import aws_backup as backup
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.config import StageConfig
from stacks.constructs import trust
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
        self, scope: Construct, id: str, config: StageConfig, table: dynamodb.ITable, buckets: list[s3.IBucket]
    ) -> None:
        super().__init__(scope, id)
        self.vault = backup.BackupVault(self, "Vault", removal_policy=cdk.RemovalPolicy.RETAIN)
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
        role = iam.Role(
            self,
            "Role",
            assumed_by=trust.service(self, config, "backup"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(name) for name in POLICIES],
        )
        accept(role, "IAM4", "AWS's own policies for its backups and restores, as the service documents them")
        plan.add_selection(
            "Data",
            role=role,
            disable_default_backup_policy=True,
            resources=[
                backup.BackupResource.from_dynamo_db_table(table),
                *(backup.BackupResource.from_arn(bucket.bucket_arn) for bucket in buckets),
            ],
        )
