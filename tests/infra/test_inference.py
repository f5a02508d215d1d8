"""Inference and image stacks: the asynchronous endpoint, its scaling and bundle, and the image build in CodeBuild."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import pytest

from lambdas.core.settings import Settings
from model.serving.settings import ServerSettings
from scripts.preflight import check_instance_type, check_parameters
from scripts.stage_outputs import DeployedError
from stacks import image_source
from stacks.config import StageConfig
from stacks.image_build import handler
from tests.infra.conftest import PROD
from tests.infra.synthesized import ROOT, Stage, flat, references, synthesize
from training.sagemaker import registry


def _only(stage: Stage, kind: str, stack: str | None = None) -> Any:
    (found,) = stage.resources(kind, stack).values()
    return found


def test_results_failures_and_notifications_go_where_the_app_expects_them(prod: Stage) -> None:
    config = _only(prod, "AWS::SageMaker::EndpointConfig")["AsyncInferenceConfig"]
    output = config["OutputConfig"]
    assert flat(output["S3OutputPath"]).endswith("/outputs")
    assert flat(output["S3FailurePath"]).endswith("/failures")
    topics = {name: flat(arn) for name, arn in output["NotificationConfig"].items()}
    assert "Success" in topics["SuccessTopic"] and "Failure" in topics["ErrorTopic"]


def test_an_instance_gets_as_many_requests_as_it_has_workers(prod: Stage, gpu: Stage) -> None:
    for stage, workers in ((prod, 1), (gpu, 2)):
        client = _only(stage, "AWS::SageMaker::EndpointConfig")["AsyncInferenceConfig"]["ClientConfig"]
        environment = _only(stage, "AWS::SageMaker::Model")["PrimaryContainer"]["Environment"]
        assert client["MaxConcurrentInvocationsPerInstance"] == workers
        assert environment["VIDEO_SENTIMENT_WORKERS"] == str(workers)
        assert environment["VIDEO_SENTIMENT_PRIOR"] == "declared"
        assert "Media" in json.dumps(environment["VIDEO_SENTIMENT_ALLOWED_BUCKETS"])  # to see when an input is removed


def test_the_container_environment_is_what_the_server_reads(prod: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = _only(prod, "AWS::SageMaker::Model")["PrimaryContainer"]["Environment"]
    variables = {name: value for name, value in environment.items() if name != "AWS_DEFAULT_REGION"}
    for name, value in variables.items():
        monkeypatch.setenv(name, flat(value).replace("${", "").replace("}", ""))
    settings = ServerSettings()
    assert settings.progress_s3_uri is not None and settings.progress_s3_uri.endswith("/progress")
    assert settings.workers == 1
    assert len(settings.model_fields_set) == len(variables)  # every variable is read


def test_size_limits_are_within_sagemakers() -> None:
    """SageMaker's limit of 1 GB is less than 2**30 bytes.

    https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference.html
    """
    assert Settings.model_fields["max_upload_bytes"].default == 10**9
    assert ServerSettings.model_fields["max_bytes"].default == 10**9


def test_the_container_has_its_region(prod: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 reads the region from only one variable, without which the server's S3 client cannot be created."""
    environment = _only(prod, "AWS::SageMaker::Model")["PrimaryContainer"]["Environment"]
    assert environment["AWS_DEFAULT_REGION"] == {"Ref": "AWS::Region"}
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert boto3.session.Session().region_name is None
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert boto3.session.Session().region_name == "eu-west-1"


def test_it_scales_between_zero_and_the_maximum(prod: Stage, gpu: Stage) -> None:
    for stage, maximum in ((prod, 2), (gpu, 5)):
        target = _only(stage, "AWS::ApplicationAutoScaling::ScalableTarget")
        assert (target["MinCapacity"], target["MaxCapacity"]) == (0, maximum)
        assert target["ScalableDimension"] == "sagemaker:variant:DesiredInstanceCount"
        assert target["ResourceId"].endswith("/variant/AllTraffic")


def test_a_waiting_video_starts_another_instance(prod: Stage, gpu: Stage) -> None:
    for stage, workers in ((prod, 1), (gpu, 2)):
        policies = stage.resources("AWS::ApplicationAutoScaling::ScalingPolicy").values()
        (tracking,) = (p for p in policies if p["PolicyType"] == "TargetTrackingScaling")
        assert tracking["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == workers


def test_without_scaling_the_endpoint_is_the_same_and_may_change_its_type(prod: Stage, tmp_path: Path) -> None:
    """SageMaker refuses to change the type of a variant that scales, so the first of two steps only stops scaling."""
    unscaled = synthesize(tmp_path / "cdk.out", **PROD, scaling="false")
    kinds = {r["Type"] for r in unscaled.templates["Inference"]["Resources"].values()}
    assert not [kind for kind in kinds if kind.startswith("AWS::ApplicationAutoScaling")]
    for kind in ("Endpoint", "EndpointConfig", "Model"):
        assert unscaled.resources(f"AWS::SageMaker::{kind}") == prod.resources(f"AWS::SageMaker::{kind}")
    documented = (ROOT / "docs" / "operations.md").read_text()
    assert "-c scaling=false" in documented


@pytest.fixture
def endpoint_account(moto_account: boto3.Session) -> Any:
    """Client of Application Auto Scaling in a moto account with an endpoint on ml.c5.xlarge."""
    sagemaker = moto_account.client("sagemaker")
    sagemaker.create_model(ModelName="m", ExecutionRoleArn="arn:aws:iam::123456789012:role/r")
    variant = {"VariantName": "AllTraffic", "ModelName": "m", "InstanceType": "ml.c5.xlarge"}
    sagemaker.create_endpoint_config(EndpointConfigName="c", ProductionVariants=[variant | {"InitialInstanceCount": 1}])
    sagemaker.create_endpoint(EndpointName="video-sentiment-prod", EndpointConfigName="c")
    return moto_account.client("application-autoscaling")


def test_another_type_of_a_scaling_endpoint_is_refused_with_the_two_steps(endpoint_account: Any) -> None:
    target = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/video-sentiment-prod/variant/AllTraffic",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    other = StageConfig(stage="prod", instance_type="ml.m7i.xlarge")
    check_instance_type(other)  # it does not scale
    endpoint_account.register_scalable_target(**target, MinCapacity=0, MaxCapacity=2)
    check_instance_type(StageConfig(stage="prod", instance_type="ml.c5.xlarge"))
    check_instance_type(StageConfig(stage="dev"))  # which does not exist
    with pytest.raises(DeployedError) as refused:
        check_instance_type(other)
    first, second = (line for line in str(refused.value).splitlines() if "scripts.deploy" in line)
    assert first.endswith("--stage prod -c instanceType=ml.c5.xlarge -c scaling=false")
    assert second.endswith("--stage prod -c instanceType=ml.m7i.xlarge")
    endpoint_account.deregister_scalable_target(**target)
    check_instance_type(other)


def test_it_scales_by_backlog_and_starts_from_zero(prod: Stage) -> None:
    policies = prod.resources("AWS::ApplicationAutoScaling::ScalingPolicy")
    by_kind = {policy["PolicyType"]: (name, policy) for name, policy in policies.items()}
    _, tracking = by_kind["TargetTrackingScaling"]
    metric = tracking["TargetTrackingScalingPolicyConfiguration"]["CustomizedMetricSpecification"]
    assert metric["MetricName"] == "ApproximateBacklogSizePerInstance"
    assert metric["Dimensions"] == [{"Name": "EndpointName", "Value": "video-sentiment-prod"}]
    name, step = by_kind["StepScaling"]
    (adjustment,) = step["StepScalingPolicyConfiguration"]["StepAdjustments"]
    assert adjustment["ScalingAdjustment"] == 1
    alarms = prod.resources("AWS::CloudWatch::Alarm", "Inference").values()
    (wakes,) = (a for a in alarms if name in references(a["AlarmActions"]))
    assert (wakes["MetricName"], wakes["Threshold"], wakes["EvaluationPeriods"]) == ("HasBacklogWithoutCapacity", 1, 1)


def test_an_update_lets_running_analyses_finish_and_rolls_back_on_errors(prod: Stage) -> None:
    """Old instances are kept for a while; by default SageMaker would end them at once with their requests."""
    (endpoint,) = prod.full_resources("AWS::SageMaker::Endpoint").values()
    update = endpoint["Properties"]["DeploymentConfig"]
    policy = update["BlueGreenUpdatePolicy"]
    # The longest video, one hour, at the slowest real-time factor in docs/performance.md for this machine, 0.13.
    assert ServerSettings.model_fields["max_duration"].default * 0.13 * 2 <= policy["TerminationWaitInSeconds"] <= 3600
    bake_time = policy["TrafficRoutingConfiguration"]["WaitIntervalInSeconds"]
    assert policy["TrafficRoutingConfiguration"]["Type"] == "ALL_AT_ONCE" and 0 < bake_time <= 3600
    assert bake_time + policy["TerminationWaitInSeconds"] < policy["MaximumExecutionTimeoutInSeconds"] <= 28800
    alarms = prod.resources("AWS::CloudWatch::Alarm", "Inference")
    (named,) = update["AutoRollbackConfiguration"]["Alarms"]
    (errors,) = (name for name, alarm in alarms.items() if {"Ref": name} == named["AlarmName"])
    assert errors in endpoint["DependsOn"]
    assert alarms[errors]["MetricName"] == "Invocation5XXErrors"
    assert {d["Name"]: d["Value"] for d in alarms[errors]["Dimensions"]}["VariantName"] == "AllTraffic"
    assert alarms[errors]["TreatMissingData"] == "notBreaching"
    assert alarms[errors]["Period"] <= bake_time


def test_build_results_that_cannot_be_reported_go_to_a_dead_letter_queue(prod: Stage) -> None:
    (rule,) = prod.resources("AWS::Events::Rule", "Image").values()
    (queue,) = prod.resources("AWS::SQS::Queue", "Image")
    assert queue in references(rule["Targets"][0]["DeadLetterConfig"]["Arn"])
    sends = [
        statement
        for policy in prod.resources("AWS::SQS::QueuePolicy", "Image").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    ]
    assert [s["Principal"] for s in sends] == [{"Service": "events.amazonaws.com"}]
    alarms = prod.resources("AWS::CloudWatch::Alarm", "Inference").values()
    (watches,) = (a for a in alarms if a["MetricName"] == "ApproximateNumberOfMessagesVisible")
    assert queue in flat(watches["Dimensions"][0]["Value"]) and "Monitoring" in flat(watches["AlarmActions"])


def test_an_alarm_goes_off_when_no_instance_starts(prod: Stage) -> None:
    alarms = prod.resources("AWS::CloudWatch::Alarm", "Inference").values()
    (stuck,) = (a for a in alarms if a["EvaluationPeriods"] > 1)
    assert stuck["MetricName"] == "HasBacklogWithoutCapacity"
    assert "Monitoring" in flat(stuck["AlarmActions"])


def test_sagemaker_may_abort_multipart_uploads(prod: Stage) -> None:
    (allowed,) = (
        s
        for _, s in prod.statements()
        if "s3:AbortMultipartUpload" in s["Action"] and "outputs/" in flat(s["Resource"])
    )
    assert {"outputs", "failures"} <= {flat(r).split("/")[-2] for r in allowed["Resource"]}
    assert "s3:PutObject" in allowed["Action"]


def test_the_driver_fits_the_gpu(prod: Stage, gpu: Stage) -> None:
    (variant,) = _only(gpu, "AWS::SageMaker::EndpointConfig")["ProductionVariants"]
    assert variant["InferenceAmiVersion"] == "al2023-ami-sagemaker-inference-gpu-4-1"
    (variant,) = _only(prod, "AWS::SageMaker::EndpointConfig")["ProductionVariants"]
    assert "InferenceAmiVersion" not in variant


def test_the_image_fits_the_instance(prod: Stage, gpu: Stage) -> None:
    for stage, torch in ((prod, "cpu"), (gpu, "cuda")):
        variables = _only(stage, "AWS::CodeBuild::Project", "Image")["Environment"]["EnvironmentVariables"]
        assert {v["Name"]: v["Value"] for v in variables}["TORCH"] == torch
        (tag,) = (r["Tag"] for r in stage.resources("AWS::CloudFormation::CustomResource").values())
        assert tag.endswith(f"-{torch}")
        assert flat(_only(stage, "AWS::SageMaker::Model")["PrimaryContainer"]["Image"]).endswith(f":{tag}")


def test_stage_prod_serves_the_starter_only_after_its_licence_was_accepted(prod: Stage, gpu: Stage) -> None:
    """The bundle's URI is a parameter; CloudFormation refuses an empty one, with the reason."""
    parameter = prod.templates["Inference"]["Parameters"]["ModelDataUrl"]
    assert "Default" not in parameter
    assert _matches(parameter, "s3://bucket/model.tar.gz") and not _matches(parameter, "")
    assert "acceptResearchLicence=true" in parameter["ConstraintDescription"]
    parameter = gpu.templates["Inference"]["Parameters"]["ModelDataUrl"]
    assert parameter["Default"] == "" and _matches(parameter, "")
    assert not _matches(parameter, "model.tar.gz")


def _matches(parameter: dict[str, str], value: str) -> bool:
    pattern = parameter["AllowedPattern"]
    return subprocess.run(["grep", "-qE", pattern], input=value + "\n", text=True, check=False).returncode == 0


PARSE = r"""
const source = require("fs").readFileSync(process.argv[1], "utf8");
const named = (name) => source.match(new RegExp(`^function ${name}\\(parameters\\) {[^]*?^}`, "m"))[0];
eval(`${named("parseParameters")}\n${named("buildParameterMap2")}`);
process.stdout.write(JSON.stringify(buildParameterMap2(parseParameters([process.argv[2]]))));
"""


def _by_stack(command: str) -> dict[str, dict[str, str]]:
    """Return the parameters of a `cdk deploy` by stack, as parsed by CDK's own functions; `*` is every stack."""
    words = shlex.split(command)
    (value,) = (value for option, value in pairwise(words) if option == "--parameters")
    cdk = ROOT / "node_modules" / "aws-cdk" / "lib" / "index.js"
    run = subprocess.run(["node", "-e", PARSE, cdk, value], capture_output=True, text=True, check=True)
    found: dict[str, dict[str, str]] = json.loads(run.stdout)
    return found


def test_the_printed_parameter_goes_to_the_inference_stack_alone(prod: Stage) -> None:
    """CloudFormation refuses a parameter that a template does not have, and only this stack has it."""
    uri = "s3://bucket/run=1/model.tar.gz"
    given = _by_stack(registry.deploy_command(registry.Artefact(uri), "prod"))
    assert given.pop("*") == {}
    assert given == {StageConfig(stage="prod").stack_name("Inference"): {"ModelDataUrl": uri}}
    assert [name for name, t in prod.templates.items() if "ModelDataUrl" in t.get("Parameters", {})] == ["Inference"]


@pytest.mark.parametrize("page", ["deploy.md", "training.md"])
def test_the_documented_parameter_goes_to_the_inference_stack_alone(page: str) -> None:
    lines = [line for line in (ROOT / "docs" / page).read_text().splitlines() if "--parameters" in line]
    assert lines
    for line in lines:
        given = _by_stack(line.partition("#")[0].replace('"', " "))
        assert given.pop("*") == {}
        assert set(given) == {"VideoSentiment-prod-Inference"}


@pytest.mark.parametrize("options", [["--parameters", "ModelDataUrl=s3://b/m"], ["--parameters=ModelDataUrl=s3://b/m"]])
def test_a_parameter_without_a_stack_is_refused_before_the_deployment(options: list[str]) -> None:
    with pytest.raises(DeployedError, match="--parameters VideoSentiment-prod-Inference:ModelDataUrl=s3://b/m$"):
        check_parameters("prod", options)
    check_parameters("prod", ["--parameters", "VideoSentiment-prod-Inference:ModelDataUrl=s3://b/m"])


def test_the_image_is_built_in_its_own_stack_before_the_model_is_created(prod: Stage) -> None:
    """A failure of the inference stack must not discard the image, whose build takes 15 minutes."""
    assert "Image" in prod.depends["Inference"]
    for kind in ("ECR::Repository", "CodeBuild::Project", "CloudFormation::CustomResource"):
        assert prod.resources(f"AWS::{kind}", "Image") and not prod.resources(f"AWS::{kind}", "Inference")
    assert "ImportValue" in json.dumps(_only(prod, "AWS::SageMaker::Model")["PrimaryContainer"]["Image"])
    (image,) = prod.full_resources("AWS::CloudFormation::CustomResource").values()
    waits = image["DependsOn"]
    assert any(name in waits for name in prod.resources("AWS::CodeBuild::Project"))
    assert any(name in waits for name in prod.resources("AWS::Events::Rule", "Image"))


def test_a_first_deployment_that_fails_leaves_no_bucket_behind(prod: Stage) -> None:
    (bucket,) = prod.full_resources("AWS::S3::Bucket", "Inference").values()
    assert bucket["DeletionPolicy"] == "RetainExceptOnCreate" and bucket["UpdateReplacePolicy"] == "Retain"


def test_the_image_is_built_from_the_docker_context() -> None:
    source = image_source.build()
    found = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    copied = [line.split()[1] for line in (ROOT / "model" / "Dockerfile").read_text().splitlines() if "COPY" in line]
    assert copied
    assert {"pyproject.toml", "requirements/model.txt", "scripts/setup.py", "model/Dockerfile"} <= found
    assert "model/bundles/starter/weights.safetensors" in found
    assert not [name for name in found if name.startswith(("tests/", "lambdas/", ".git", ".venv"))]
    assert image_source.build() == source


# --- The custom resource's Lambda, with a real HTTP server in the place of CloudFormation ---


@pytest.fixture
def cloudformation() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A response URL, and the list of responses sent to it."""
    answers: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            answers.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/answer", answers
    server.shutdown()
    server.server_close()
    thread.join()


def _request(url: str, kind: str = "Create") -> dict[str, Any]:
    return {
        "RequestType": kind,
        "ResponseURL": url,
        "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/x/1",
        "RequestId": "r-1",
        "LogicalResourceId": "EngineImage",
        "PhysicalResourceId": "abc-cpu",
        "ResourceProperties": {"Tag": "abc-cpu"},
    }


BUILD = "arn:aws:codebuild:eu-west-1:123456789012:build/engine:1"


class Builds:
    """Fake of CodeBuild that returns the environment variables of a build."""

    def __init__(self, url: str | None) -> None:
        carried = (
            {}
            if url is None
            else {f"{handler.PREFIX}{name}": _request(url)[name] for name in handler.REQUEST_PROPERTIES}
        )
        self._variables = [{"name": n, "value": v} for n, v in {**carried, "TAG": "abc-cpu"}.items()]

    def batch_get_builds(self, *, ids: list[str]) -> dict[str, Any]:
        assert ids == [BUILD]
        return {"builds": [{"environment": {"environmentVariables": self._variables}}]}


def _ended(url: str | None, status: str) -> dict[str, Any]:
    """Return CodeBuild's event about the end of a build that `start` started."""
    carried = (
        {} if url is None else {f"{handler.PREFIX}{name}": _request(url)[name] for name in handler.REQUEST_PROPERTIES}
    )
    variables = [{"name": n, "value": v, "type": "PLAINTEXT"} for n, v in {**carried, "TAG": "abc-cpu"}.items()]
    return {
        "source": "aws.codebuild",
        "detail": {
            "build-id": BUILD,
            "build-status": status,
            "additional-information": {
                "environment": {"environment-variables": variables},
                "logs": {"deep-link": "https://console/log"},
            },
        },
    }


def test_a_build_that_ends_answers_the_request_that_started_it(
    cloudformation: tuple[str, list[dict[str, Any]]],
) -> None:
    url, answers = cloudformation
    handler.handler(_ended(url, "SUCCEEDED"), None)
    (answer,) = answers
    assert (answer["Status"], answer["PhysicalResourceId"], answer["RequestId"]) == ("SUCCESS", "abc-cpu", "r-1")
    assert answer["LogicalResourceId"] == "EngineImage"


@pytest.mark.parametrize("status", ["FAILED", "STOPPED", "TIMED_OUT", "FAULT"])
def test_a_failed_build_is_reported_with_its_log(status: str, cloudformation: tuple[str, list[dict[str, Any]]]) -> None:
    url, answers = cloudformation
    handler.handler(_ended(url, status), None)
    (answer,) = answers
    assert answer["Status"] == "FAILED"
    assert status in answer["Reason"] and "https://console/log" in answer["Reason"]


def test_a_build_that_was_started_manually_sends_no_response(
    cloudformation: tuple[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boto3, "client", {"codebuild": Builds(None)}.__getitem__)
    handler.handler(_ended(None, "SUCCEEDED"), None)
    assert cloudformation[1] == []


def test_a_build_whose_event_holds_no_variables_answers_its_request(
    cloudformation: tuple[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise CloudFormation would wait for an hour and fail."""
    url, answers = cloudformation
    monkeypatch.setattr(boto3, "client", {"codebuild": Builds(url)}.__getitem__)
    event = _ended(None, "SUCCEEDED")
    event["detail"]["additional-information"]["environment"]["environment-variables"] = []
    handler.handler(event, None)
    (answer,) = answers
    assert (answer["Status"], answer["PhysicalResourceId"], answer["RequestId"]) == ("SUCCESS", "abc-cpu", "r-1")


def test_the_builder_may_read_the_builds_of_its_project(prod: Stage) -> None:
    (project,) = prod.resources("AWS::CodeBuild::Project")
    allowed = [s for _, s in prod.statements() if "codebuild:BatchGetBuilds" in s["Action"]]
    assert any(project in references(s["Resource"]) for s in allowed)


def test_images_are_kept_when_the_stack_is_deleted(cloudformation: tuple[str, list[dict[str, Any]]]) -> None:
    url, answers = cloudformation
    handler.handler(_request(url, "Delete"), None)
    assert [answer["Status"] for answer in answers] == ["SUCCESS"]


def test_a_build_that_cannot_be_started_is_reported_at_once(
    cloudformation: tuple[str, list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise CloudFormation would wait for an hour. Nothing listens at the endpoint configured for CodeBuild."""
    for name, value in {
        "PROJECT": "p", "REPOSITORY": "engine", "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    url, answers = cloudformation
    handler.handler(_request(url), None)
    (answer,) = answers
    assert answer["Status"] == "FAILED"
    assert "could not be started" in answer["Reason"]


@pytest.fixture
def build_account(moto_account: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Client of CodeBuild in a moto account with the project and the registry."""
    monkeypatch.setenv("PROJECT", "engine")
    monkeypatch.setenv("REPOSITORY", "engine")
    moto_account.client("ecr").create_repository(repositoryName="engine")
    client = moto_account.client("codebuild")
    client.create_project(
        name="engine",
        source={"type": "S3", "location": "bucket/source.zip"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "x", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole="arn:aws:iam::123456789012:role/service-role/engine",
    )
    return client


def test_the_request_travels_with_the_build(build_account: Any) -> None:
    """`start` puts the request into the environment of a build, in moto's CodeBuild."""
    handler.handler(_request("http://127.0.0.1:9/answer"), None)
    assert build_account.list_builds_for_project(projectName="engine")["ids"]


@pytest.mark.parametrize("kind", ["Create", "Update"])
def test_an_image_that_exists_is_not_built_again(
    kind: str, build_account: Any, cloudformation: tuple[str, list[dict[str, Any]]]
) -> None:
    """A rollback requests an earlier tag, a retry its own; a build could push neither, since tags are immutable."""
    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.docker.distribution.manifest.v2+json"}
    boto3.client("ecr").put_image(repositoryName="engine", imageManifest=json.dumps(manifest), imageTag="abc-cpu")
    url, answers = cloudformation
    handler.handler(_request(url, kind), None)
    (answer,) = answers
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "abc-cpu")
    assert build_account.list_builds_for_project(projectName="engine")["ids"] == []


def test_the_builder_may_read_the_images_of_its_repository(prod: Stage) -> None:
    (builder,) = (f for f in prod.resources("AWS::Lambda::Function").values() if f["Handler"] == "handler.handler")
    (repository,) = prod.resources("AWS::ECR::Repository")
    assert builder["Environment"]["Variables"]["REPOSITORY"] == {"Ref": repository}
    (role,) = references(builder["Role"])
    policies = prod.resources("AWS::IAM::Policy").values()
    allowed = [
        statement
        for policy in policies
        if role in references(policy["Roles"])
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    assert any(s["Action"] == "ecr:DescribeImages" and repository in references(s["Resource"]) for s in allowed)


FAKE = """#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
case "$1 $2" in
  "ecr describe-images") exit "$MISSING" ;;
  "push "*) exit "$REFUSED" ;;
esac
"""


def _built(prod: Stage, folder: Path, *, exists: bool) -> tuple[int, list[str]]:
    """Run the build's commands as CodeBuild does, until one fails; return the last exit code and the recorded calls.

    `aws` and `docker` are replaced with programs that record their calls. As in the registry, a push succeeds only if
    its tag does not exist.
    """
    for name in ("aws", "docker"):
        (folder / name).write_text(FAKE)
        (folder / name).chmod(0o755)
    calls = folder / "calls"
    calls.touch()
    missing, refused = ("0", "1") if exists else ("1", "0")
    environment = {
        "PATH": f"{folder}:/usr/bin:/bin", "CALLS": str(calls), "MISSING": missing, "REFUSED": refused,
        "REPOSITORY": "engine", "URI": "123.dkr.ecr.eu-west-1.amazonaws.com/engine", "TAG": "abc-cpu",
        "TORCH": "cpu",
    }  # fmt: skip
    spec = json.loads(_only(prod, "AWS::CodeBuild::Project")["Source"]["BuildSpec"])
    status = 0
    for command in spec["phases"]["build"]["commands"]:
        status = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, check=False).returncode
        if status:
            break
    return status, calls.read_text().splitlines()


def test_a_build_of_an_existing_tag_succeeds_without_a_push(prod: Stage, tmp_path: Path) -> None:
    status, calls = _built(prod, tmp_path, exists=True)
    assert status == 0
    assert not [call for call in calls if call.startswith("docker")]


def test_a_build_of_a_new_tag_pushes_it(prod: Stage, tmp_path: Path) -> None:
    status, calls = _built(prod, tmp_path, exists=False)
    assert status == 0
    assert calls[-1] == "docker push 123.dkr.ecr.eu-west-1.amazonaws.com/engine:abc-cpu"
    assert any(call.startswith("docker build ") for call in calls)


def test_images_have_one_base_pinned_by_digest() -> None:
    """A tag can be moved to other content; a digest cannot."""
    bases = {
        re.search(r"^ARG BASE=(\S+)\nFROM \$\{BASE\}$", (ROOT / folder / "Dockerfile").read_text(), re.MULTILINE)
        for folder in ("model", "training")
    }
    names = {base[1] if base else "" for base in bases}
    assert len(names) == 1
    assert re.fullmatch(r"public\.ecr\.aws/docker/library/python:3\.11-slim@sha256:[0-9a-f]{64}", names.pop())


def test_instances_with_and_without_a_gpu_are_distinguished() -> None:
    assert StageConfig(instance_type="ml.g6.xlarge").has_gpu and not StageConfig().has_gpu
