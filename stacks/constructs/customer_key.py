"""Optional customer-managed KMS key of a stage, with which all services encrypt the stage's data.

A service uses the key on behalf of the principal that reads or writes. Roles get this permission from their own
policies (`use_key`); services that write on their own behalf, such as CloudWatch, get it from the key's policy.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.config import StageConfig
from stacks.constructs.storage import removal

# Actions on the key for reading and for writing encrypted data. Multipart uploads and sent messages also need Decrypt.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
READ, WRITE = ("kms:Decrypt",), ("kms:Decrypt", "kms:GenerateDataKey")
# https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html
READ_ITEMS = ("kms:Decrypt", "kms:DescribeKey")
WRITE_ITEMS = (*READ_ITEMS, "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo")
# Services that send messages to encrypted topics and queues on their own behalf: alarms, the budget, topics with
# subscribed queues, and rules. https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
SENDERS = ("cloudwatch", "budgets", "sns", "events")


class CustomerKey(Construct):
    """KMS key of a stage. It outlives its stack, as the data does, which is unreadable without it."""

    def __init__(self, scope: Construct, id: str, config: StageConfig) -> None:
        super().__init__(scope, id)
        self.key = kms.Key(
            self,
            "Key",
            description=f"{config.name}: encrypts the stage's data",
            enable_key_rotation=True,
            removal_policy=removal(config),
        )
        for statement in (*self._services(), *self._drop_principals(config.drop_principals)):
            self.key.add_to_resource_policy(statement)
        kms.Alias(self, "Alias", alias_name=f"alias/{config.name}", target_key=self.key)

    def _services(self) -> Iterator[iam.PolicyStatement]:
        """Yield the statements for AWS services, each limited to resources of this account."""
        stack = cdk.Stack.of(self)
        account = {"StringEquals": {"aws:SourceAccount": stack.account}}
        for name in SENDERS:
            yield _allow(_service(name), WRITE, account)
        # All distributions of the account: ours is in a stack that depends on this one, so it cannot be named here.
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
        distributions = f"arn:{stack.partition}:cloudfront::{stack.account}:distribution/*"
        yield _allow(_service("cloudfront"), READ, {"StringLike": {"aws:SourceArn": distributions}})
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        groups = f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:*"
        yield _allow(
            _service(f"logs.{stack.region}"),
            ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"),
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        )

    def _drop_principals(self, principals: Mapping[str, str]) -> Iterator[iam.PolicyStatement]:
        """Yield the statements for principals of drop folders; bucket policies limit the objects they can access."""
        for principal in sorted(set(principals.values())):
            yield _allow(iam.ArnPrincipal(principal), WRITE, _through(self, "s3"))


def use_key(role: iam.IRole, key: kms.IKey | None, uses: Mapping[str, tuple[str, ...]]) -> None:
    """Allow a role actions on the key. `uses`: actions by the service through which alone they are allowed."""
    for statement in statements(cdk.Stack.of(role), key, uses):
        role.add_to_principal_policy(statement)


def statements(
    scope: Construct, key: kms.IKey | None, uses: Mapping[str, tuple[str, ...]]
) -> list[iam.PolicyStatement]:
    """Return the statements of `use_key`; none for a stage without its own key."""
    if key is None:
        return []
    return [
        iam.PolicyStatement(actions=list(actions), resources=[key.key_arn], conditions=_through(scope, service))
        for service, actions in uses.items()
    ]


def encrypt(stack: cdk.Stack, key: kms.IKey, *, excluded: Construct | None = None) -> None:
    """Encrypt all resources of a stack that support a customer-managed key with this one, except `excluded`.

    It is set on the finished CloudFormation resources, since constructs that had the key would grant more actions on it
    than needed.
    """
    for found in stack.node.find_all():
        setter = SETTERS.get(type(found))
        if setter is not None and found.node.scope is not excluded:
            setter(found, key.key_arn)


def _bucket(bucket: s3.CfnBucket, key: str) -> None:
    bucket_type = s3.CfnBucket
    by_default = bucket_type.ServerSideEncryptionByDefaultProperty(sse_algorithm="aws:kms", kms_master_key_id=key)
    rule = bucket_type.ServerSideEncryptionRuleProperty(
        server_side_encryption_by_default=by_default, bucket_key_enabled=True
    )
    bucket.bucket_encryption = bucket_type.BucketEncryptionProperty(server_side_encryption_configuration=[rule])


def _table(table: dynamodb.CfnTable, key: str) -> None:
    table.sse_specification = dynamodb.CfnTable.SSESpecificationProperty(
        sse_enabled=True, sse_type="KMS", kms_master_key_id=key
    )


def _queue(queue: sqs.CfnQueue, key: str) -> None:
    queue.kms_master_key_id = key
    queue.sqs_managed_sse_enabled = None  # SQS accepts only one of the two


def _topic(topic: sns.CfnTopic, key: str) -> None:
    topic.kms_master_key_id = key


def _log_group(group: logs.CfnLogGroup, key: str) -> None:
    group.kms_key_id = key


def _secret(secret: secretsmanager.CfnSecret, key: str) -> None:
    secret.kms_key_id = key


# Without the backup vault, whose key cannot change, and the endpoint, since not every instance type accepts a key.
SETTERS: dict[type, Callable[[Any, str], None]] = {
    s3.CfnBucket: _bucket,
    dynamodb.CfnTable: _table,
    sqs.CfnQueue: _queue,
    sns.CfnTopic: _topic,
    logs.CfnLogGroup: _log_group,
    secretsmanager.CfnSecret: _secret,
}


def _service(name: str) -> iam.ServicePrincipal:
    return iam.ServicePrincipal(f"{name}.amazonaws.com")


def _through(scope: Construct, service: str) -> dict[str, dict[str, str]]:
    """Return the condition that the key is used through this service."""
    return {"StringEquals": {"kms:ViaService": f"{service}.{cdk.Stack.of(scope).region}.amazonaws.com"}}


def _allow(
    principal: iam.PrincipalBase, actions: tuple[str, ...], conditions: dict[str, dict[str, str]]
) -> iam.PolicyStatement:
    return iam.PolicyStatement(principals=[principal], actions=list(actions), resources=["*"], conditions=conditions)
