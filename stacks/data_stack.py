"""Data stack: users, records, videos and results. The other stacks can be deleted and redeployed without data loss."""

import aws_cdk as cdk
from constructs import Construct

from stacks.config import CUSTOMER_KEY, StageConfig
from stacks.constructs.auth import Auth
from stacks.constructs.backups import Backups
from stacks.constructs.customer_key import CustomerKey
from stacks.constructs.storage import Buckets, Table


class DataStack(cdk.Stack):
    """User pool, table and buckets of a stage, with backups and an encryption key where configured."""

    def __init__(self, scope: Construct, id: str, config: StageConfig) -> None:
        super().__init__(
            scope,
            id,
            termination_protection=config.protects("Data"),
            description="Video sentiment: users, records, videos",
        )
        self.key = CustomerKey(self, "CustomerKey", config).key if config.customer_key else None
        self.auth = Auth(self, "Auth", config)
        self.table = Table(self, "Records", config).table
        self.buckets = Buckets(self, "Buckets", config)
        if config.is_prod and config.backups:
            backups = Backups(self, "Backups", config, self.table, [self.buckets.media, self.buckets.results], self.key)
            cdk.CfnOutput(self, "BackupVault", value=backups.vault.backup_vault_name)
            cdk.CfnOutput(self, "BackupRoleArn", value=backups.role.role_arn)
        for name, value in {
            "UserPoolId": self.auth.pool.user_pool_id,
            "UserPoolClientId": self.auth.client.user_pool_client_id,
            "TableName": self.table.table_name,
            "MediaBucket": self.buckets.media.bucket_name,
            "ResultsBucket": self.buckets.results.bucket_name,
        }.items():
            cdk.CfnOutput(self, name, value=value)
        if self.key:
            cdk.CfnOutput(self, CUSTOMER_KEY, value=self.key.key_arn)
