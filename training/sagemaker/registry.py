"""Registration of trained artefacts in the model registry, and deployment. Needs only boto3."""

import tarfile
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from model.contract import JSON_TYPE, MEDIA_TYPES
from training.sagemaker.job import PROJECT, LaunchError

BUNDLE_FILES = ("config.json", "weights.safetensors", "MODEL_CARD.md")
CONTENT_TYPES = (*MEDIA_TYPES, JSON_TYPE)
STACK = "VideoSentiment-{stage}-Inference"  # name of a stage's inference stack, as in stacks/config.py
STACK_PARAMETER = "ModelDataUrl"  # parameter of the inference stack: the artefact to serve
ABSENT = ("404", "NoSuchKey", "NoSuchBucket", "NotFound")


@dataclass(frozen=True)
class Artefact:
    """A trained bundle as `model.tar.gz` in S3, with its origin; fields are empty if unknown."""

    uri: str
    job: str = ""
    job_arn: str = ""
    run: str = ""
    commit: str = ""
    metrics: tuple[tuple[str, float], ...] = ()

    @property
    def properties(self) -> dict[str, str]:
        """Metadata that the registry shows with a version."""
        known = {"training_job": self.job, "run": self.run, "commit": self.commit}
        return {k: v for k, v in known.items() if v} | {name: f"{value:.4f}" for name, value in self.metrics}


@dataclass(frozen=True)
class Endpoint:
    """Serving container of a bundle (model/Dockerfile), and its role."""

    image: str
    role: str = ""


def find_artefact(sagemaker: Any, source: str) -> Artefact:
    """Return the artefact of a completed training job, or the one at an S3 address. Raises LaunchError."""
    if source.startswith("s3://"):
        return Artefact(source)
    job = describe_job(sagemaker, source)
    if job["TrainingJobStatus"] != "Completed":
        raise LaunchError(f"training job {source} is {job['TrainingJobStatus']}, so it has no artefact yet")
    tags = sagemaker.list_tags(ResourceArn=job["TrainingJobArn"]).get("Tags", [])
    known = {tag["Key"]: tag["Value"] for tag in tags}
    return Artefact(
        uri=job["ModelArtifacts"]["S3ModelArtifacts"],
        job=source,
        job_arn=job["TrainingJobArn"],
        run=known.get("run", ""),
        commit=known.get("commit", ""),
        metrics=tuple((m["MetricName"], m["Value"]) for m in job.get("FinalMetricDataList", [])),
    )


def describe_job(sagemaker: Any, name: str) -> dict[str, Any]:
    """Describe a training job. Raises LaunchError if it does not exist."""
    try:
        job: dict[str, Any] = sagemaker.describe_training_job(TrainingJobName=name)
    except ClientError as error:
        raise LaunchError(f"training job {name}: {error.response['Error']['Message']}") from error
    return job


def check_artefact(s3: Any, uri: str) -> None:
    """Raise LaunchError unless the object is a gzipped tar with a bundle's files at its top level.

    The object is streamed, without writing to disk, until all files are found.
    """
    place = urlsplit(uri)
    missing = set(BUNDLE_FILES)
    try:
        body = s3.get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))["Body"]
        with body, tarfile.open(fileobj=body, mode="r|gz") as archive:
            for member in archive:
                missing.discard(member.name.removeprefix("./"))
                if not missing:
                    return
    except ClientError as error:
        if error.response["Error"]["Code"] not in ABSENT:
            raise
        raise LaunchError(f"there is no artefact at {uri}") from error
    except (tarfile.TarError, EOFError, OSError) as error:
        raise LaunchError(f"{uri} is not a model.tar.gz: {error}") from error
    raise LaunchError(f"{uri} is not a bundle: {', '.join(sorted(missing))} is missing at its top level")


def register(sagemaker: Any, artefact: Artefact, endpoint: Endpoint, group: str = PROJECT) -> str:
    """Create a version in the model registry, pending manual approval; creates the group if needed. Returns the ARN."""
    _ensure_group(sagemaker, group)
    source = {"MetadataProperties": {"GeneratedBy": artefact.job_arn}} if artefact.job_arn else {}
    package = sagemaker.create_model_package(
        ModelPackageGroupName=group,
        ModelPackageDescription=f"Bundle of {artefact.job or artefact.uri}",
        InferenceSpecification={
            "Containers": [{"Image": endpoint.image, "ModelDataUrl": artefact.uri}],
            "SupportedContentTypes": list(CONTENT_TYPES),
            "SupportedResponseMIMETypes": [JSON_TYPE],
        },
        ModelApprovalStatus="PendingManualApproval",
        CustomerMetadataProperties=artefact.properties,
        **source,
    )
    return str(package["ModelPackageArn"])


def _ensure_group(sagemaker: Any, group: str) -> None:
    try:
        sagemaker.describe_model_package_group(ModelPackageGroupName=group)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("ValidationException", "ValidationError", "ResourceNotFound"):
            raise
        sagemaker.create_model_package_group(
            ModelPackageGroupName=group,
            ModelPackageGroupDescription="Bundles that predict emotion and sentiment of video",
            Tags=[{"Key": "project", "Value": PROJECT}],
        )


def approved_artefact(sagemaker: Any, package_arn: str) -> tuple[Artefact, Endpoint]:
    """Return artefact and image of a registered version. Raises LaunchError unless it is approved."""
    try:
        package = sagemaker.describe_model_package(ModelPackageName=package_arn)
    except ClientError as error:
        raise LaunchError(f"model package {package_arn}: {error.response['Error']['Message']}") from error
    if package["ModelApprovalStatus"] != "Approved":
        raise LaunchError(
            f"{package_arn} is {package['ModelApprovalStatus']}: read its model card, then approve it with "
            f"`aws sagemaker update-model-package --model-package-arn {package_arn} --model-approval-status Approved`"
        )
    container = package["InferenceSpecification"]["Containers"][0]
    return Artefact(container["ModelDataUrl"]), Endpoint(container["Image"])


def deploy_command(artefact: Artefact, stage: str) -> str:
    """Return the command that deploys an artefact to the inference stack.

    The parameter is qualified by the stack, as CloudFormation rejects it for stacks without such a parameter.
    """
    return (
        f"cdk deploy --all -c stage={stage} --parameters {STACK.format(stage=stage)}:{STACK_PARAMETER}={artefact.uri}"
    )


def create_model(sagemaker: Any, name: str, artefact: Artefact, endpoint: Endpoint) -> str:
    """Create a SageMaker Model of an artefact, for endpoints outside the stack. Returns its ARN."""
    model = sagemaker.create_model(
        ModelName=name,
        PrimaryContainer={"Image": endpoint.image, "ModelDataUrl": artefact.uri},
        ExecutionRoleArn=endpoint.role,
        Tags=[{"Key": "project", "Value": PROJECT}],
    )
    return str(model["ModelArn"])
