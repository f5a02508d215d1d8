"""A custom resource's Lambda: has CodeBuild build an image, and tells CloudFormation when that is done.

Two kinds of events come here: CloudFormation's request, which starts a build that carries the request in its
environment, and CodeBuild's news of how the build ended (through EventBridge), which answers that request. So nothing
waits in between, and a build that dies is answered, too. An image that is in the registry already, from an earlier
deployment or before a rollback, is not built again: its tag is immutable, so it could not be pushed. Runs in a Lambda
with what Python and Lambda bring.
"""

import json
import os
import urllib.request
from typing import Any

import boto3

CARRIED = ("ResponseURL", "StackId", "RequestId", "LogicalResourceId")  # of the request, to answer it
PREFIX = "CFN_"
SECONDS = 10


def handler(event: dict[str, Any], context: object) -> None:  # noqa: ARG001  (Lambda's signature)
    """Either kind of event. A request that cannot be carried out is answered with the reason."""
    if event.get("source") == "aws.codebuild":
        finish(event["detail"])
        return
    tag = event["ResourceProperties"]["Tag"]
    if event["RequestType"] == "Delete":  # images stay: an older deployment may come back to one
        answer(event, "SUCCESS", event["PhysicalResourceId"])
        return
    try:
        built = exists(tag)
        if not built:
            start(event, tag)
    except Exception as error:
        answer(event, "FAILED", event.get("PhysicalResourceId", tag), f"the build could not be started: {error}")
    else:
        if built:
            answer(event, "SUCCESS", tag)


def exists(tag: str) -> bool:
    """Return True when the registry holds an image of this tag."""
    ecr = boto3.client("ecr")
    try:
        ecr.describe_images(repositoryName=os.environ["REPOSITORY"], imageIds=[{"imageTag": tag}])
    except ecr.exceptions.ImageNotFoundException:
        return False
    return True


def start(request: dict[str, Any], tag: str) -> None:
    """Start a build of this tag that knows whom to answer."""
    carried = {f"{PREFIX}{name}": request[name] for name in CARRIED}
    variables = [{"name": n, "value": v, "type": "PLAINTEXT"} for n, v in {**carried, "TAG": tag}.items()]
    boto3.client("codebuild").start_build(projectName=os.environ["PROJECT"], environmentVariablesOverride=variables)


def finish(detail: dict[str, Any]) -> None:
    """Answer the request that started a build; builds that somebody started by hand are nobody's request."""
    environment = detail["additional-information"]["environment"]["environment-variables"]
    values = {variable["name"]: variable["value"] for variable in environment}
    if f"{PREFIX}ResponseURL" not in values:
        values = variables_of(detail["build-id"])  # CodeBuild does not promise that an event holds what was overridden
    if f"{PREFIX}ResponseURL" not in values:
        return
    request = {name: values[f"{PREFIX}{name}"] for name in CARRIED}
    status = detail["build-status"]
    logs = detail["additional-information"].get("logs", {}).get("deep-link", "CodeBuild's log")
    reason = "" if status == "SUCCEEDED" else f"the build of the image ended as {status}; see {logs}"
    answer(request, "FAILED" if reason else "SUCCESS", values["TAG"], reason)


def variables_of(build: str) -> dict[str, str]:
    """Return the environment variables that a build was started with; none of a build that is gone."""
    builds = boto3.client("codebuild").batch_get_builds(ids=[build])["builds"]
    return {v["name"]: v["value"] for found in builds for v in found["environment"].get("environmentVariables", [])}


def answer(request: dict[str, Any], status: str, physical_id: str, reason: str = "") -> None:
    """Tell CloudFormation. Raises OSError when it cannot be reached; Lambda then tries again."""
    body = {
        "Status": status,
        "Reason": reason or "done",
        "PhysicalResourceId": physical_id,
        **{name: request[name] for name in CARRIED if name != "ResponseURL"},
    }
    put = urllib.request.Request(
        request["ResponseURL"], data=json.dumps(body).encode(), method="PUT", headers={"Content-Type": ""}
    )
    with urllib.request.urlopen(put, timeout=SECONDS):
        pass
