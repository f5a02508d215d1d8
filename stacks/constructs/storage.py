"""Storage: the table, the buckets of videos and results, and the bucket of their access logs."""

from typing import Any

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from common import prefixes, retention, table
from stacks.config import StageConfig
from stacks.nag_suppressions import accept

# Days. Analyses, their videos and results go with their records, by the sweeper; these rules only make sure that
# what was forgotten does not stay for ever.
UPLOAD_DAYS = retention.LONGEST + 30
INPUT_DAYS = 2  # a copy for one attempt, which is over after eight hours
RAW_DAYS = 14  # what the endpoint wrote; on_result has made a result of it long since
OLD_VERSION_DAYS = retention.OLD_VERSIONS
LOG_DAYS = retention.ACCESS_LOGS
ERRORS_OF_NO_OWNER = f"{prefixes.RESULTS}!nobody/"


class Table(Construct):
    """DynamoDB table of all records, whose items are defined in `lambdas.core.storage.tables`."""

    def __init__(self, scope: Construct, id: str, config: StageConfig) -> None:
        super().__init__(scope, id)
        text, number = dynamodb.AttributeType.STRING, dynamodb.AttributeType.NUMBER
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name=table.PARTITION_KEY, type=text),
            sort_key=dynamodb.Attribute(name=table.SORT_KEY, type=text),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=not config.is_local
            ),
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            time_to_live_attribute=table.TTL,
            deletion_protection=config.keeps_data,
            removal_policy=removal(config),
        )
        self.table.add_global_secondary_index(
            index_name=table.BY_OWNER,
            partition_key=dynamodb.Attribute(name=table.OWNER, type=text),
            sort_key=dynamodb.Attribute(name=table.LISTED, type=text),
            projection_type=dynamodb.ProjectionType.ALL,
        )
        self.table.add_global_secondary_index(
            index_name=table.BY_DUE,
            partition_key=dynamodb.Attribute(name=table.DUE_SHARD, type=text),
            sort_key=dynamodb.Attribute(name=table.DUE_AT, type=number),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )


class Buckets(Construct):
    """Buckets of videos and results, and of the access logs of both."""

    def __init__(self, scope: Construct, id: str, config: StageConfig) -> None:
        super().__init__(scope, id)
        self._config = config
        self.logs = None if config.is_local else self._log_bucket()
        self.media = self._bucket(
            "Media",
            cors=[
                s3.CorsRule(
                    # A presigned URL is the permission, so any origin is allowed; multipart clients read the ETag.
                    allowed_origins=["*"],
                    allowed_methods=[s3.HttpMethods.PUT, s3.HttpMethods.GET, s3.HttpMethods.HEAD],
                    allowed_headers=["*"],
                    exposed_headers=["ETag"],
                    max_age=3600,
                )
            ],
            lifecycle_rules=[
                s3.LifecycleRule(id="uploads", prefix=prefixes.UPLOADS, expiration=Duration.days(UPLOAD_DAYS)),
                s3.LifecycleRule(
                    id="inputs",
                    prefix=prefixes.INPUTS,
                    expiration=Duration.days(INPUT_DAYS),
                    noncurrent_version_expiration=Duration.days(1),
                ),
            ],
        )
        # Set on the CloudFormation resource, since CDK's own option adds a Lambda for this alone.
        media = self.media.node.default_child
        assert isinstance(media, s3.CfnBucket)
        media.add_property_override("NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", True)
        self.results = self._bucket(
            "Results",
            # Clients, the web app among them, fetch results from here that are too long for a response.
            cors=[s3.CorsRule(allowed_origins=["*"], allowed_methods=[s3.HttpMethods.GET], max_age=3600)],
            lifecycle_rules=[
                s3.LifecycleRule(id=prefix.removesuffix("/"), prefix=prefix, expiration=Duration.days(RAW_DAYS))
                for prefix in (prefixes.OUTPUTS, prefixes.FAILURES, prefixes.PROGRESS, ERRORS_OF_NO_OWNER)
            ],
        )
        for owner, principal in config.drop_principals.items():
            self._give_drop_folder(owner, principal)

    def _bucket(self, id: str, lifecycle_rules: list[s3.LifecycleRule], **more: Any) -> s3.Bucket:
        every = [
            s3.LifecycleRule(
                id="leftovers",
                abort_incomplete_multipart_upload_after=Duration.days(1),
                noncurrent_version_expiration=Duration.days(OLD_VERSION_DAYS),
                expired_object_delete_marker=True,
            )
        ]
        return s3.Bucket(
            self,
            id,
            versioned=True,
            lifecycle_rules=[*every, *lifecycle_rules],
            server_access_logs_bucket=self.logs,
            server_access_logs_prefix=f"{id.lower()}/" if self.logs else None,
            **safe(self._config),
            **more,
        )

    def _log_bucket(self) -> s3.Bucket:
        bucket = s3.Bucket(
            self,
            "Logs",
            # CloudFront delivers its logs by ACL.
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_PREFERRED,
            lifecycle_rules=[s3.LifecycleRule(id="old", expiration=Duration.days(LOG_DAYS))],
            **safe(self._config),
        )
        accept(bucket, "S1", "it is the log bucket: logging its own writes would never end")
        return bucket

    def _give_drop_folder(self, owner: str, principal: str) -> None:
        """Allow a principal to put videos into the owner's drop folder, and to list and get the owner's results."""
        who = iam.ArnPrincipal(principal)
        self.results.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[who],
                actions=["s3:ListBucket"],
                resources=[self.results.bucket_arn],
                conditions={"StringLike": {"s3:prefix": f"{prefixes.RESULTS}{owner}/*"}},
            )
        )
        for bucket, action, prefix in (
            (self.media, "s3:PutObject", prefixes.DROP),
            (self.results, "s3:GetObject", prefixes.RESULTS),
        ):
            bucket.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[who],
                    actions=[action],
                    resources=[bucket.arn_for_objects(f"{prefix}{owner}/*")],
                )
            )


def removal(config: StageConfig) -> RemovalPolicy:
    """Return the removal policy of users' data: retained, except on stage local and in a rehearsal."""
    return RemovalPolicy.RETAIN if config.keeps_data else RemovalPolicy.DESTROY


def safe(config: StageConfig) -> dict[str, Any]:
    """Return the properties of all buckets: encrypted, private, TLS only (except locally, over plain HTTP)."""
    return {
        "encryption": s3.BucketEncryption.S3_MANAGED,
        "block_public_access": s3.BlockPublicAccess.BLOCK_ALL,
        "enforce_ssl": not config.is_local,
        "removal_policy": removal(config),
    }
