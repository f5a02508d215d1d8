"""Least privilege: exact actions on named resources. Every exception is listed here with its reason."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from lambdas.core.owners import api_gateway_keys
from stacks import permissions
from stacks.config import PROJECT
from stacks.permissions import ACCESS
from tests.infra.synthesized import Stage, as_list, flat

# Actions that AWS defines without resources.
FOR_ALL = {
    "xray:PutTelemetryRecords": "X-Ray's two write actions take no resource",
    "xray:PutTraceSegments": "X-Ray's two write actions take no resource",
    "ecr:GetAuthorizationToken": "a registry login takes no resource",
    "cloudwatch:PutMetricData": "metrics take no resource; the namespace is a condition",
    "dynamodb:ListStreams": "takes no resource; CDK's own grant for a stream's reader",
}
# Resources that may contain a `*`, for names that are unknown before they exist.
OPEN_ENDS = (
    (r"/(uploads|drop|inputs|outputs|failures|progress|analyses|results)/\*$", "objects below one prefix"),
    (r":apigateway:.*::/apikeys/\*$", "API keys; those of this stage, by their tag"),
    (r":apigateway:.*::/usageplans/\$\{[^}]*Plan[^}]*\}/keys/\*$", "keys on one of this stage's usage plans"),
    (r":apigateway:.*::/tags/\*$", "the tag of a key that is being created"),
    (r":log-group:/aws/sagemaker/Endpoints/[a-z-]+:\*$", "log streams of one group"),
    (r":log-group:/aws/sagemaker/TrainingJobs\*$", "log groups of training jobs"),
    (r":log-group:(/aws/codebuild/)?\$\{EngineBuild[^}]*\}:\*$", "log streams of the build"),
    (r":report-group/\$\{EngineBuild[^}]*\}-\*$", "CDK's own grant for a project's reports"),
    (r":repository/\*$", "training images, chosen by the user"),
    (r"^\$\{TrainingBucket[^}]*\}/\*$", "the operator's own bucket for training"),
    (r":stack/VideoSentiment-[a-z]+-(Data|App)/\*$", "the outputs of one stack, whose id is unknown before it exists"),
    (r":log-group:(/aws/codebuild/)?\$\{Canary[^}]*\}:\*$", "log streams of the canary"),
    (r":report-group/\$\{Canary[^}]*\}-\*$", "CDK's own grant for a project's reports"),
    (r":s3:::cdk-hnb659fds-assets-.*/\*$", "the assets that CDK uploads"),
)


@pytest.mark.parametrize("name", ["prod", "local", "gpu"])
def test_no_star_without_a_reason(name: str, request: pytest.FixtureRequest) -> None:
    stage: Stage = request.getfixturevalue(name)
    checked = 0
    for place, statement in stage.statements():
        if "Resource" not in statement:
            continue  # a trust policy
        assert statement["Effect"] == "Allow"
        assert "NotAction" not in statement and "NotResource" not in statement
        actions = as_list(statement["Action"])
        assert not [a for a in actions if "*" in a and not _is_builds(place, a)], (place, actions)
        for resource in map(_flat, _either(statement["Resource"])):
            checked += 1
            if resource == "*":
                assert set(actions) <= set(FOR_ALL), (place, actions)
            elif "*" in resource:
                assert any(re.search(pattern, resource) for pattern, _ in OPEN_ENDS), (place, resource)
    assert checked > 20


def _is_builds(place: str, action: str) -> bool:
    """Return True for CDK's own grant for a build to read its source."""
    return place.startswith(("EngineBuild", "Canary")) and action in ("s3:GetObject*", "s3:GetBucket*", "s3:List*")


def _either(value: Any) -> Iterator[Any]:
    """Yield the resources one by one, with both branches of a condition."""
    for item in as_list(value):
        if isinstance(item, dict) and "Fn::If" in item:
            yield from item["Fn::If"][1:]
        else:
            yield item


def _flat(resource: object) -> str:
    text = flat(resource)
    return re.sub(r"\$\{Fn::ImportValue[^}]*\}", "${imported}", text)


def test_roles_have_known_services_and_no_other_managed_policies(prod: Stage) -> None:
    services = ("lambda", "sagemaker", "codebuild", "apigateway", "codedeploy", "backup", "events")
    known = {f"{service}.amazonaws.com" for service in services}
    managed_by_aws = (
        "AmazonAPIGatewayPushToCloudWatchLogs",
        "AWSCodeDeployRoleForLambdaLimited",
        "AWSBackupServiceRolePolicy",
    )
    for name, role in prod.resources("AWS::IAM::Role").items():
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            assert set(statement["Principal"]) == {"Service"}
            assert statement["Principal"]["Service"] in known
        managed = json.dumps(role.get("ManagedPolicyArns", []))
        assert any(policy in managed for policy in managed_by_aws) or managed == "[]", name


def _actions(stage: Stage, function: str) -> set[str]:
    name = "".join(word.capitalize() for word in function.split("_"))
    return {
        action
        for place, statement in stage.statements()
        if place.startswith((f"Grants{name}", f"Lambdas{name}"))
        for action in as_list(statement["Action"])
    }


def test_every_function_has_its_own_role(prod: Stage) -> None:
    roles = [flat(function["Role"]) for function in prod.functions().values()]
    assert len(set(roles)) == len(roles) == len(ACCESS)


@pytest.mark.parametrize(
    ("action", "who"),
    [
        ("sagemaker:InvokeEndpointAsync", {"submit", "sweeper"}),
        ("apigateway:POST", {"api", "sweeper"}),  # the sweeper moves keys between plans, see below
        ("apigateway:GET", {"sweeper"}),  # lists the keys of the whole account
        ("apigateway:PUT", {"api"}),
        ("apigateway:DELETE", {"api", "sweeper"}),
        ("cognito-idp:AdminDeleteUser", {"api", "sweeper"}),
        ("cognito-idp:AdminUserGlobalSignOut", {"api"}),
        ("sqs:SendMessage", {"api", "publish", "submit", "webhook"}),  # submit: to the dead-letter queue
        ("dynamodb:GetItem", set(ACCESS)),
        ("dynamodb:BatchGetItem", set()),
        ("dynamodb:Query", {"api", "submit", "on_result", "sweeper", "webhook"}),
        ("dynamodb:PutItem", {"api", "on_drop", "sweeper", "webhook"}),
        ("dynamodb:UpdateItem", {"api", "on_drop", "submit", "on_result", "sweeper", "webhook"}),
        ("dynamodb:DeleteItem", {"api", "submit", "on_result", "sweeper", "webhook"}),
        ("dynamodb:ConditionCheckItem", {"api", "on_drop", "webhook"}),
        ("s3:DeleteObject", {"api", "on_drop", "submit", "on_result", "publish", "sweeper"}),
        ("s3:ListMultipartUploadParts", {"api"}),
        ("s3:PutObject", {"api", "on_drop", "submit", "on_result", "publish", "sweeper"}),
    ],
)
def test_who_may_do_what(prod: Stage, action: str, who: set[str]) -> None:
    assert {function for function in ACCESS if action in _actions(prod, function)} == who


def test_who_copies_or_plays_a_video_reads_the_version_that_was_checked(prod: Stage) -> None:
    readers = {
        place.removeprefix("Grants").rstrip("0123456789ABCDEF")
        for place, statement in prod.statements()
        if "s3:GetObjectVersion" in as_list(statement["Action"])
        and any("/uploads/*" in flat(resource) for resource in as_list(statement["Resource"]))
    }
    assert readers == {"Api", "Submit", "Sweeper"}


def _statements(stage: Stage, action: str) -> list[Any]:
    return [statement for _, statement in stage.statements() if action in as_list(statement["Action"])]


def test_no_key_of_another_stage_or_product_can_be_deleted(prod: Stage) -> None:
    """All API keys of an account share one path, so each key gets its stage as a tag on creation."""
    on_plans = [s for s in _statements(prod, "apigateway:DELETE") if "/usageplans/" in flat(s["Resource"])]
    for statement in on_plans:  # of this stage, each by its id
        assert all(re.search(r"::/usageplans/\$\{\w+\}/keys/\*$", flat(r)) for r in as_list(statement["Resource"]))
    of_keys = [statement for statement in _statements(prod, "apigateway:DELETE") if statement not in on_plans]
    assert len(of_keys) == 2
    for statement in of_keys:
        tag = f"aws:ResourceTag/{api_gateway_keys.TAG}"
        assert statement["Condition"] == {"StringEquals": {tag: "video-sentiment-prod"}}
    (tags,) = _statements(prod, "apigateway:PUT")
    assert tags["Condition"] == {"StringEquals": {f"aws:RequestTag/{api_gateway_keys.TAG}": "video-sentiment-prod"}}
    assert flat(tags["Resource"]).endswith("::/tags/*")
    assert api_gateway_keys.TAG == permissions.KEY_TAG and api_gateway_keys.NAME_PREFIX == PROJECT


def test_keys_are_moved_between_the_stages_own_plans_by_the_sweeper_alone(prod: Stage) -> None:
    plans = {f"::/usageplans/${{{name}}}/keys" for name in prod.resources("AWS::ApiGateway::UsagePlan")}
    posted = {
        place: {resource.partition("${AWS::Region}")[2] for resource in map(flat, as_list(statement["Resource"]))}
        for place, statement in prod.statements()
        if "apigateway:POST" in as_list(statement["Action"])
    }
    assert len(plans) == 3
    by_function = {re.sub(r"[0-9A-F]{8}$", "", place): resources for place, resources in posted.items()}
    assert by_function == {"GrantsApi": {"::/apikeys", *plans}, "GrantsSweeper": plans}


@pytest.mark.parametrize(("function", "indexes"), [("api", {"by_owner"}), ("sweeper", {"by_owner", "by_due"})])
def test_the_table_is_queried_by_the_indexes_that_are_needed(prod: Stage, function: str, indexes: set[str]) -> None:
    allowed = [
        flat(resource)
        for place, statement in prod.statements()
        if place.startswith(f"Grants{function.capitalize()}") and "dynamodb:Query" in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    ]
    assert {resource.rpartition("/index/")[2] for resource in allowed if "/index/" in resource} == indexes


def test_services_use_roles_on_behalf_of_this_account_alone(prod: Stage, local: Stage) -> None:
    ours = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    without = set()
    for name, role in prod.resources("AWS::IAM::Role").items():
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        if statement.get("Condition") != ours:
            without.add(name)
    # The gateway's role applies to the whole account and only writes logs; AWS does not document that it passes the id.
    assert [name for name in without if not name.startswith("ApiRestCloudWatchRole")] == []
    for role in local.resources("AWS::IAM::Role").values():
        assert "Condition" not in role["AssumeRolePolicyDocument"]["Statement"][0]


def test_training_may_pull_its_own_images_and_the_frameworks(prod: Stage) -> None:
    """The latter are in AWS's own accounts, which differ by region."""
    (pulls,) = (
        statement
        for place, statement in prod.statements()
        if place.startswith("Training") and "ecr:BatchGetImage" in as_list(statement["Action"])
    )
    assert flat(pulls["Resource"]).endswith(":ecr:${AWS::Region}:*:repository/*")


def test_nobody_may_delete_a_bucket_a_table_or_change_a_policy(prod: Stage) -> None:
    forbidden = re.compile(r"(Delete(Bucket|Table)|Policy$|^iam:|^sts:|CreateUser|UpdateUserPool)")
    for function in ACCESS:
        assert not [action for action in _actions(prod, function) if forbidden.search(action)]


def test_videos_are_readable_only_by_presigned_urls(prod: Stage) -> None:
    """Only the distribution may read the site's bucket, and drop principals their own results."""
    for policy in prod.resources("AWS::S3::BucketPolicy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Deny":
                continue
            service = statement["Principal"].get("Service")
            assert service in ("cloudfront.amazonaws.com", "logging.s3.amazonaws.com", None)
            if service:
                assert "Condition" in statement  # from this account's own resources only
