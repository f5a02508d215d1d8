"""What each Lambda may do, on one page: exact actions, and of each bucket only the prefixes that it needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.config import StageConfig
from stacks.constructs.python_function import PythonFunction
from stacks.data_stack import DataStack
from stacks.nag import accept

READ_ITEMS = ("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query")
WRITE_ITEMS = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem")
INDEXES = ("by_owner", "by_due")
READ = ("s3:GetObject", "s3:GetObjectVersion")
WRITE = ("s3:PutObject",)
DELETE = ("s3:DeleteObject", "s3:DeleteObjectVersion")
MULTIPART = ("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")


@dataclass(frozen=True)
class Access:
    """Actions by prefix of the two buckets; `lists`: prefixes whose names and versions it may list.

    Listing also decides what a missing object is called: without it S3 answers 403 instead of 404.
    """

    media: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    results: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    webhooks: bool = False  # may put events into the webhook queue
    invokes: bool = False  # may ask the endpoint
    keys: bool = False  # may manage API keys at the gateway
    users: bool = False  # may read and remove users of the pool
    parameters: tuple[str, ...] = ()


ACCESS = {
    "api": Access(
        media={"uploads": READ + WRITE + MULTIPART},
        results={"analyses": READ, "progress": READ},
        keys=True,
        users=True,
        parameters=("usage-plan-id", "public-url"),
    ),
    "on_drop": Access(media={"drop": READ}, results={"results": WRITE}, parameters=("public-url",)),
    "submit": Access(media={"uploads": READ, "drop": READ, "inputs": WRITE + READ + DELETE}, invokes=True),
    "on_result": Access(
        media={"inputs": DELETE, "uploads": DELETE},
        results={"outputs": READ + DELETE, "failures": READ + DELETE, "analyses": READ + WRITE, "progress": DELETE},
    ),
    "publish": Access(
        results={"analyses": READ, "results": WRITE}, webhooks=True, parameters=("public-url",)
    ),
    "sweeper": Access(
        media={"uploads": READ + DELETE + MULTIPART, "drop": READ + DELETE, "inputs": READ + WRITE + DELETE},
        results={
            "outputs": READ + DELETE, "failures": READ + DELETE, "progress": READ + DELETE,
            "analyses": READ + WRITE + DELETE, "results": WRITE + DELETE,
        },
        webhooks=True,
        invokes=True,
        keys=True,
        users=True,
        parameters=("usage-plan-id", "public-url"),
    ),
    "webhook": Access(parameters=("public-url",)),
}  # fmt: skip


class Grants(Construct):
    """A policy for each function, beside its role: the function need not wait for it, so nothing goes in circles."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        config: StageConfig,
        functions: Mapping[str, PythonFunction],
        data: DataStack,
        webhooks: sqs.IQueue,
        plan: apigateway.IUsagePlan,
    ) -> None:
        super().__init__(scope, id)
        self._config, self._data, self._webhooks, self._plan = config, data, webhooks, plan
        self._stack = cdk.Stack.of(self)
        for name, function in functions.items():
            policy = iam.Policy(self, name.title().replace("_", ""), roles=[function.role])
            policy.add_statements(*self._statements(ACCESS[name]))
            accept(policy, "IAM5", "objects and API keys have no names before they exist: prefixes, not single ones")

    def _statements(self, access: Access) -> list[iam.PolicyStatement]:
        table = self._data.table.table_arn
        found = [_allow([*READ_ITEMS, *WRITE_ITEMS], [table, *(f"{table}/index/{name}" for name in INDEXES)])]
        for bucket, prefixes in (
            (self._data.buckets.media, access.media),
            (self._data.buckets.results, access.results),
        ):
            found += _on_objects(bucket, prefixes)
        if access.webhooks:
            found.append(_allow(["sqs:SendMessage"], [self._webhooks.queue_arn]))
        if access.invokes:
            endpoint = self._arn("sagemaker", f"endpoint/{self._config.endpoint_name}")
            found.append(_allow(["sagemaker:InvokeEndpointAsync"], [endpoint]))
        if access.users:
            actions = ["cognito-idp:AdminGetUser", "cognito-idp:AdminDeleteUser", "cognito-idp:ListUsers"]
            found.append(_allow(actions, [self._data.auth.pool.user_pool_arn]))
        if access.parameters:
            names = (self._config.parameter(name) for name in access.parameters)
            found.append(_allow(["ssm:GetParameter"], [self._arn("ssm", f"parameter{name}") for name in names]))
        if access.keys:
            found += self._on_api_keys()
        return found

    def _on_api_keys(self) -> list[iam.PolicyStatement]:
        """API Gateway's actions are HTTP methods on paths."""
        base = f"arn:{self._stack.partition}:apigateway:{self._stack.region}::"
        members = f"{base}/usageplans/{self._plan.usage_plan_id}/keys"
        return [
            _allow(["apigateway:POST", "apigateway:GET"], [f"{base}/apikeys"]),
            _allow(["apigateway:GET", "apigateway:DELETE"], [f"{base}/apikeys/*"]),
            _allow(["apigateway:POST", "apigateway:GET"], [members]),
            _allow(["apigateway:DELETE"], [f"{members}/*"]),
        ]

    def _arn(self, service: str, resource: str) -> str:
        stack = self._stack
        return f"arn:{stack.partition}:{service}:{stack.region}:{stack.account}:{resource}"


def _on_objects(bucket: s3.IBucket, prefixes: Mapping[str, tuple[str, ...]]) -> list[iam.PolicyStatement]:
    """The actions on objects, and to list under the same prefixes: or a missing object would be 403, not 404."""
    if not prefixes:
        return []
    by_actions: dict[tuple[str, ...], list[str]] = {}
    for prefix, actions in prefixes.items():
        by_actions.setdefault(actions, []).append(bucket.arn_for_objects(f"{prefix}/*"))
    lists = iam.PolicyStatement(
        actions=["s3:ListBucket", "s3:ListBucketVersions"],
        resources=[bucket.bucket_arn],
        conditions={"StringLike": {"s3:prefix": [f"{prefix}/*" for prefix in prefixes]}},
    )
    return [*(_allow(list(actions), resources) for actions, resources in by_actions.items()), lists]


def _allow(actions: list[str], resources: list[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=actions, resources=resources)
