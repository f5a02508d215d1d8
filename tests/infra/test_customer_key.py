"""Customer-managed key: all data at rest are encrypted with it, and exactly the principals that need it may use it.

The emulator has no KMS, so the templates are evaluated as KMS would do: for each principal with access to an encrypted
resource, by its own policy or the resource's, its permissions on the key are checked.
"""

import copy
import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from scripts.preflight import check_key
from scripts.stage_outputs import DeployedError
from stacks.config import CUSTOMER_KEY, ConfigError, StageConfig
from tests.infra.conftest import DROPPER
from tests.infra.synthesized import Stage, as_list, flat, references

# Properties that hold a resource's key, by resource type.
ENCRYPTED = {
    "AWS::S3::Bucket": "BucketEncryption",
    "AWS::DynamoDB::Table": "SSESpecification",
    "AWS::SQS::Queue": "KmsMasterKeyId",
    "AWS::SNS::Topic": "KmsMasterKeyId",
    "AWS::Logs::LogGroup": "KmsKeyId",
    "AWS::SecretsManager::Secret": "KmsKeyId",
    "AWS::Backup::BackupVault": "EncryptionKeyArn",
    "AWS::SageMaker::EndpointConfig": "KmsKeyId",
}
EXCLUDED = {"BucketsLogs": "S3 delivers access logs only to buckets with its own encryption"}
READ, WRITE = {"kms:Decrypt"}, {"kms:Decrypt", "kms:GenerateDataKey"}
# By action: the service that uses the key on behalf of the principal, and the actions on the key that it needs.
NEEDS: Mapping[str, tuple[str, set[str]]] = {
    "s3:GetObject": ("s3", READ),
    "s3:GetObjectVersion": ("s3", READ),
    "s3:PutObject": ("s3", WRITE),  # in parts, or as a copy
    "dynamodb:GetItem": ("dynamodb", READ),
    "dynamodb:ConditionCheckItem": ("dynamodb", READ),
    "dynamodb:Query": ("dynamodb", READ),
    "dynamodb:GetRecords": ("dynamodb", READ),
    "dynamodb:PutItem": ("dynamodb", {*WRITE, "kms:Encrypt"}),
    "dynamodb:UpdateItem": ("dynamodb", {*WRITE, "kms:Encrypt"}),
    "dynamodb:DeleteItem": ("dynamodb", {*WRITE, "kms:Encrypt"}),
    "sqs:ReceiveMessage": ("sqs", READ),
    "sqs:SendMessage": ("sqs", WRITE),
    "sns:Publish": ("sns", WRITE),
    "secretsmanager:GetSecretValue": ("secretsmanager", READ),
}
ACCOUNT = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


class Encryption:
    """Key permissions in a stage's templates, evaluated as by KMS."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        ((self.key, properties),) = stage.resources("AWS::KMS::Key").items()
        self.policy = properties["KeyPolicy"]["Statement"]
        outputs = [o for t in stage.templates.values() for o in t.get("Outputs", {}).values() if "Export" in o]
        self._exports = {o["Export"]["Name"]: o["Value"] for o in outputs}

    def refers(self, value: Any) -> set[str]:
        """Return the logical ids that a value refers to, in any stack."""
        return set(references(self._resolved(value)))

    def encrypted(self) -> set[str]:
        """Return the logical ids of resources encrypted with the key."""
        return {
            name
            for kind, setting in ENCRYPTED.items()
            for name, properties in self.stage.resources(kind).items()
            if self.key in self.refers(properties.get(setting, {}))
        }

    def needed(self) -> dict[str, dict[str, set[str]]]:
        """Return the actions on the key that each role's policies require, by service."""
        found: dict[str, dict[str, set[str]]] = {}
        encrypted = self.encrypted()
        for role, statement in self._of_roles():
            if not self.refers(statement.get("Resource", [])) & encrypted:
                continue
            for action in as_list(statement["Action"]):
                if action in NEEDS:
                    service, actions = NEEDS[action]
                    found.setdefault(role, {}).setdefault(service, set()).update(actions)
        return found

    def granted(self) -> dict[str, dict[str, set[str]]]:
        """Return the actions on the key that each role is allowed, by service."""
        found: dict[str, dict[str, set[str]]] = {}
        for role, statement in self._of_roles():
            actions = {action for action in as_list(statement["Action"]) if action.startswith("kms:")}
            if not actions:
                continue
            assert self.refers(statement["Resource"]) == {self.key}
            if "kms:CreateGrant" in actions:
                assert statement["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}
                continue
            (service,) = statement["Condition"].values()
            name = re.sub(r"\..*", "", flat(service["kms:ViaService"]))
            found.setdefault(role, {}).setdefault(name, set()).update(actions)
        return found

    def outsiders(self) -> Iterator[tuple[str, set[str]]]:
        """Yield the services and principals admitted by resource policies, with the actions on the key they need."""
        encrypted = self.encrypted()
        for kind in ("AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
            for policy in self.stage.resources(kind).values():
                for statement in policy["PolicyDocument"]["Statement"]:
                    if statement["Effect"] == "Deny" or not self.refers(statement["Resource"]) & encrypted:
                        continue
                    for action in set(as_list(statement["Action"])) & set(NEEDS):
                        yield from ((who, NEEDS[action][1]) for who in principals(statement))

    def lacking(self) -> list[str]:
        """Describe every role and service with access to an encrypted resource but not to the key."""
        granted = self.granted()
        found = [
            f"{role} by {service}: {sorted(actions - granted.get(role, {}).get(service, set()))}"
            for role, services in self.needed().items()
            for service, actions in services.items()
            if actions - granted.get(role, {}).get(service, set())
        ]
        admitted = {who: set(as_list(s["Action"])) for s in self.policy for who in principals(s)}
        return found + [
            f"{who}: {sorted(actions)}" for who, actions in self.outsiders() if actions - admitted.get(who, set())
        ]

    def _of_roles(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        policies = self.stage.resources("AWS::IAM::Policy")
        for place, statement in self.stage.statements():
            roles = self.refers(policies[place]["Roles"]) if place in policies else {place}
            yield from ((role, statement) for role in roles)

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._resolved(item) for item in value]
        if isinstance(value, dict):
            if "Fn::ImportValue" in value:
                return self._exports[value["Fn::ImportValue"]]
            return {name: self._resolved(item) for name, item in value.items()}
        return value


def principals(statement: Mapping[str, Any]) -> list[str]:
    return [flat(who) for named in statement["Principal"].values() for who in as_list(named)]


def test_everything_at_rest_has_the_key(keyed: Stage) -> None:
    encrypted = Encryption(keyed).encrypted()
    assert len(encrypted) > 30
    for kind in ENCRYPTED:
        names = keyed.resources(kind)
        assert names, kind
        for name in names:
            assert (name in encrypted) is not name.startswith(tuple(EXCLUDED)), name
    for bucket in keyed.resources("AWS::S3::Bucket").values():
        (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        if rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms":
            assert rule["BucketKeyEnabled"] is True  # otherwise each object would cost a request to KMS
    for queue in keyed.resources("AWS::SQS::Queue").values():
        assert "SqsManagedSseEnabled" not in queue  # SQS refuses both


def test_the_key_is_rotated_and_outlives_its_stack(keyed: Stage) -> None:
    (key,) = keyed.full_resources("AWS::KMS::Key").values()
    assert key["Properties"]["EnableKeyRotation"] is True
    assert key["DeletionPolicy"] == key["UpdateReplacePolicy"] == "Retain"
    assert CUSTOMER_KEY in keyed.templates["Data"]["Outputs"]


def test_every_principal_with_access_to_encrypted_data_may_use_the_key(keyed: Stage) -> None:
    encryption = Encryption(keyed)
    assert encryption.lacking() == []
    roles = {re.sub(r"(Lambdas)?(\w+?)Role[0-9A-F]{8}$", r"\2", role) for role in encryption.needed()}
    assert roles >= {"Api", "OnDrop", "Submit", "OnResult", "Publish", "Sweeper", "Webhook", "Canary", "Endpoint"}
    senders = {f"{name}.amazonaws.com" for name in ("sns", "events", "cloudwatch", "budgets", "cloudfront")}
    assert {who for who, _ in encryption.outsiders()} == {*senders, DROPPER}


def _without(stage: Stage, part: str, policy_of: str, text: str) -> Stage:
    """Return the stage without the key permission that contains `text`, in the policy of resource `policy_of`."""
    templates = copy.deepcopy(dict(stage.templates))
    removed = 0
    for name, resource in templates[part]["Resources"].items():
        properties = resource.get("Properties", {})
        document = properties.get("KeyPolicy") or properties.get("PolicyDocument")
        if not (name.startswith(policy_of) and document):
            continue
        for statement in list(document["Statement"]):
            together = statement.get("Principal", {}).get("Service", "")
            if isinstance(together, list) and text in together:
                together.remove(text)
            elif "kms:" in json.dumps(statement["Action"]) and text in json.dumps(statement):
                document["Statement"].remove(statement)
            else:
                continue
            removed += 1
    assert removed == 1
    return dataclasses.replace(stage, templates=templates)


@pytest.mark.parametrize(
    ("part", "policy_of", "text", "who"),
    [
        ("Data", "CustomerKey", "sns.amazonaws.com", "sns.amazonaws.com"),
        ("Data", "CustomerKey", "events.amazonaws.com", "events.amazonaws.com"),
        ("Data", "CustomerKey", "cloudwatch.amazonaws.com", "cloudwatch.amazonaws.com"),
        ("Data", "CustomerKey", "cloudfront.amazonaws.com", "cloudfront.amazonaws.com"),
        ("Data", "CustomerKey", DROPPER, DROPPER),
        ("App", "GrantsWebhook", '"sqs.', "Webhook"),
        ("App", "GrantsApi", '"secretsmanager.', "Api"),
        ("App", "GrantsPublish", '"dynamodb.', "Publish"),
        ("Inference", "EndpointRole", '"sns.', "Endpoint"),
        ("Inference", "TrainingRole", '"s3.', "Training"),
    ],
)
def test_a_principal_that_lacks_the_key_would_be_found(
    keyed: Stage, part: str, policy_of: str, text: str, who: str
) -> None:
    assert any(who in line for line in Encryption(_without(keyed, part, policy_of, text)).lacking())


def test_no_other_principal_may_use_the_key(keyed: Stage) -> None:
    encryption = Encryption(keyed)
    needed, granted = encryption.needed(), encryption.granted()
    assert {role for role in granted if role not in needed} == {
        role for role in granted if role.startswith("BackupsRole")
    }
    for role, services in needed.items():
        assert set(granted[role]) == set(services), role
        for service, actions in services.items():
            more = {"kms:DescribeKey", "kms:Encrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey"}
            allowed = granted[role][service]
            assert allowed == actions or (service == "dynamodb" and allowed <= actions | more), (role, service)
    admitted = {who: s for s in encryption.policy for who in principals(s)}
    # The account itself, so that IAM policies apply, and CloudWatch Logs, which uses the key on its own behalf.
    others = {who for who in admitted if ":root" in who or who.startswith("logs.")}
    assert admitted.keys() - others == {who for who, _ in encryption.outsiders()} and len(others) == 2
    assert all(statement["Condition"] for who, statement in admitted.items() if ":root" not in who)


def test_services_use_the_key_for_this_account_alone(keyed: Stage) -> None:
    statements = {who: s for s in Encryption(keyed).policy for who in principals(s)}
    for name in ("cloudwatch", "budgets", "sns", "events"):
        assert statements[f"{name}.amazonaws.com"]["Condition"] == ACCOUNT
    cloudfront = statements["cloudfront.amazonaws.com"]["Condition"]["StringLike"]["aws:SourceArn"]
    assert flat(cloudfront).endswith(":cloudfront::${AWS::AccountId}:distribution/*")
    logs = statements["logs.${AWS::Region}.amazonaws.com"]["Condition"]["ArnLike"]
    (groups,) = logs.values()
    assert flat(groups).endswith(":logs:${AWS::Region}:${AWS::AccountId}:log-group:*")


def test_sagemaker_encrypts_results_and_disks_with_the_key(keyed: Stage, gpu: Stage) -> None:
    (config,) = keyed.resources("AWS::SageMaker::EndpointConfig").values()
    encryption = Encryption(keyed)
    assert encryption.refers(config["KmsKeyId"]) == {encryption.key}
    assert encryption.refers(config["AsyncInferenceConfig"]["OutputConfig"]["KmsKeyId"]) == {encryption.key}
    (plain,) = gpu.resources("AWS::SageMaker::EndpointConfig").values()
    assert "KmsKeyId" not in plain and "KmsKeyId" not in plain["AsyncInferenceConfig"]["OutputConfig"]


@pytest.mark.parametrize(
    ("instance", "own"),
    [("c7i.xlarge", False), ("m7i.2xlarge", False), ("c6id.xlarge", True), ("m5d.large", True), ("g5.xlarge", True)],
)
def test_instances_with_disks_of_their_own_take_no_key(instance: str, own: bool) -> None:
    """SageMaker refuses a key for them, since local disks encrypt themselves."""
    assert StageConfig(instance_type=f"ml.{instance}").has_own_disks is own


def test_backups_are_in_a_vault_with_the_key_and_its_role_may_use_it(keyed: Stage, prod: Stage) -> None:
    """A vault's key cannot change, so with another key it is another vault under another name."""
    (vault,) = keyed.resources("AWS::Backup::BackupVault").values()
    (plain,) = prod.resources("AWS::Backup::BackupVault").values()
    assert vault["BackupVaultName"] != plain["BackupVaultName"] and "EncryptionKeyArn" not in plain
    (role,) = (name for name in keyed.resources("AWS::IAM::Role", "Data") if name.startswith("BackupsRole"))
    assert Encryption(keyed).granted()[role]["backup"] >= WRITE
    # AWS's managed policies allow the use of any key through S3 and DynamoDB, for backups and restores.
    published = json.loads(aws_managed_policies_data)
    for name, service in (
        ("AWSBackupServiceRolePolicyForBackup", "dynamodb"),
        ("AWSBackupServiceRolePolicyForRestores", "dynamodb"),
        ("AWSBackupServiceRolePolicyForS3Backup", "s3"),
        ("AWSBackupServiceRolePolicyForS3Restore", "s3"),
    ):
        assert any(name in flat(arn) for arn in keyed.resources("AWS::IAM::Role", "Data")[role]["ManagedPolicyArns"])
        allowed = {
            action
            for statement in published[name]["Document"]["Statement"]
            for action in as_list(statement["Action"])
            if service in json.dumps(statement.get("Condition", {}).get("StringLike", {}))
        }
        assert "kms:Decrypt" in allowed, name


def test_cdk_nag_finds_nothing_with_the_key_either(keyed: Stage) -> None:
    reports = list(keyed.folder.glob("AwsSolutions-*-NagReport.csv"))
    assert len(reports) == len(keyed.templates)
    assert not [line for path in reports for line in path.read_text().splitlines() if ',"Non-Compliant",' in line]


def test_without_the_option_there_is_no_key(prod: Stage, gpu: Stage, local: Stage) -> None:
    for stage in (prod, gpu, local):
        assert not stage.resources("AWS::KMS::Key") and "kms:" not in json.dumps(list(stage.templates.values()))
    with pytest.raises(ConfigError, match="the emulator does not encrypt"):
        StageConfig(stage="local", customer_key=True)


DATA = "VideoSentiment-prod-Data"


def test_a_deployment_without_the_option_is_refused_for_a_stage_with_a_key(moto_account: boto3.Session) -> None:
    """Roles would lose access to the key, and so to all encrypted data."""
    without, with_key = StageConfig(stage="prod"), StageConfig(stage="prod", customer_key=True)
    check_key(without)  # nothing is deployed
    topic = {"Topic": {"Type": "AWS::SNS::Topic"}}
    template = {"Resources": topic, "Outputs": {CUSTOMER_KEY: {"Value": "arn:aws:kms:eu-west-1:1:key/k"}}}
    moto_account.client("cloudformation").create_stack(StackName=DATA, TemplateBody=json.dumps(template))
    check_key(with_key)
    with pytest.raises(DeployedError, match="customerKey=true"):
        check_key(without)
