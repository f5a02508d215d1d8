"""Lambda of a custom resource: starts the build of an image in CodeBuild, and responds to CloudFormation at its end.

It handles two kinds of events. CloudFormation's request starts a build that carries the request in its environment;
CodeBuild's event about the end of the build, through EventBridge, answers that request. So no function has to wait, and
failed builds are reported as well. An image that is in the registry already, from an earlier deployment or before a
rollback, is not built again, since its immutable tag could not be pushed. Needs only packages of Lambda's runtime.
"""

import json
import os
import urllib.request
from typing import Any

import boto3

# Properties of the request that the response needs.
REQUEST_PROPERTIES = ("ResponseURL", "StackId", "RequestId", "LogicalResourceId")
PREFIX = "CFN_"
TIMEOUT = 10  # seconds


def handler(event: dict[str, Any], context: object) -> None:  # noqa: ARG001  (Lambda's signature)
    """Handle either kind of event. A request that fails is answered with the reason."""
    if event.get("source") == "aws.codebuild":
        finish(event["detail"])
        return
    tag = event["ResourceProperties"]["Tag"]
    if event["RequestType"] == "Delete":  # images are kept, since a rollback may need one
        answer(event, "SUCCESS", event["PhysicalResourceId"])
        return
    try:
        is_built = exists(tag)
        if not is_built:
            start(event, tag)
    except Exception as error:
        answer(event, "FAILED", event.get("PhysicalResourceId", tag), f"the build could not be started: {error}")
    else:
        if is_built:
            answer(event, "SUCCESS", tag)


def exists(tag: str) -> bool:
    """Return True when the registry has an image with this tag."""
    ecr = boto3.client("ecr")
    try:
        ecr.describe_images(repositoryName=os.environ["REPOSITORY"], imageIds=[{"imageTag": tag}])
    except ecr.exceptions.ImageNotFoundException:
        return False
    return True


def start(request: dict[str, Any], tag: str) -> None:
    """Start a build of this tag, with the request in its environment."""
    properties = {f"{PREFIX}{name}": request[name] for name in REQUEST_PROPERTIES}
    variables = [{"name": n, "value": v, "type": "PLAINTEXT"} for n, v in {**properties, "TAG": tag}.items()]
    boto3.client("codebuild").start_build(projectName=os.environ["PROJECT"], environmentVariablesOverride=variables)


def finish(detail: dict[str, Any]) -> None:
    """Answer the request that started a build; builds that were started manually have none."""
    environment = detail["additional-information"]["environment"]["environment-variables"]
    values = {variable["name"]: variable["value"] for variable in environment}
    if f"{PREFIX}ResponseURL" not in values:
        values = variables_of(detail["build-id"])  # an event need not contain overridden variables
    if f"{PREFIX}ResponseURL" not in values:
        return
    request = {name: values[f"{PREFIX}{name}"] for name in REQUEST_PROPERTIES}
    status = detail["build-status"]
    logs = detail["additional-information"].get("logs", {}).get("deep-link", "CodeBuild's log")
    reason = "" if status == "SUCCEEDED" else f"the build of the image ended as {status}; see {logs}"
    answer(request, "FAILED" if reason else "SUCCESS", values["TAG"], reason)


def variables_of(build: str) -> dict[str, str]:
    """Return the environment variables that a build was started with; none if the build no longer exists."""
    builds = boto3.client("codebuild").batch_get_builds(ids=[build])["builds"]
    return {v["name"]: v["value"] for found in builds for v in found["environment"].get("environmentVariables", [])}


def answer(request: dict[str, Any], status: str, physical_id: str, reason: str = "") -> None:
    """Send the response to CloudFormation. Raises OSError when it is unreachable; Lambda then retries."""
    body = {
        "Status": status,
        "Reason": reason or "done",
        "PhysicalResourceId": physical_id,
        **{name: request[name] for name in REQUEST_PROPERTIES if name != "ResponseURL"},
    }
    put = urllib.request.Request(
        request["ResponseURL"], data=json.dumps(body).encode(), method="PUT", headers={"Content-Type": ""}
    )
    with urllib.request.urlopen(put, timeout=TIMEOUT):
        pass
