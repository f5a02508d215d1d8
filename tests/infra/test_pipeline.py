"""Deployment pipeline: a valid GitHub workflow with existing commands and without stored AWS keys."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from scripts import deploy, ops, stack_states
from scripts.setup import environment_of
from scripts.stage_outputs import DeployedError
from stacks.config import ConfigError, StageConfig
from tests.infra.synthesized import ROOT

WORKFLOWS = ROOT / ".github" / "workflows"
PIPELINE = yaml.safe_load((WORKFLOWS / "deploy.yml").read_text())
JOBS = PIPELINE["jobs"]
ROLE = json.loads((ROOT / "scripts" / "pipeline_role.json").read_text())
REHEARSAL = StageConfig(stage="dev", throwaway=True)


@pytest.mark.parametrize("path", sorted(WORKFLOWS.glob("*.yml")), ids=lambda path: path.name)
def test_workflows_are_valid_by_the_hosts_schema(path: Path) -> None:
    check = environment_of("scan") / "bin" / "check-jsonschema"
    run = subprocess.run(
        [check, "--builtin-schema", "vendor.github-workflows", path], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


def _commands(job: str) -> list[str]:
    return [line for step in JOBS[job]["steps"] for line in step.get("run", "").splitlines()]


def _place(job: str, part: str) -> int:
    return next(at for at, command in enumerate(_commands(job)) if part in command)


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_a_stage_is_compared_deployed_and_smoked_in_this_order(stage: str) -> None:
    assert _place(stage, "cdk diff") < _place(stage, "scripts.deploy") < _place(stage, "smoke")
    assert all(f"--stage {stage}" in c for c in _commands(stage) if "scripts." in c)


def test_prod_comes_after_dev_and_an_approval() -> None:
    assert set(JOBS["prod"]["needs"]) == {"check", "dev"}
    assert JOBS["prod"]["environment"] == "prod"  # its reviewers are the approval
    assert any("make synth STAGE=prod" in command for command in _commands("check"))  # cdk-nag's gate


def test_the_scheduled_rehearsal_is_destroyed_afterwards() -> None:
    assert PIPELINE[True]["schedule"]  # YAML reads the key `on` as true
    options = PIPELINE[True]["workflow_dispatch"]["inputs"]["target"]["options"]
    assert "rehearsal" in options and "|| 'rehearsal'" in PIPELINE["env"]["TARGET"]
    last = JOBS["rehearsal"]["steps"][-1]
    assert "--destroy" in last["run"] and last["if"] == "always()"
    assert all("throwaway=true" in command for command in _commands("rehearsal") if "scripts.deploy" in command)


def test_it_authenticates_by_openid_only() -> None:
    assert "secrets." not in (WORKFLOWS / "deploy.yml").read_text()
    for name in ("dev", "prod", "rehearsal"):
        assert JOBS[name]["permissions"]["id-token"] == "write"
    assert "id-token" not in PIPELINE["permissions"]
    (statement,) = ROLE["Resources"]["Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    who = statement["Condition"]["StringEquals"]
    assert who["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
    subject = who["token.actions.githubusercontent.com:sub"]["Fn::Sub"]
    assert subject == "repo:${Repository}:environment:${Environment}"
    environments = {job["environment"] for job in JOBS.values() if "environment" in job}
    assert environments == set(ROLE["Parameters"]["Environment"]["AllowedValues"])
    longest = max(
        step["with"]["role-duration-seconds"]
        for job in JOBS.values()
        for step in job["steps"]
        if "role-to-assume" in step.get("with", {})
    )
    assert longest <= ROLE["Resources"]["Role"]["Properties"]["MaxSessionDuration"]


def test_every_option_of_its_commands_exists() -> None:
    import typer

    single = typer.Typer()
    single.command()(deploy.main)
    known = CliRunner().invoke(single, ["--help"], env={"COLUMNS": "300"}).output
    for job in JOBS:
        for command in _commands(job):
            if "scripts.deploy" in command:
                assert set(re.findall(r"--[a-z-]+", command)) <= set(re.findall(r"--[a-z-]+", known)), command
            if "scripts.ops" in command:
                name = command.split()[-1]
                assert name in [c.name or c.callback.__name__ for c in ops.app.registered_commands]  # type: ignore[union-attr]
            if command.startswith("make "):
                target = command.split()[1]
                assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_only_a_throwaway_stage_can_be_destroyed() -> None:
    with pytest.raises(ConfigError, match="throwaway cannot be used on stage prod"):
        StageConfig(stage="prod", throwaway=True)
    with pytest.raises(DeployedError, match="keeps its data"):
        stack_states.empty_buckets(StageConfig(stage="dev"))
    with pytest.raises(DeployedError, match="keeps its data"):
        deploy._destroy(StageConfig(stage="dev"), ["stage=dev"], yes=True)


class Account:
    """Fake of CloudFormation with one stack, Data, and its bucket with this deletion policy."""

    def __init__(self, deletion_policy: str, bucket: str = "b") -> None:
        self._template = {"Resources": {"Media": {"Type": "AWS::S3::Bucket", "DeletionPolicy": deletion_policy}}}
        self._bucket = bucket

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:
        if not StackName.endswith("-Data"):
            error = {"Error": {"Code": "ValidationError", "Message": f"Stack {StackName} does not exist"}}
            raise ClientError(error, "DescribeStacks")
        return {"Stacks": [{"StackStatus": "CREATE_COMPLETE"}]}

    def get_template(self, *, StackName: str) -> dict[str, Any]:
        assert StackName
        return {"TemplateBody": json.dumps(self._template)}

    def get_paginator(self, name: str) -> "Account":
        assert name == "list_stack_resources"
        return self

    def paginate(self, *, StackName: str) -> list[dict[str, Any]]:
        assert StackName
        kind = {"ResourceType": "AWS::S3::Bucket", "ResourceStatus": "CREATE_COMPLETE"}
        return [{"StackResourceSummaries": [kind | {"PhysicalResourceId": self._bucket}]}]


def test_a_stage_that_was_deployed_to_keep_its_data_is_not_destroyed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The deployed template decides, regardless of the current context."""
    monkeypatch.setattr(boto3, "client", lambda _name: Account("Retain"))
    with pytest.raises(DeployedError, match="nothing was deleted"):
        stack_states.check_throwaway(REHEARSAL)
    monkeypatch.setattr(boto3, "client", lambda _name: Account("Delete"))
    stack_states.check_throwaway(REHEARSAL)


def test_buckets_of_a_rehearsal_are_emptied_with_all_versions(
    moto_account: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = moto_account.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="rehearsal")
    s3.put_bucket_versioning(Bucket="rehearsal", VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        s3.put_object(Bucket="rehearsal", Key="k", Body=b"x")
    s3.delete_object(Bucket="rehearsal", Key="k")
    monkeypatch.setattr(boto3, "client", lambda _name: Account("Delete", "rehearsal"))
    assert stack_states.empty_buckets(REHEARSAL) == 1
    s3.delete_bucket(Bucket="rehearsal")  # which S3 refuses while a version is left
