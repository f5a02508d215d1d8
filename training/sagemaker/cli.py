"""Commands for after training: a job's state, registering its artefact, deploying a registered version.

The commands `status`, `register` and `deploy` of `python -m training.launch`; what they do is in `registry`.
"""

from typing import Annotated

import typer

from training.sagemaker import registry
from training.sagemaker.account import connect
from training.sagemaker.job import PROJECT, LaunchError
from training.sagemaker.registry import Artefact, Endpoint, approved_artefact, check_artefact, find_artefact

RegionOption = Annotated[str | None, typer.Option(help="AWS region; else the profile's.", show_default=False)]


def status(
    job: Annotated[str, typer.Argument(help="Name of a training job.")],
    region: RegionOption = None,
) -> None:
    """Show a training job: its state, its last metrics, what spot saved, and its artefact when it is done."""
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
    image: Annotated[str, typer.Option(help="Inference image in ECR (model/Dockerfile) that will serve it.")],
    group: Annotated[str, typer.Option(help="Model package group; made if it is not there.")] = PROJECT,
    region: RegionOption = None,
) -> None:
    """Put a trained bundle into the model registry, as a version that waits for approval; prints its ARN.

    The artefact is read first: a tar without the bundle's files at its top would make an endpoint that cannot start.
    """
    account = connect(region)
    artefact = find_artefact(account.client("sagemaker"), source)
    check_artefact(account.client("s3"), artefact.uri)
    typer.echo(registry.register(account.client("sagemaker"), artefact, Endpoint(image), group))


def deploy(
    source: Annotated[str, typer.Argument(help="ARN of an approved model package, or s3://.../model.tar.gz.")],
    stage: Annotated[str, typer.Option(help="Stage of the inference stack.")] = "dev",
    model: Annotated[
        str, typer.Option("--create-model", help="Also make a SageMaker Model of this name (needs --role).")
    ] = "",
    image: Annotated[str, typer.Option(help="With --create-model and an S3 address: the inference image.")] = "",
    role: Annotated[str, typer.Option(help="With --create-model: ARN of the role that the container runs as.")] = "",
    region: RegionOption = None,
) -> None:
    """Print the command that hands an artefact to the inference stack. Changes nothing itself.

    The stack owns the endpoint; this only tells it which model.tar.gz to serve, after making sure that it is one
    and, for a registered version, that it was approved.
    """
    account = connect(region)
    sagemaker = account.client("sagemaker")
    registered = source.startswith("arn:")
    artefact, endpoint = approved_artefact(sagemaker, source) if registered else (Artefact(source), Endpoint(image))
    if not artefact.uri.startswith("s3://"):
        raise LaunchError(f"{source} is neither the ARN of a model package nor an S3 address")
    if model and not (endpoint.image and role):
        raise LaunchError("--create-model needs --role, and --image where the artefact is given by its S3 address")
    check_artefact(account.client("s3"), artefact.uri)
    if model:
        typer.echo(registry.create_model(sagemaker, model, artefact, Endpoint(endpoint.image, role)), err=True)
    typer.echo(registry.deploy_command(artefact, stage))
