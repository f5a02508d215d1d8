"""Data stack: keys that match the code, encryption, access and retention of users' data."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from common import prefixes
from common import table as table_names
from lambdas.core.owners import quota
from lambdas.core.storage import tables
from tests.infra.conftest import DROPPER
from tests.infra.synthesized import Stage, as_list, flat, references


def test_the_table_has_the_keys_and_indexes_that_the_code_uses(prod: Stage) -> None:
    """Compared with the table that the pynamodb model itself would create."""
    (table,) = prod.resources("AWS::DynamoDB::Table").values()
    model = tables.Item._get_schema()
    assert _keys(table["KeySchema"]) == _keys(model["key_schema"])
    typed = {a["AttributeName"]: a["AttributeType"] for a in table["AttributeDefinitions"]}
    assert typed == {a["AttributeName"]: a["AttributeType"] for a in model["attribute_definitions"]}
    indexes = {i["IndexName"]: (_keys(i["KeySchema"]), i["Projection"]) for i in table["GlobalSecondaryIndexes"]}
    assert indexes == {
        i["index_name"]: (_keys(i["key_schema"]), i["projection"]) for i in model["global_secondary_indexes"]
    }
    assert table["TimeToLiveSpecification"] == {"AttributeName": table_names.TTL, "Enabled": True}


def _keys(schema: Sequence[Any]) -> dict[str, str]:
    return {key["KeyType"]: key["AttributeName"] for key in schema}


def test_the_table_is_retained_and_can_be_restored(prod: Stage) -> None:
    (table,) = prod.full_resources("AWS::DynamoDB::Table").values()
    properties = table["Properties"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert properties["DeletionProtectionEnabled"] is True
    assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties["SSESpecification"]["SSEEnabled"] is True
    assert properties["BillingMode"] == "PAY_PER_REQUEST"
    assert properties["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_users_data_is_backed_up_each_night_in_prod(prod: Stage, gpu: Stage) -> None:
    (plan,) = prod.resources("AWS::Backup::BackupPlan", "Data").values()
    (rule,) = plan["BackupPlan"]["BackupPlanRule"]
    assert rule["ScheduleExpression"] == "cron(0 3 * * ? *)"
    assert rule["Lifecycle"] == {"DeleteAfterDays": 35}  # docs/operations.md, "Deletion of data"
    (selection,) = prod.resources("AWS::Backup::BackupSelection", "Data").values()
    chosen = {r for arn in selection["BackupSelection"]["Resources"] for r in references(arn)}
    data = {n for n in prod.resources("AWS::S3::Bucket", "Data") if "Logs" not in n}
    assert chosen >= data | set(prod.resources("AWS::DynamoDB::Table")) and len(data) == 2
    for name in data:  # AWS Backup requires versioned buckets
        assert prod.resources("AWS::S3::Bucket", "Data")[name]["VersioningConfiguration"] == {"Status": "Enabled"}
    (vault,) = prod.full_resources("AWS::Backup::BackupVault", "Data").values()
    assert vault["DeletionPolicy"] == "Retain"
    (role,) = (r for n, r in prod.resources("AWS::IAM::Role", "Data").items() if n.startswith("Backups"))
    policies = flat(role["ManagedPolicyArns"])
    assert all(f"PolicyFor{kind}" in policies for kind in ("Backup", "Restores", "S3Backup", "S3Restore"))
    for stage, has in ((prod, True), (gpu, False)):  # read by `ops backups` and `ops recover`
        assert ({"BackupVault", "BackupRoleArn"} <= set(stage.templates["Data"]["Outputs"])) is has
    assert not gpu.resources("AWS::Backup::BackupPlan")  # backups=false


def test_buckets_are_encrypted_and_private_and_require_tls(prod: Stage) -> None:
    buckets = prod.resources("AWS::S3::Bucket")
    assert len(buckets) == 5  # media, results, their log, the site's files, training's
    denied = set()
    for policy in prod.resources("AWS::S3::BucketPolicy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Deny" or statement["Principal"] not in ("*", {"AWS": "*"})
            if statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}:
                denied.add(policy["Bucket"]["Ref"])
    assert denied == set(buckets)
    for bucket in buckets.values():
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] in ("AES256", "aws:kms")
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4
        assert "WebsiteConfiguration" not in bucket


def test_users_data_outlives_the_stack_except_in_stage_local(prod: Stage, gpu: Stage, local: Stage) -> None:
    for kind in ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Cognito::UserPool"):
        for stage in (prod, gpu):
            assert {r["DeletionPolicy"] for r in stage.full_resources(kind, "Data").values()} == {"Retain"}
        assert {r["DeletionPolicy"] for r in local.full_resources(kind, "Data").values()} == {"Delete"}


def _bucket(stage: Stage, name: str) -> Any:
    (found,) = (b for n, b in stage.resources("AWS::S3::Bucket", "Data").items() if n.startswith(f"Buckets{name}"))
    return found


def test_the_media_bucket_is_versioned_and_notifies_eventbridge(prod: Stage) -> None:
    media = _bucket(prod, "Media")
    assert media["VersioningConfiguration"] == {"Status": "Enabled"}
    assert media["NotificationConfiguration"]["EventBridgeConfiguration"] == {"EventBridgeEnabled": True}
    (cors,) = media["CorsConfiguration"]["CorsRules"]
    assert set(cors["AllowedMethods"]) == {"PUT", "GET", "HEAD"}
    assert cors["ExposedHeaders"] == ["ETag"]  # needed to complete a multipart upload
    (cors,) = _bucket(prod, "Results")["CorsConfiguration"]["CorsRules"]
    assert cors["AllowedMethods"] == ["GET"]  # for results too long for a response


@pytest.mark.parametrize(
    ("bucket", "expiring"),
    [
        ("Media", {prefixes.UPLOADS, prefixes.INPUTS}),
        ("Results", {prefixes.OUTPUTS, prefixes.FAILURES, prefixes.PROGRESS, "results/!nobody/"}),
    ],
)
def test_only_leftovers_expire_by_age(prod: Stage, bucket: str, expiring: set[str]) -> None:
    """Analyses, drop folders and results of owners are removed with their records, never by lifecycle rules."""
    rules = _bucket(prod, bucket)["LifecycleConfiguration"]["Rules"]
    assert {rule.get("Prefix") for rule in rules if "ExpirationInDays" in rule} == expiring
    (leftovers,) = (rule for rule in rules if "Prefix" not in rule)
    assert leftovers["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert leftovers["NoncurrentVersionExpiration"]["NoncurrentDays"] > 0


def test_no_video_expires_before_its_analysis_does(prod: Stage) -> None:
    longest = max(plan.retention_days for plan in quota.PLANS.values())
    rules = _bucket(prod, "Media")["LifecycleConfiguration"]["Rules"]
    assert next(r["ExpirationInDays"] for r in rules if r.get("Prefix") == prefixes.UPLOADS) > longest


def test_the_log_of_access_is_kept_for_both_buckets(prod: Stage) -> None:
    for name in ("Media", "Results"):
        assert _bucket(prod, name)["LoggingConfiguration"]["LogFilePrefix"] == f"{name.lower()}/"


def test_a_drop_principal_may_only_put_its_own_videos_and_get_its_own_results(prod: Stage) -> None:
    granted, listed = [], []
    for policy in prod.resources("AWS::S3::BucketPolicy", "Data").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            if "AWS" in statement.get("Principal", {}) and DROPPER in as_list(statement["Principal"]["AWS"]):
                if statement["Action"] == "s3:ListBucket":
                    listed.append(statement)
                    continue
                granted.append((statement["Effect"], statement["Action"], flat(statement["Resource"])))
    assert sorted(granted, key=str) == [
        ("Allow", "s3:GetObject", next(g[2] for g in granted if g[1] == "s3:GetObject")),
        ("Allow", "s3:PutObject", next(g[2] for g in granted if g[1] == "s3:PutObject")),
    ]
    assert {resource.partition("/")[2] for _, _, resource in granted} == {"drop/studio-1/*", "results/studio-1/*"}
    (answers,) = listed
    assert answers["Condition"] == {"StringLike": {"s3:prefix": "results/studio-1/*"}}
    assert "BucketsResults" in flat(answers["Resource"])
    by_action = {action: resource for _, action, resource in granted}
    assert by_action["s3:PutObject"].endswith("/drop/studio-1/*")
    assert by_action["s3:GetObject"].endswith("/results/studio-1/*")


def test_statements_of_a_policy_have_unique_names(gpu: Stage) -> None:
    """S3 refuses a policy with two statements of one name; owners may differ only in a hyphen."""
    for policy in gpu.resources("AWS::S3::BucketPolicy", "Data").values():
        names = [s["Sid"] for s in policy["PolicyDocument"]["Statement"] if "Sid" in s]
        assert len(names) == len(set(names))


def test_users_sign_in_by_email_with_strong_passwords_proved_by_srp(prod: Stage) -> None:
    (pool,) = prod.resources("AWS::Cognito::UserPool").values()
    (client,) = prod.resources("AWS::Cognito::UserPoolClient").values()
    assert pool["UsernameAttributes"] == ["email"]
    assert pool["DeletionProtection"] == "ACTIVE"
    policy = pool["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] >= 12
    assert all(policy[f"Require{kind}"] for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols"))
    assert set(client["ExplicitAuthFlows"]) == {"ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"}
    assert client["GenerateSecret"] is False
    assert client["PreventUserExistenceErrors"] == "ENABLED"
    assert client["EnableTokenRevocation"] is True


def test_an_address_counts_until_the_new_one_is_verified(prod: Stage) -> None:
    (pool,) = prod.resources("AWS::Cognito::UserPool").values()
    assert pool["AutoVerifiedAttributes"] == ["email"]
    assert pool["UserAttributeUpdateSettings"] == {"AttributesRequireVerificationBeforeUpdate": ["email"]}


def test_mail_in_production_comes_from_ses(gpu: Stage, prod: Stage) -> None:
    (pool,) = gpu.resources("AWS::Cognito::UserPool").values()
    assert pool["EmailConfiguration"]["EmailSendingAccount"] == "DEVELOPER"
    assert flat(pool["EmailConfiguration"]["SourceArn"]).endswith(":identity/example.com")
    (own,) = prod.resources("AWS::Cognito::UserPool").values()
    assert "EmailConfiguration" not in own


def test_stacks_of_prod_cannot_be_deleted_by_a_slip(prod: Stage) -> None:
    artifacts = json.loads((prod.folder / "manifest.json").read_text())["artifacts"]
    stacks = [a for a in artifacts.values() if a["type"] == "aws:cloudformation:stack"]
    assert all(stack["properties"]["terminationProtection"] is True for stack in stacks)
