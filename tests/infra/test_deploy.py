"""Deployment: checks before it, and stacks after a failed first one."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from scripts import deploy, preflight, stack_states
from scripts.stage_outputs import DeployedError
from stacks.config import StageConfig
from tests.infra.synthesized import ROOT

PROD = StageConfig(stage="prod")


class Account:
    """Fake of the CloudFormation calls of a deployment, by AWS's rules: a protected stack cannot be deleted.

    moto supports neither termination protection nor failed stacks.
    """

    def __init__(self) -> None:
        self.stacks: dict[str, tuple[str, bool]] = {}

    def make(self, part: str, status: str = "CREATE_COMPLETE", *, protected: bool = False) -> None:
        self.stacks[PROD.stack_name(part)] = (status, protected)

    @property
    def protected(self) -> dict[str, bool]:
        return {name.rpartition("-")[2]: protected for name, (_, protected) in self.stacks.items()}

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:
        if StackName not in self.stacks:
            raise self._error("DescribeStacks", f"Stack with id {StackName} does not exist")
        return {"Stacks": [{"StackStatus": self.stacks[StackName][0]}]}

    def update_termination_protection(self, *, StackName: str, EnableTerminationProtection: bool) -> None:
        self.stacks[StackName] = (self.stacks[StackName][0], EnableTerminationProtection)

    def delete_stack(self, *, StackName: str) -> None:
        if self.stacks[StackName][1]:
            raise self._error("DeleteStack", f"Stack [{StackName}] cannot be deleted while TerminationProtection")
        del self.stacks[StackName]

    def get_waiter(self, name: str) -> "Account":
        assert name == "stack_delete_complete"
        return self

    def wait(self, *, StackName: str) -> None:
        assert StackName not in self.stacks

    @staticmethod
    def _error(operation: str, message: str) -> ClientError:
        return ClientError({"Error": {"Code": "ValidationError", "Message": message}}, operation)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    fake = Account()
    monkeypatch.setattr(boto3, "client", {"cloudformation": fake}.__getitem__)
    return fake


def test_a_new_stack_is_protected_only_after_its_first_successful_deployment(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CDK must delete a stack whose first deployment failed before it can deploy it again."""
    account.make("Data", protected=True)
    account.make("App", protected=True)
    ran: list[list[str | Path]] = []

    def run(command: list[str | Path], _folder: Path) -> None:
        ran.append(command)
        account.make("Image")
        account.make("Inference", "ROLLBACK_COMPLETE")
        raise DeployedError("failed")

    monkeypatch.setattr(deploy, "_run", run)
    with pytest.raises(DeployedError):
        deploy._deploy(PROD, ["-c", "stage=prod"])
    assert "unprotected=Image,Inference" in ran[0]
    assert account.protected == {"Data": True, "App": True, "Image": True, "Inference": False}


def test_only_stacks_listed_as_unprotected_are_unprotected() -> None:
    config = StageConfig.from_context({"stage": "prod", "unprotected": "Image,Inference"})
    assert [config.protects(part) for part in ("Data", "App", "Image", "Inference")] == [True, True, False, False]
    assert not StageConfig(stage="dev").protects("Data")


def test_stacks_whose_first_deployment_failed_are_cleaned_up_and_no_others(account: Account) -> None:
    account.make("Data", protected=True)
    account.make("App", "UPDATE_ROLLBACK_COMPLETE", protected=True)  # it was deployed before
    account.make("Image", "ROLLBACK_FAILED", protected=True)
    account.make("Inference", "ROLLBACK_COMPLETE", protected=True)
    stack_states.clean_up(PROD)
    assert account.protected == {"Data": True, "App": True}


def _quotas(monkeypatch: pytest.MonkeyPatch, applied: list[dict[str, Any]], default: list[dict[str, Any]]) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    client = boto3.client("service-quotas", region_name="eu-west-1")
    stub = Stubber(client)
    stub.add_response("list_service_quotas", {"Quotas": applied}, {"ServiceCode": "sagemaker"})
    stub.add_response("list_aws_default_service_quotas", {"Quotas": default}, {"ServiceCode": "sagemaker"})
    stub.activate()
    return client


def _quota(value: float, instance: str = PROD.instance_type) -> dict[str, Any]:
    return {"QuotaName": f"{instance} for endpoint usage", "Value": value}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (0.0, "is 0, but 3 are needed.*; request an increase"),
        (2.0, "is 2, but 3 are needed.*deploy with -c maxInstances=1"),
    ],
)
@pytest.mark.parametrize("kind", ["applied", "default"])
def test_an_insufficient_instance_quota_is_refused_before_the_deployment(
    value: float, message: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An update starts a new instance before the old ones end, so it needs one more than maxInstances."""
    found = {"applied": [_quota(9.0, "ml.m5.large")], "default": []} | {kind: [_quota(value)]}
    with pytest.raises(DeployedError, match=message):
        preflight.check_quota(PROD, _quotas(monkeypatch, found["applied"], found["default"]))


def test_enough_instances_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    preflight.check_quota(PROD, _quotas(monkeypatch, [_quota(3.0)], [_quota(0.0)]))


def _lambdas(monkeypatch: pytest.MonkeyPatch, limit: int) -> Any:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    client = boto3.client("lambda", region_name="eu-west-1")
    stub = Stubber(client)
    stub.add_response("get_account_settings", {"AccountLimit": {"ConcurrentExecutions": limit}}, {})
    stub.activate()
    return client


@pytest.mark.parametrize("limit", [10, 100, 109])
def test_an_account_that_cannot_reserve_concurrency_gets_the_option_to_do_without(
    limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DeployedError, match=rf"allows {limit} concurrent .* -c webhookConcurrency=0"):
        preflight.check_concurrency(PROD, _lambdas(monkeypatch, limit))
    preflight.check_concurrency(replace(PROD, webhook_concurrency=0), _lambdas(monkeypatch, limit))


def test_an_account_with_enough_lambdas_may_reserve_some(monkeypatch: pytest.MonkeyPatch) -> None:
    preflight.check_concurrency(PROD, _lambdas(monkeypatch, 110))


def test_an_unknown_quota_is_a_warning(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    preflight.check_quota(PROD, _quotas(monkeypatch, [], []))
    assert "is the instance type offered in this region?" in capsys.readouterr().err


def _ses(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Stubber]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    client = boto3.client("sesv2", region_name="eu-west-1")
    stub = Stubber(client)
    stub.activate()
    return client, stub


def test_the_senders_domain_must_be_verified_not_only_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool sends by the domain's identity, which does not exist in SES if only the address was verified."""
    config, identity = StageConfig(sender_email="hello@example.com"), {"EmailIdentity": "example.com"}
    client, stub = _ses(monkeypatch)
    stub.add_client_error("get_email_identity", "NotFoundException", expected_params=identity)
    with pytest.raises(DeployedError, match="has not verified the domain example.com"):
        preflight.check_sender(config, client)
    stub.add_response("get_email_identity", {"VerifiedForSendingStatus": False}, identity)
    with pytest.raises(DeployedError, match="of type Domain"):
        preflight.check_sender(config, client)
    stub.add_response("get_email_identity", {"VerifiedForSendingStatus": True}, identity)
    preflight.check_sender(config, client)


@pytest.mark.parametrize(("kept", "becomes"), [(None, 90), ("never decided", 90), (7, 7)])
def test_the_training_log_gets_a_retention_period_unless_it_has_one(
    kept: int | str | None, becomes: int, moto_account: boto3.Session
) -> None:
    logs = moto_account.client("logs")
    logs.create_log_group(logGroupName=f"{deploy.TRAINING_LOG}Elsewhere")
    if kept is not None:
        logs.create_log_group(logGroupName=deploy.TRAINING_LOG)
    if isinstance(kept, int):
        logs.put_retention_policy(logGroupName=deploy.TRAINING_LOG, retentionInDays=kept)
    deploy.limit_training_log(logs)
    groups = {g["logGroupName"]: g.get("retentionInDays") for g in logs.describe_log_groups()["logGroups"]}
    assert groups == {deploy.TRAINING_LOG: becomes, f"{deploy.TRAINING_LOG}Elsewhere": None}


def test_the_quota_that_training_needs_is_documented() -> None:
    """It is the quota of `training.launch train`'s default instance type, under its name in Service Quotas."""
    launch = (ROOT / "training" / "launch.py").read_text()
    (instance,) = re.findall(r'\] = "(ml\.[a-z0-9.]+)",', launch)
    assert f'"{instance} for spot training job usage"' in (ROOT / "docs" / "deploy.md").read_text()


def test_checks_run_on_a_node_that_is_maintained() -> None:
    """Node.js 20 ended in April 2026."""
    workflows = [path.read_text() for path in (ROOT / ".github" / "workflows").glob("*.yml")]
    versions = [int(version) for text in workflows for version in re.findall(r'node-version: "(\d+)"', text)]
    assert versions and min(versions) >= 22


def test_a_region_without_a_service_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    preflight.check_region("eu-west-1")
    assert capsys.readouterr().err == ""
    preflight.check_region("nowhere-1")
    warned = capsys.readouterr().err
    assert "nowhere-1 may lack" in warned and all(name in warned for name in preflight.SERVICES)


def test_a_budget_in_an_unsupported_region_is_refused_before_the_deployment() -> None:
    preflight.check_budget(StageConfig(stage="prod"), "eu-west-1")
    preflight.check_budget(StageConfig(stage="prod", monthly_budget=0), "eu-north-1")
    with pytest.raises(DeployedError, match="-c monthlyBudget=0"):
        preflight.check_budget(StageConfig(stage="prod"), "eu-north-1")


def test_the_regions_without_codebuild_are_those_of_the_documentation() -> None:
    session = boto3.Session()
    lacking = {
        region
        for service in preflight.SERVICES
        for region in set(session.get_available_regions("s3")) - set(session.get_available_regions(service))
    }
    documented = (ROOT / "docs" / "deploy.md").read_text()
    assert lacking and all(f"`{region}`" in documented for region in lacking)


def test_a_pipeline_needs_no_approval() -> None:
    """`cdk deploy` asks before permissions change, and fails without a terminal."""
    given = ["stage=prod", "maxInstances=4"]
    assert deploy.deploy_options(given, [], yes=False) == ["-c", "stage=prod", "-c", "maxInstances=4"]
    with_yes = deploy.deploy_options(given, ["--verbose"], yes=True)
    assert with_yes[:2] == ["--require-approval", "never"] and with_yes[-1] == "--verbose"
