"""Checks before a deployment, so that it does not fail after a quarter of an hour."""

from itertools import pairwise
from typing import Any

import boto3
import typer
from botocore.exceptions import ClientError

from scripts.stage_outputs import DeployedError
from stacks.config import CUSTOMER_KEY, StageConfig

SERVICES = ("sagemaker", "codebuild", "cognito-idp", "apigateway", "application-autoscaling")  # not in every region

UNRESERVED = 100  # concurrent executions of an account that cannot be reserved
# Regions where CloudFormation does not support AWS::Budgets::Budget (from cfn-lint's schemas; a test compares them).
WITHOUT_BUDGETS = frozenset(
    {
        *("af-south-1", "ap-east-1", "ap-northeast-3", "ap-south-2", "ap-southeast-3", "ap-southeast-4"),
        *("ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "eu-central-2", "eu-north-1", "eu-south-1"),
        *("eu-south-2", "il-central-1", "me-central-1"),
    }
)


def check_account(config: StageConfig) -> None:
    """Raise DeployedError when the account cannot run this stage."""
    region = str(boto3.Session().region_name)
    check_region(region)
    check_budget(config, region)
    check_key(config)
    check_quota(config, boto3.client("service-quotas"))
    check_concurrency(config, boto3.client("lambda"))
    check_instance_type(config)
    if config.sender_email:
        check_sender(config, boto3.client("sesv2"))


def check_parameters(stage: str, options: list[str]) -> None:
    """Raise DeployedError for a parameter without a stack name, which CDK would pass to all stacks."""
    values = [option.removeprefix("--parameters=") for option in options if option.startswith("--parameters=")]
    values += [value for option, value in pairwise(options) if option == "--parameters"]
    for value in values:
        name, _, content = value.partition("=")
        if ":" not in name:
            stack = StageConfig(stage=stage).stack_name("Inference")
            raise DeployedError(f"a parameter needs the name of its stack: --parameters {stack}:{name}={content}")


def check_budget(config: StageConfig, region: str) -> None:
    """Raise DeployedError for a budget in a region where CloudFormation cannot create one."""
    if config.monthly_budget and region in WITHOUT_BUDGETS:
        raise DeployedError(
            f"CloudFormation does not support budgets in {region}: add -c monthlyBudget=0, and create one in the "
            "console (Billing, Budgets), which covers the whole account as well"
        )


def check_key(config: StageConfig) -> None:
    """Raise DeployedError when the stage is encrypted with its own key and this deployment would remove that key."""
    if config.customer_key:
        return
    try:
        (stack,) = boto3.client("cloudformation").describe_stacks(StackName=config.stack_name("Data"))["Stacks"]
    except ClientError as error:
        if "does not exist" not in error.response["Error"]["Message"]:
            raise
        return
    if any(output["OutputKey"] == CUSTOMER_KEY for output in stack.get("Outputs", [])):
        raise DeployedError(
            f"stage {config.stage} is encrypted with its own key and would be unreadable without it: add "
            "-c customerKey=true, or set it in cdk.json"
        )


def check_region(region: str) -> None:
    """Warn of services that the region may lack; boto3's list may be older than a service in a region."""
    session = boto3.Session()
    if missing := [name for name in SERVICES if region not in session.get_available_regions(name)]:
        typer.echo(f"warning: region {region} may lack {', '.join(missing)}; see docs/deploy.md", err=True)


def check_quota(config: StageConfig, quotas: Any) -> None:
    """Raise DeployedError when the account's quota does not cover the endpoint's instances.

    One more than `maxInstances` is needed, since an update starts a new instance before the old ones end.
    https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
    """
    name = f"{config.instance_type} for endpoint usage"
    # Quotas that were never changed may be listed among the defaults only.
    pages = (
        page["Quotas"]
        for operation in ("list_service_quotas", "list_aws_default_service_quotas")
        for page in quotas.get_paginator(operation).paginate(ServiceCode="sagemaker")
    )
    found = next((quota["Value"] for page in pages for quota in page if quota["QuotaName"] == name), None)
    needed = config.max_instances + 1
    if found is None:
        typer.echo(f"warning: no quota named {name!r}: is the instance type offered in this region?", err=True)
    elif found < needed:
        fewer = f", or deploy with -c maxInstances={found - 1:.0f}" if found >= 2 else ""
        raise DeployedError(
            f"the quota {name!r} is {found:.0f}, but {needed} are needed ({config.max_instances} and one more for "
            f"updates); request an increase under Service Quotas, SageMaker{fewer}"
        )


def check_concurrency(config: StageConfig, lambdas: Any) -> None:
    """Raise DeployedError when Lambda would refuse to reserve the concurrency of webhook deliveries.

    100 of an account's concurrent executions must stay unreserved, and a new account has only 10 in total.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
    """
    limit = lambdas.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if config.webhook_concurrency and limit - UNRESERVED < config.webhook_concurrency:
        raise DeployedError(
            f"the account allows {limit} concurrent Lambda executions, of which {UNRESERVED} cannot be reserved: "
            "deploy with -c webhookConcurrency=0, or request an increase under Service Quotas, AWS Lambda, "
            "Concurrent executions"
        )


def check_instance_type(config: StageConfig) -> None:
    """Raise DeployedError when SageMaker would refuse to change the instance type, since the endpoint scales.

    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-update.html
    """
    sagemaker = boto3.client("sagemaker")
    try:
        name = sagemaker.describe_endpoint(EndpointName=config.endpoint_name)["EndpointConfigName"]
        (variant,) = sagemaker.describe_endpoint_config(EndpointConfigName=name)["ProductionVariants"]
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("ValidationException", "ResourceNotFound"):
            raise
        return  # there is no endpoint yet
    current = variant["InstanceType"]
    registered = boto3.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="sagemaker",
        ResourceIds=[f"endpoint/{config.endpoint_name}/variant/{variant['VariantName']}"],
    )["ScalableTargets"]
    if current == config.instance_type or not registered:
        return
    command = f".venv/bin/python -m scripts.deploy --stage {config.stage} -c instanceType="
    raise DeployedError(
        f"the endpoint runs on {current}, which SageMaker can change only while scaling is off. At a quiet time, run:\n"
        f"  {command}{current} -c scaling=false\n  {command}{config.instance_type}\nAdd your other options to both."
    )


def check_sender(config: StageConfig, ses: Any) -> None:
    """Raise DeployedError unless the sender's domain is verified in SES; a verified address does not suffice.

    https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-email.html
    """
    domain = config.sender_domain
    try:
        verified = ses.get_email_identity(EmailIdentity=domain)["VerifiedForSendingStatus"]
    except ses.exceptions.NotFoundException:
        verified = False
    if not verified:
        raise DeployedError(
            f"SES has not verified the domain {domain} of senderEmail in this region: add it as an identity of type "
            "Domain (SES, Identities), and its records to your DNS"
        )
