"""Access to a deployed stage for the other scripts: its stacks' outputs, and the environment for `lambdas.core`."""

import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from stacks.config import PUBLIC_URL, STAGES, USAGE_PLAN, ConfigError, StageConfig

BAD_INPUT = 2
# The AWS command line and Lambda use AWS_REGION, which boto3 does not read.
if "AWS_REGION" in os.environ:
    os.environ.setdefault("AWS_DEFAULT_REGION", os.environ["AWS_REGION"])


class DeployedError(Exception):
    """Error that the operator can resolve; the message is one line."""


def check_stage(stage: str) -> None:
    """Raise DeployedError for an unknown stage, or for stage local without the emulator's endpoint."""
    if stage not in STAGES:
        raise DeployedError(f"unknown stage {stage!r}; use one of: {', '.join(STAGES)}")
    if stage == "local" and not os.environ.get("AWS_ENDPOINT_URL"):
        raise DeployedError(
            "stage local runs in the emulator: set AWS_ENDPOINT_URL, or requests would go to AWS "
            '(run `eval "$(.venv/bin/python -m local env)"`)'
        )


def outputs(stage: str) -> dict[str, str]:
    """Return the outputs of a stage's stacks, by key. Raises DeployedError when the stage is not deployed."""
    check_stage(stage)
    found: dict[str, str] = {}
    for part in ("Data", "App"):
        name = _config(stage).stack_name(part)
        try:
            (stack,) = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            raise DeployedError(f"stack {name} not found: {error.response['Error']['Message']}") from error
        found |= {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    return found


def configure_core(stage: str) -> dict[str, str]:
    """Configure `lambdas.core` for a deployed stage through the environment; return the stage's outputs."""
    found = outputs(stage)
    config = _config(stage)
    os.environ.update(
        {
            "STAGE": stage,
            "TABLE_NAME": found["TableName"],
            "MEDIA_BUCKET": found["MediaBucket"],
            "RESULTS_BUCKET": found["ResultsBucket"],
            "ENDPOINT_NAME": found["EndpointName"],
            "WEBHOOK_QUEUE_URL": found["WebhookQueueUrl"],
            "USER_POOL_ID": found["UserPoolId"],
            "USAGE_PLAN_PARAMETER": config.parameter(USAGE_PLAN),
            "PUBLIC_URL_PARAMETER": config.parameter(PUBLIC_URL),
            "POWERTOOLS_TRACE_DISABLED": "1",
            "POWERTOOLS_LOG_LEVEL": "WARNING",
        }
    )
    return found


def _config(stage: str) -> StageConfig:
    return StageConfig(stage=stage)


def run(main: Callable[[], Any]) -> None:
    """Run a command; errors that the operator can resolve are printed as one line, with exit code 2."""
    try:
        main()
    except (DeployedError, ConfigError) as error:
        _fail(str(error))
    except (NoCredentialsError, NoRegionError) as error:
        _fail(f"{str(error).rstrip('.')}; run `aws configure` or `aws sso login`, or set AWS_PROFILE and AWS_REGION")
    except (BotoCoreError, ClientError) as error:
        _fail(f"AWS request failed: {error}")


def _fail(message: str) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(BAD_INPUT)
