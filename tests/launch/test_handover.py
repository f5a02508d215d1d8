"""Handover of a trained bundle to the model registry and the inference stack, after its validation."""

import io
import tarfile
from typing import Any

import pytest

from tests.launch.conftest import BUCKET, REGION, ROOT, Account, check_refused
from training.sagemaker.registry import CONTENT_TYPES

INFERENCE_IMAGE = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/video-sentiment:latest"
ROLE_ARN = "arn:aws:iam::123456789012:role/ServingRole"
BUNDLE = ROOT / "model" / "bundles" / "starter"


def pack(*names: str, under: str = "") -> bytes:
    """Return a model.tar.gz of these files of the starter bundle, as SageMaker packs /opt/ml/model."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        for name in names:
            archive.add(BUNDLE / name, f"{under}{name}")
    return packed.getvalue()


@pytest.fixture(scope="module")
def job(account: Account, train_command: tuple[str, ...]) -> dict[str, Any]:
    """A finished training job with its artefact in S3."""
    name = account.launch(*train_command).stdout.strip()
    found: dict[str, Any] = account.client("sagemaker").describe_training_job(TrainingJobName=name)
    put(
        account,
        found["ModelArtifacts"]["S3ModelArtifacts"],
        pack("MODEL_CARD.md", "config.json", "weights.safetensors"),
    )
    return found


@pytest.fixture(scope="module")
def package(account: Account, job: dict[str, Any]) -> str:
    """ARN of the model package version that was registered from the job's artefact."""
    done = account.launch("register", job["TrainingJobName"], "--image", INFERENCE_IMAGE, "--group", "bundles")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_status_prints_the_state_and_the_artefact(account: Account, job: dict[str, Any]) -> None:
    done = account.launch("status", job["TrainingJobName"])
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{job['TrainingJobName']}: Completed (Completed)\n")
    assert f"artefact  {job['ModelArtifacts']['S3ModelArtifacts']}" in done.stdout


def test_the_registered_version_is_the_jobs_bundle(account: Account, job: dict[str, Any], package: str) -> None:
    found = account.client("sagemaker").describe_model_package(ModelPackageName=package)
    assert found["ModelPackageGroupName"] == "bundles"
    assert found["ModelApprovalStatus"] == "PendingManualApproval"
    assert found["MetadataProperties"] == {"GeneratedBy": job["TrainingJobArn"]}
    (container,) = found["InferenceSpecification"]["Containers"]
    assert (container["Image"], container["ModelDataUrl"]) == (INFERENCE_IMAGE, artefact_of(job))
    assert found["InferenceSpecification"]["SupportedContentTypes"] == list(CONTENT_TYPES)
    properties = found["CustomerMetadataProperties"]
    assert properties["training_job"] == job["TrainingJobName"] and properties["run"] == "trial"
    assert properties["commit"]
    (metric,) = job["FinalMetricDataList"]  # moto invents one for every job
    assert properties[metric["MetricName"]] == f"{metric['Value']:.4f}"


def test_a_second_version_joins_the_group(account: Account, job: dict[str, Any], package: str) -> None:
    done = account.launch("register", artefact_of(job), "--image", INFERENCE_IMAGE, "--group", "bundles")
    assert done.returncode == 0, done.stderr
    assert package.endswith("/1") and done.stdout.strip() == f"{package[:-2]}/2"
    groups = account.client("sagemaker").list_model_package_groups(NameContains="bundles")
    assert len(groups["ModelPackageGroupSummaryList"]) == 1


def test_only_an_approved_version_is_handed_over(account: Account, job: dict[str, Any], package: str) -> None:
    check_refused(account.launch("deploy", package, "--stage", "prod"), "PendingManualApproval")
    account.client("sagemaker").update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")
    done = account.launch("deploy", package, "--stage", "prod")
    assert done.returncode == 0, done.stderr
    parameter = f"VideoSentiment-prod-Inference:ModelDataUrl={artefact_of(job)}"
    assert done.stdout == f"cdk deploy --all -c stage=prod --parameters {parameter}\n"
    assert account.client("sagemaker").list_models()["Models"] == [], "it only prints the command"


def test_a_model_is_created_on_request(account: Account, job: dict[str, Any]) -> None:
    done = account.launch(
        "deploy", artefact_of(job), "--create-model", "by-hand", "--image", INFERENCE_IMAGE, "--role", ROLE_ARN
    )
    assert done.returncode == 0, done.stderr
    assert f"ModelDataUrl={artefact_of(job)}" in done.stdout
    model = account.client("sagemaker").describe_model(ModelName="by-hand")
    assert model["PrimaryContainer"]["Image"] == INFERENCE_IMAGE
    assert model["PrimaryContainer"]["ModelDataUrl"] == artefact_of(job)
    assert model["ExecutionRoleArn"] == ROLE_ARN
    account.client("sagemaker").delete_model(ModelName="by-hand")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no artefact at"),
        (b"not a tar", "is not a model.tar.gz"),
        (pack("config.json", "MODEL_CARD.md"), "weights.safetensors is missing at its top level"),
        (pack("config.json", "MODEL_CARD.md", "weights.safetensors", under="starter/"), "is not a bundle"),
        (pack("weights.safetensors", "config.json", "MODEL_CARD.md")[:5000], "is not a model.tar.gz"),
    ],
)
@pytest.mark.parametrize("command", [("register", "--image", INFERENCE_IMAGE), ("deploy",)])
def test_an_invalid_bundle_is_refused(
    account: Account, command: tuple[str, ...], content: bytes | None, message: str
) -> None:
    uri = f"s3://{BUCKET}/spoilt/model.tar.gz"
    account.client("s3").delete_object(Bucket=BUCKET, Key="spoilt/model.tar.gz")
    if content is not None:
        put(account, uri, content)
    check_refused(account.launch(command[0], uri, *command[1:]), message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("status", "no-such-job"), "training job no-such-job: "),
        (("register", "no-such-job", "--image", INFERENCE_IMAGE), "training job no-such-job: "),
        (("deploy", f"arn:aws:sagemaker:{REGION}:123456789012:model-package/nothing/1"), "not found"),
        (("deploy", "no-such-job"), "neither a model package ARN nor an S3 address"),
        (("deploy", f"s3://{BUCKET}/a.tar.gz", "--create-model", "by-hand"), "--create-model needs --role"),
    ],
)
def test_a_missing_resource_is_reported_in_one_line(account: Account, arguments: tuple[str, ...], message: str) -> None:
    check_refused(account.launch(*arguments), message)


def artefact_of(job: dict[str, Any]) -> str:
    return str(job["ModelArtifacts"]["S3ModelArtifacts"])


def put(account: Account, uri: str, content: bytes) -> None:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    account.client("s3").put_object(Bucket=bucket, Key=key, Body=content)
