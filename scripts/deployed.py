"""A deployed stage, as the other scripts see it: the outputs of its stacks, and the code's settings made of them."""

import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from stacks.config import PUBLIC_URL, STAGES, USAGE_PLAN, ConfigError, StageConfig

BAD_INPUT = 2
# The command line of AWS and its Lambdas read AWS_REGION; boto3 alone does not.
if "AWS_REGION" in os.environ:
    os.environ.setdefault("AWS_DEFAULT_REGION", os.environ["AWS_REGION"])


class DeployedError(Exception):
    """What the operator can mend, in one line."""


def check_stage(stage: str) -> None:
    """Raises DeployedError for a stage that is none, or for the local one where AWS itself would be asked."""
    if stage not in STAGES:
        raise DeployedError(f"there is no stage {stage!r}; known: {', '.join(STAGES)}")
    if stage == "local" and not os.environ.get("AWS_ENDPOINT_URL"):
        raise DeployedError(
            "stage local lives in the emulator: set AWS_ENDPOINT_URL, or AWS itself would be asked "
            '(`eval "$(.venv/bin/python -m local env)"` does)'
        )


def outputs(stage: str) -> dict[str, str]:
    """The outputs of a stage's stacks, by key. Raises DeployedError where the stage is not deployed."""
    check_stage(stage)
    found: dict[str, str] = {}
    for part in ("Data", "App"):
        name = _config(stage).stack_name(part)
        try:
            (stack,) = boto3.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            raise DeployedError(f"stack {name} is not there: {error.response['Error']['Message']}") from error
        found |= {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    return found


def become(stage: str) -> dict[str, str]:
    """Let `lambdas.core` work on a deployed stage, from here: its settings are read from the environment."""
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
    """Run a command line: what the operator can mend is one line and exit code 2."""
    try:
        main()
    except (DeployedError, ConfigError) as error:
        _fail(str(error))
    except (NoCredentialsError, NoRegionError) as error:
        _fail(f"{str(error).rstrip('.')}; run `aws configure` or `aws sso login`, or set AWS_PROFILE and AWS_REGION")
    except (BotoCoreError, ClientError) as error:
        _fail(f"AWS says: {error}")


def _fail(message: str) -> NoReturn:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(BAD_INPUT)
