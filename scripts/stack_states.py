"""States of a stage's stacks in CloudFormation, with the operations that depend on them: deletion and protection."""

import json

import boto3
import typer
from botocore.exceptions import ClientError, WaiterError

from scripts.stage_outputs import DeployedError
from stacks.config import PARTS, StageConfig

# States of a stack whose first deployment failed, so that it has no data.
FIRST_DEPLOYMENT_FAILED = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "REVIEW_IN_PROGRESS")
NEVER_DEPLOYED = (
    "",
    "CREATE_IN_PROGRESS",
    "ROLLBACK_IN_PROGRESS",
    "DELETE_IN_PROGRESS",
    "DELETE_FAILED",
    *FIRST_DEPLOYMENT_FAILED,
)


def states(config: StageConfig) -> dict[str, str]:
    """Return the status of each stack of a stage, in the order of deployment; empty for one that does not exist."""
    cloudformation = boto3.client("cloudformation")
    found = {}
    for part in PARTS:
        try:
            (stack,) = cloudformation.describe_stacks(StackName=config.stack_name(part))["Stacks"]
            found[part] = stack["StackStatus"]
        except ClientError as error:
            if "does not exist" not in error.response["Error"]["Message"]:
                raise
            found[part] = ""
    return found


def clean_up(config: StageConfig) -> None:
    """Delete the stacks whose first deployment failed: they have no data, and cannot be deployed again.

    CDK does this as well, except for stacks with termination protection.
    """
    cloudformation = boto3.client("cloudformation")
    for part, status in reversed(states(config).items()):
        if status not in FIRST_DEPLOYMENT_FAILED:
            continue
        name = config.stack_name(part)
        typer.echo(f"deleting {name}, whose first deployment failed ({status})")
        cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=False)
        cloudformation.delete_stack(StackName=name)
        try:
            cloudformation.get_waiter("stack_delete_complete").wait(StackName=name)
        except WaiterError as error:
            raise DeployedError(f"{name} could not be deleted; see its events in CloudFormation") from error


def empty_buckets(config: StageConfig) -> int:
    """Remove all object versions from the buckets of a throwaway stage; return the number of buckets.

    CloudFormation deletes only empty buckets. Raises DeployedError for a stage that keeps its data.
    """
    if config.keeps_data:
        raise DeployedError(
            f"stage {config.stage} keeps its data; only a stage deployed with -c throwaway=true can be destroyed"
        )
    cloudformation, s3 = boto3.client("cloudformation"), boto3.resource("s3")
    emptied = 0
    for part, status in states(config).items():
        if not status:
            continue
        pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=config.stack_name(part))
        for resource in (resource for page in pages for resource in page["StackResourceSummaries"]):
            if resource["ResourceType"] == "AWS::S3::Bucket" and resource["ResourceStatus"] != "DELETE_COMPLETE":
                s3.Bucket(resource["PhysicalResourceId"]).object_versions.delete()
                emptied += 1
    return emptied


def check_throwaway(config: StageConfig) -> None:
    """Raise DeployedError when the deployed stage keeps its data, whatever the current configuration."""
    if not states(config)["Data"]:
        return
    name = config.stack_name("Data")
    template = boto3.client("cloudformation").get_template(StackName=name)["TemplateBody"]
    resources = (template if isinstance(template, dict) else json.loads(template))["Resources"].values()
    if any(resource.get("DeletionPolicy") == "Retain" for resource in resources):
        raise DeployedError(f"{name} was deployed without -c throwaway=true, so nothing was deleted")


def protect(config: StageConfig) -> None:
    """Switch on termination protection for completely deployed stacks."""
    cloudformation = boto3.client("cloudformation")
    for part, status in states(config).items():
        if status not in NEVER_DEPLOYED:
            name = config.stack_name(part)
            cloudformation.update_termination_protection(StackName=name, EnableTerminationProtection=True)
