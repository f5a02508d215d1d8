"""Permissions of every Lambda in one place: exact actions, limited to the bucket prefixes that each one needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from common import prefixes, table
from stacks.config import PUBLIC_URL, USAGE_PLAN, StageConfig
from stacks.constructs import customer_key
from stacks.constructs.http_api import USAGE_PLANS
from stacks.constructs.python_function import PythonFunction
from stacks.data_stack import DataStack
from stacks.nag_suppressions import accept

GET, PUT, UPDATE, REMOVE, CHECK = (
    f"dynamodb:{name}Item" for name in ("Get", "Put", "Update", "Delete", "ConditionCheck")
)
QUERY = "dynamodb:Query"
READ = ("s3:GetObject",)
READ_VERSIONS = ("s3:GetObject", "s3:GetObjectVersion")
WRITE = ("s3:PutObject",)
DELETE = ("s3:DeleteObject", "s3:DeleteObjectVersion")
PARTS = ("s3:ListMultipartUploadParts",)
ABORT = ("s3:AbortMultipartUpload",)
USAGE_PLAN_IDS = tuple(f"{USAGE_PLAN}/{name}" for name in USAGE_PLANS)
KEY_TAG = "video-sentiment"  # tag of API keys that holds their stage (lambdas/core/owners/api_gateway_keys.py)


@dataclass(frozen=True)
class Access:
    """Permissions of a function: actions on items, on objects by prefix of the two buckets, and on other services.

    A DynamoDB transaction needs the actions of its parts. `indexes`: indexes that the function queries.
    """

    items: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    media: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    results: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    queues_webhooks: bool = False  # sends events to the webhook queue
    invokes_endpoint: bool = False
    creates_keys: bool = False  # API keys of the gateway
    removes_keys: bool = False
    moves_keys: bool = False  # between usage plans
    finds_keys: bool = False  # by name, among all keys of the account, after an interrupted creation
    removes_users: bool = False
    ends_sessions: bool = False
    consumes_queue: bool = False
    writes_dead_letters: bool = False  # for stream records that it cannot process
    reads_origin_secret: bool = False  # by which the distribution authenticates
    reads_parameters: tuple[str, ...] = ()


ACCESS = {
    "api": Access(
        items=(GET, PUT, UPDATE, REMOVE, CHECK, QUERY),
        indexes=(table.BY_OWNER,),
        # Its presigned URLs can only grant clients what its own role allows.
        media={prefixes.UPLOADS: READ_VERSIONS + WRITE + DELETE + PARTS + ABORT, prefixes.DROP: READ_VERSIONS},
        results={prefixes.ANALYSES: READ, prefixes.PROGRESS: READ},
        queues_webhooks=True,
        creates_keys=True,
        removes_keys=True,
        ends_sessions=True,
        removes_users=True,
        reads_parameters=(*USAGE_PLAN_IDS, PUBLIC_URL),
        reads_origin_secret=True,
    ),
    "on_drop": Access(
        items=(GET, PUT, UPDATE, CHECK),
        media={prefixes.DROP: READ_VERSIONS, prefixes.UPLOADS: DELETE},
        results={prefixes.RESULTS: WRITE},
        consumes_queue=True,
    ),
    "submit": Access(
        items=(GET, UPDATE, REMOVE, QUERY),
        media={prefixes.UPLOADS: READ_VERSIONS, prefixes.DROP: READ_VERSIONS, prefixes.INPUTS: WRITE + DELETE},
        invokes_endpoint=True,
        writes_dead_letters=True,
    ),
    "on_result": Access(
        items=(GET, UPDATE, REMOVE, QUERY),
        results={
            prefixes.OUTPUTS: READ + DELETE,
            prefixes.FAILURES: READ + DELETE,
            prefixes.ANALYSES: WRITE + DELETE,
            prefixes.PROGRESS: DELETE,
        },
        consumes_queue=True,
    ),
    "publish": Access(
        items=(GET,),
        media={prefixes.DROP: READ, prefixes.INPUTS: DELETE},
        results={prefixes.ANALYSES: READ, prefixes.RESULTS: WRITE + DELETE},
        queues_webhooks=True,
        writes_dead_letters=True,
    ),
    "sweeper": Access(
        items=(GET, PUT, UPDATE, REMOVE, QUERY),
        indexes=(table.BY_OWNER, table.BY_DUE),
        media={
            prefixes.UPLOADS: READ_VERSIONS + DELETE + ABORT,
            prefixes.DROP: READ_VERSIONS + DELETE,
            prefixes.INPUTS: WRITE + DELETE,
        },
        results={
            prefixes.OUTPUTS: READ + DELETE,
            prefixes.FAILURES: READ + DELETE,
            prefixes.ANALYSES: WRITE + DELETE,
            prefixes.PROGRESS: DELETE,
            prefixes.RESULTS: READ + DELETE,
        },
        invokes_endpoint=True,
        removes_keys=True,
        moves_keys=True,
        finds_keys=True,
        removes_users=True,
        reads_parameters=USAGE_PLAN_IDS,
    ),
    "webhook": Access(
        items=(GET, PUT, UPDATE, REMOVE, CHECK, QUERY),
        reads_parameters=(PUBLIC_URL,),
        consumes_queue=True,
        queues_webhooks=True,  # events that are not admitted yet
    ),
}


# The canary creates and revokes an API key; it does everything else with that key, as a customer would.
CANARY = Access(items=(GET, PUT, UPDATE), creates_keys=True, removes_keys=True, reads_parameters=USAGE_PLAN_IDS)


class Grants(Construct):
    """IAM policies of the functions, separate from their roles to avoid circular dependencies between resources."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        config: StageConfig,
        functions: Mapping[str, PythonFunction],
        data: DataStack,
        webhooks: sqs.IQueue,
        plans: Mapping[str, apigateway.IUsagePlan],
    ) -> None:
        super().__init__(scope, id)
        self._config, self._data, self._webhooks, self._plans = config, data, webhooks, plans
        self._stack = cdk.Stack.of(self)
        for name, function in functions.items():
            self.allow(name.title().replace("_", ""), function.role, ACCESS[name])

    def allow(self, name: str, role: iam.IRole, access: Access) -> None:
        """Attach a policy with this access to a role."""
        policy = iam.Policy(self, name, roles=[role])
        policy.add_statements(*self._statements(access))
        accept(policy, "IAM5", "names of objects and API keys are unknown before they exist, so prefixes are granted")

    def _statements(self, access: Access) -> list[iam.PolicyStatement]:
        arn = self._data.table.table_arn
        found = [_allow(list(access.items), [arn])]
        if access.indexes:
            found.append(_allow([QUERY], [f"{arn}/index/{name}" for name in access.indexes]))
        found += _on_objects(self._data.buckets.media, access.media)
        found += _on_objects(self._data.buckets.results, access.results)
        if access.queues_webhooks:
            found.append(_allow(["sqs:SendMessage"], [self._webhooks.queue_arn]))
        if access.invokes_endpoint:
            endpoint = self._arn("sagemaker", f"endpoint/{self._config.endpoint_name}")
            found.append(_allow(["sagemaker:InvokeEndpointAsync"], [endpoint]))
        users = {"AdminDeleteUser": access.removes_users, "AdminUserGlobalSignOut": access.ends_sessions}
        if allowed := [f"cognito-idp:{action}" for action, allows in users.items() if allows]:
            found.append(_allow(allowed, [self._data.auth.pool.user_pool_arn]))
        if access.reads_parameters:
            names = (self._config.parameter(name) for name in access.reads_parameters)
            found.append(_allow(["ssm:GetParameter"], [self._arn("ssm", f"parameter{name}") for name in names]))
        return found + self._on_api_keys(access) + customer_key.statements(self, self._data.key, _key_uses(access))

    def _on_api_keys(self, access: Access) -> list[iam.PolicyStatement]:
        """Return the statements on API keys, where API Gateway's actions are HTTP methods on paths.

        Keys of all stages and products of the account share one path, so each key gets its stage as a tag on creation.
        https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-iam-policy.html
        """
        base = f"arn:{self._stack.partition}:apigateway:{self._stack.region}::"
        plans = [f"{base}/usageplans/{plan.usage_plan_id}/keys" for plan in self._plans.values()]
        found = []
        if access.moves_keys:
            found.append(_allow(["apigateway:POST"], plans))
            found.append(_allow(["apigateway:GET", "apigateway:DELETE"], [f"{keys}/*" for keys in plans]))
        if access.creates_keys:
            found.append(_allow(["apigateway:POST"], [f"{base}/apikeys", *plans]))
            if not self._config.is_local:
                # Creating a key with a tag also needs PUT on the new key's tags.
                found.append(_allow(["apigateway:PUT"], [f"{base}/tags/*"], self._of_this_stage("RequestTag")))
        if access.finds_keys:
            found.append(_allow(["apigateway:GET"], [f"{base}/apikeys"]))
        if access.removes_keys:
            # The emulator does not support tags of API keys.
            condition = {} if self._config.is_local else self._of_this_stage("ResourceTag")
            found.append(_allow(["apigateway:DELETE"], [f"{base}/apikeys/*"], condition))
        return found

    def _of_this_stage(self, kind: str) -> dict[str, dict[str, str]]:
        """Return the condition that an API key belongs to this stage."""
        return {"StringEquals": {f"aws:{kind}/{KEY_TAG}": self._config.name}}

    def _arn(self, service: str, resource: str) -> str:
        stack = self._stack
        return f"arn:{stack.partition}:{service}:{stack.region}:{stack.account}:{resource}"


def _key_uses(access: Access) -> dict[str, tuple[str, ...]]:
    """Return the actions on the stage's encryption key that a function's access needs, by service."""
    uses: dict[str, tuple[str, ...]] = {}
    uses["dynamodb"] = customer_key.WRITE_ITEMS if set(access.items) - {GET, CHECK} else customer_key.READ_ITEMS
    on_objects = {
        action for objects in (access.media, access.results) for actions in objects.values() for action in actions
    }
    if on_objects:
        uses["s3"] = customer_key.WRITE if "s3:PutObject" in on_objects else customer_key.READ
    if access.consumes_queue or access.queues_webhooks or access.writes_dead_letters:
        uses["sqs"] = customer_key.WRITE if access.queues_webhooks or access.writes_dead_letters else customer_key.READ
    if access.reads_origin_secret:
        uses["secretsmanager"] = customer_key.READ
    return uses


def _on_objects(bucket: s3.IBucket, access: Mapping[str, tuple[str, ...]]) -> list[iam.PolicyStatement]:
    """Return the statements for actions on objects, with the listing that these actions need."""
    by_actions: dict[tuple[str, ...], list[str]] = {}
    for prefix, actions in access.items():
        by_actions.setdefault(actions, []).append(bucket.arn_for_objects(f"{prefix}*"))
    found = [_allow(list(actions), resources) for actions, resources in by_actions.items()]
    if any("s3:GetObject" in actions for actions in access.values()):
        # Without this permission S3 answers 403 instead of 404 for an object that does not exist.
        found.append(_allow(["s3:ListBucket"], [bucket.bucket_arn]))
    if removed := [f"{prefix}*" for prefix, actions in access.items() if "s3:DeleteObjectVersion" in actions]:
        found.append(
            iam.PolicyStatement(
                actions=["s3:ListBucketVersions"],
                resources=[bucket.bucket_arn],
                conditions={"StringLike": {"s3:prefix": removed}},
            )
        )
    return found


def _allow(
    actions: list[str], resources: list[str], conditions: Mapping[str, Mapping[str, str]] | None = None
) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=actions, resources=resources, conditions=conditions or None)
