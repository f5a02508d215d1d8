"""Commands that follow a training job: its status, registration of its artefact, deployment.

They are `status`, `register` and `deploy` of `python -m training.launch`; `registry` implements them.
"""

from typing import Annotated

import typer

from training.sagemaker import registry
from training.sagemaker.account import connect
from training.sagemaker.job import PROJECT, LaunchError
from training.sagemaker.registry import Artefact, Endpoint, approved_artefact, check_artefact, find_artefact

RegionOption = Annotated[str | None, typer.Option(help="AWS region; the profile's by default.", show_default=False)]


def status(
    job: Annotated[str, typer.Argument(help="Name of a training job.")],
    region: RegionOption = None,
) -> None:
    """Show a training job: status, last metrics, spot savings, and its artefact once it is completed."""
    found = registry.describe_job(connect(region).client("sagemaker"), job)
    typer.echo(f"{job}: {found['TrainingJobStatus']} ({found['SecondaryStatus']})")
    if reason := found.get("FailureReason"):
        typer.echo(f"reason    {reason}")
    for metric in found.get("FinalMetricDataList", []):
        typer.echo(f"{metric['MetricName']:<25} {metric['Value']:.4f}")
    trained, billed = found.get("TrainingTimeInSeconds"), found.get("BillableTimeInSeconds")
    if trained and billed is not None:
        typer.echo(f"trained {trained} s, billed {billed} s: saved {1 - billed / trained:.0%}")
    if found["TrainingJobStatus"] == "Completed":
        typer.echo(f"artefact  {found['ModelArtifacts']['S3ModelArtifacts']}")


def register(
    source: Annotated[str, typer.Argument(help="Name of a finished training job, or s3://.../model.tar.gz.")],
    image: Annotated[str, typer.Option(help="Inference image in ECR (model/Dockerfile).")],
    group: Annotated[str, typer.Option(help="Model package group; created if it does not exist.")] = PROJECT,
    region: RegionOption = None,
) -> None:
    """Add a trained bundle to the model registry, as a version pending approval; print its ARN.

    The artefact is checked first: an endpoint could not start from a tar without a bundle's files at its top level.
    """
    account = connect(region)
    artefact = find_artefact(account.client("sagemaker"), source)
    check_artefact(account.client("s3"), artefact.uri)
    typer.echo(registry.register(account.client("sagemaker"), artefact, Endpoint(image), group))


def deploy(
    source: Annotated[str, typer.Argument(help="ARN of an approved model package, or s3://.../model.tar.gz.")],
    stage: Annotated[str, typer.Option(help="Stage of the inference stack.")] = "dev",
    model: Annotated[
        str, typer.Option("--create-model", help="Also create a SageMaker Model of this name (needs --role).")
    ] = "",
    image: Annotated[str, typer.Option(help="Inference image, for --create-model with an S3 address.")] = "",
    role: Annotated[str, typer.Option(help="ARN of the container's role, for --create-model.")] = "",
    region: RegionOption = None,
) -> None:
    """Print the command that deploys an artefact to the inference stack. Changes nothing.

    The stack owns the endpoint. The artefact is checked first, and a registered version must be approved.
    """
    account = connect(region)
    sagemaker = account.client("sagemaker")
    registered = source.startswith("arn:")
    artefact, endpoint = approved_artefact(sagemaker, source) if registered else (Artefact(source), Endpoint(image))
    if not artefact.uri.startswith("s3://"):
        raise LaunchError(f"{source} is neither a model package ARN nor an S3 address")
    if model and not (endpoint.image and role):
        raise LaunchError("--create-model needs --role, and --image if the artefact is an S3 address")
    check_artefact(account.client("s3"), artefact.uri)
    if model:
        typer.echo(registry.create_model(sagemaker, model, artefact, Endpoint(endpoint.image, role)), err=True)
    typer.echo(registry.deploy_command(artefact, stage))
