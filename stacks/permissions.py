"""Permissions of each Lambda, on one page: exact actions, and of each bucket only the prefixes that it needs."""

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
from stacks.nag import accept

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
KEY_TAG = "video-sentiment"  # on API keys: the stage that they are of (lambdas/core/owners/gateway.py)


@dataclass(frozen=True)
class Access:
    """Actions on items and objects, by prefix of the two buckets, and what else a function asks AWS for.

    A transaction takes the actions of its parts. `indexes`: those that are queried.
    """

    items: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    media: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    results: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    webhooks: bool = False  # puts events into the webhook queue
    invokes: bool = False  # asks the endpoint
    makes_keys: bool = False  # at the gateway
    removes_keys: bool = False
    moves_keys: bool = False  # between the usage plans
    finds_keys: bool = False  # by name, among those of the whole account: where a creation was cut off
    removes_users: bool = False
    ends_sessions: bool = False
    takes: bool = False  # messages of a queue
    dead_letters: bool = False  # sends what it cannot do of the stream there
    origin: bool = False  # reads the secret of the edge
    parameters: tuple[str, ...] = ()


ACCESS = {
    "api": Access(
        items=(GET, PUT, UPDATE, REMOVE, CHECK, QUERY),
        indexes=(table.BY_OWNER,),
        # It can sign for clients only what its own role allows.
        media={prefixes.UPLOADS: READ_VERSIONS + WRITE + DELETE + PARTS + ABORT, prefixes.DROP: READ_VERSIONS},
        results={prefixes.ANALYSES: READ, prefixes.PROGRESS: READ},
        webhooks=True,
        makes_keys=True,
        removes_keys=True,
        ends_sessions=True,
        parameters=(*USAGE_PLAN_IDS, PUBLIC_URL),
        origin=True,
    ),
    "on_drop": Access(
        items=(GET, PUT, UPDATE, CHECK),
        media={prefixes.DROP: READ_VERSIONS, prefixes.UPLOADS: DELETE},
        results={prefixes.RESULTS: WRITE},
        takes=True,
    ),
    "submit": Access(
        items=(GET, UPDATE, REMOVE, QUERY),
        media={prefixes.UPLOADS: READ_VERSIONS, prefixes.DROP: READ_VERSIONS, prefixes.INPUTS: WRITE + DELETE},
        invokes=True,
        dead_letters=True,
    ),
    "on_result": Access(
        items=(GET, UPDATE, REMOVE, QUERY),
        results={
            prefixes.OUTPUTS: READ + DELETE,
            prefixes.FAILURES: READ + DELETE,
            prefixes.ANALYSES: WRITE + DELETE,
            prefixes.PROGRESS: DELETE,
        },
        takes=True,
    ),
    "publish": Access(
        items=(GET,),
        media={prefixes.DROP: READ, prefixes.INPUTS: DELETE},
        results={prefixes.ANALYSES: READ, prefixes.RESULTS: WRITE + DELETE},
        webhooks=True,
        dead_letters=True,
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
        invokes=True,
        removes_keys=True,
        moves_keys=True,
        finds_keys=True,
        removes_users=True,
        parameters=USAGE_PLAN_IDS,
    ),
    "webhook": Access(items=(GET, UPDATE), parameters=(PUBLIC_URL,), takes=True, webhooks=True),
}


# Of the canary: an API key for itself, and its end. What it does with it, it does as a customer.
CANARY = Access(items=(GET, PUT, UPDATE), makes_keys=True, removes_keys=True, parameters=USAGE_PLAN_IDS)


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
        plans: Mapping[str, apigateway.IUsagePlan],
    ) -> None:
        super().__init__(scope, id)
        self._config, self._data, self._webhooks, self._plans = config, data, webhooks, plans
        self._stack = cdk.Stack.of(self)
        for name, function in functions.items():
            self.allow(name.title().replace("_", ""), function.role, ACCESS[name])

    def allow(self, name: str, role: iam.IRole, access: Access) -> None:
        """Give a role its policy."""
        policy = iam.Policy(self, name, roles=[role])
        policy.add_statements(*self._statements(access))
        accept(policy, "IAM5", "objects and API keys have no names before they exist: prefixes, not single ones")

    def _statements(self, access: Access) -> list[iam.PolicyStatement]:
        arn = self._data.table.table_arn
        found = [_allow(list(access.items), [arn])]
        if access.indexes:
            found.append(_allow([QUERY], [f"{arn}/index/{name}" for name in access.indexes]))
        found += _on_objects(self._data.buckets.media, access.media)
        found += _on_objects(self._data.buckets.results, access.results)
        if access.webhooks:
            found.append(_allow(["sqs:SendMessage"], [self._webhooks.queue_arn]))
        if access.invokes:
            endpoint = self._arn("sagemaker", f"endpoint/{self._config.endpoint_name}")
            found.append(_allow(["sagemaker:InvokeEndpointAsync"], [endpoint]))
        users = {"AdminDeleteUser": access.removes_users, "AdminUserGlobalSignOut": access.ends_sessions}
        if allowed := [f"cognito-idp:{action}" for action, allows in users.items() if allows]:
            found.append(_allow(allowed, [self._data.auth.pool.user_pool_arn]))
        if access.parameters:
            names = (self._config.parameter(name) for name in access.parameters)
            found.append(_allow(["ssm:GetParameter"], [self._arn("ssm", f"parameter{name}") for name in names]))
        return found + self._on_api_keys(access) + customer_key.statements(self, self._data.key, _key_uses(access))

    def _on_api_keys(self, access: Access) -> list[iam.PolicyStatement]:
        """API Gateway's actions are HTTP methods on paths.

        Keys of other stages and of other products are in the same place: ours carry the stage as a tag, which is put
        on them when they are made. https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-iam-policy.html
        """
        base = f"arn:{self._stack.partition}:apigateway:{self._stack.region}::"
        plans = [f"{base}/usageplans/{plan.usage_plan_id}/keys" for plan in self._plans.values()]
        found = []
        if access.moves_keys:
            found.append(_allow(["apigateway:POST"], plans))
            found.append(_allow(["apigateway:GET", "apigateway:DELETE"], [f"{keys}/*" for keys in plans]))
        if access.makes_keys:
            found.append(_allow(["apigateway:POST"], [f"{base}/apikeys", *plans]))
            if not self._config.is_local:
                # A tag given to POST is a call of its own: PUT on the tags of what is being made.
                found.append(_allow(["apigateway:PUT"], [f"{base}/tags/*"], self._ours("RequestTag")))
        if access.finds_keys:
            found.append(_allow(["apigateway:GET"], [f"{base}/apikeys"]))
        if access.removes_keys:
            ours = {} if self._config.is_local else self._ours("ResourceTag")  # the emulator knows no tag of a key
            found.append(_allow(["apigateway:DELETE"], [f"{base}/apikeys/*"], ours))
        return found

    def _ours(self, kind: str) -> dict[str, dict[str, str]]:
        """The condition that a key is one of this stage."""
        return {"StringEquals": {f"aws:{kind}/{KEY_TAG}": self._config.name}}

    def _arn(self, service: str, resource: str) -> str:
        stack = self._stack
        return f"arn:{stack.partition}:{service}:{stack.region}:{stack.account}:{resource}"


def _key_uses(access: Access) -> dict[str, tuple[str, ...]]:
    """The actions on the stage's key that what a function does takes, by service."""
    uses: dict[str, tuple[str, ...]] = {}
    uses["dynamodb"] = customer_key.WRITE_ITEMS if set(access.items) - {GET, CHECK} else customer_key.READ_ITEMS
    on_objects = {
        action for objects in (access.media, access.results) for actions in objects.values() for action in actions
    }
    if on_objects:
        uses["s3"] = customer_key.WRITE if "s3:PutObject" in on_objects else customer_key.READ
    if access.takes or access.webhooks or access.dead_letters:
        uses["sqs"] = customer_key.WRITE if access.webhooks or access.dead_letters else customer_key.READ
    if access.origin:
        uses["secretsmanager"] = customer_key.READ
    return uses


def _on_objects(bucket: s3.IBucket, access: Mapping[str, tuple[str, ...]]) -> list[iam.PolicyStatement]:
    """The actions on objects; and what listing they take."""
    by_actions: dict[tuple[str, ...], list[str]] = {}
    for prefix, actions in access.items():
        by_actions.setdefault(actions, []).append(bucket.arn_for_objects(f"{prefix}*"))
    found = [_allow(list(actions), resources) for actions, resources in by_actions.items()]
    if any("s3:GetObject" in actions for actions in access.values()):
        # Without it S3 answers 403 for an object that is not there, instead of 404.
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
