"""Customer-managed key of a stage, an option: what the stage keeps is encrypted with it, by whichever service keeps it.

A service that encrypts asks the key in the name of whoever reads or writes there. Roles get exactly that from their own
policies (`use_key`); services that write in their own name, such as CloudWatch, get it from the key's policy.
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

# Actions on the key by what is done with what it encrypts. Who writes an object in parts, or a message, decrypts too.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
READ, WRITE = ("kms:Decrypt",), ("kms:Decrypt", "kms:GenerateDataKey")
# https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html
READ_ITEMS = ("kms:Decrypt", "kms:DescribeKey")
WRITE_ITEMS = (*READ_ITEMS, "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo")
# Services that send messages to encrypted topics and queues in their own name: alarms, the budget, what a topic passes
# on to its queues, and rules. https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
SENDERS = ("cloudwatch", "budgets", "sns", "events")


class CustomerKey(Construct):
    """The key. It outlives its stack like the data: without it nobody can read any of them."""

    def __init__(self, scope: Construct, id: str, config: StageConfig) -> None:
        super().__init__(scope, id)
        self.key = kms.Key(
            self,
            "Key",
            description=f"{config.name}: everything that the stage keeps",
            enable_key_rotation=True,
            removal_policy=removal(config),
        )
        for statement in (*self._services(), *self._droppers(config.drop_principals)):
            self.key.add_to_resource_policy(statement)
        kms.Alias(self, "Alias", alias_name=f"alias/{config.name}", target_key=self.key)

    def _services(self) -> Iterator[iam.PolicyStatement]:
        """Statements for the services, each for resources of this account alone."""
        stack = cdk.Stack.of(self)
        account = {"StringEquals": {"aws:SourceAccount": stack.account}}
        for name in SENDERS:
            yield _allow(_service(name), WRITE, account)
        # The distribution is in a stack that knows this one, so it cannot be named.
        # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
        ours = f"arn:{stack.partition}:cloudfront::{stack.account}:distribution/*"
        yield _allow(_service("cloudfront"), READ, {"StringLike": {"aws:SourceArn": ours}})
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
        groups = f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:log-group:*"
        yield _allow(
            _service(f"logs.{stack.region}"),
            ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"),
            {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        )

    def _droppers(self, principals: Mapping[str, str]) -> Iterator[iam.PolicyStatement]:
        """Statements for those who fill drop folders: the buckets' policies say what they may put and get."""
        for principal in sorted(set(principals.values())):
            yield _allow(iam.ArnPrincipal(principal), WRITE, _through(self, "s3"))


def use_key(role: iam.IRole, key: kms.IKey | None, uses: Mapping[str, tuple[str, ...]]) -> None:
    """Allow a role these actions on the key, by the service through which alone it may ask for them."""
    for statement in statements(cdk.Stack.of(role), key, uses):
        role.add_to_principal_policy(statement)


def statements(
    scope: Construct, key: kms.IKey | None, uses: Mapping[str, tuple[str, ...]]
) -> list[iam.PolicyStatement]:
    """Return the statements of `use_key`; none where a stage has no key of its own."""
    if key is None:
        return []
    return [
        iam.PolicyStatement(actions=list(actions), resources=[key.key_arn], conditions=_through(scope, service))
        for service, actions in uses.items()
    ]


def encrypt(stack: cdk.Stack, key: kms.IKey, *, spared: Construct | None = None) -> None:
    """Have everything in a stack that can be encrypted with a key be encrypted with this one, except `spared`.

    On the finished resources: their constructs know nothing of the key, and so grant nobody more of it than is asked.
    """
    for found in stack.node.find_all():
        setting = SETTINGS.get(type(found))
        if setting is not None and found.node.scope is not spared:
            setting(found, key.key_arn)


def _bucket(bucket: s3.CfnBucket, key: str) -> None:
    made = s3.CfnBucket
    by_default = made.ServerSideEncryptionByDefaultProperty(sse_algorithm="aws:kms", kms_master_key_id=key)
    rule = made.ServerSideEncryptionRuleProperty(server_side_encryption_by_default=by_default, bucket_key_enabled=True)
    bucket.bucket_encryption = made.BucketEncryptionProperty(server_side_encryption_configuration=[rule])


def _table(table: dynamodb.CfnTable, key: str) -> None:
    table.sse_specification = dynamodb.CfnTable.SSESpecificationProperty(
        sse_enabled=True, sse_type="KMS", kms_master_key_id=key
    )


def _queue(queue: sqs.CfnQueue, key: str) -> None:
    queue.kms_master_key_id = key
    queue.sqs_managed_sse_enabled = None  # SQS takes one of the two


def _topic(topic: sns.CfnTopic, key: str) -> None:
    topic.kms_master_key_id = key


def _log_group(group: logs.CfnLogGroup, key: str) -> None:
    group.kms_key_id = key


def _secret(secret: secretsmanager.CfnSecret, key: str) -> None:
    secret.kms_key_id = key


# The vault and the endpoint are not here: another key is another vault, and not every instance takes a key.
SETTINGS: dict[type, Callable[[Any, str], None]] = {
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
    """The condition that the key is asked by this service on somebody's behalf."""
    return {"StringEquals": {"kms:ViaService": f"{service}.{cdk.Stack.of(scope).region}.amazonaws.com"}}


def _allow(
    who: iam.PrincipalBase, actions: tuple[str, ...], conditions: dict[str, dict[str, str]]
) -> iam.PolicyStatement:
    return iam.PolicyStatement(principals=[who], actions=list(actions), resources=["*"], conditions=conditions)
