"""Train on SageMaker and hand the result over: `python -m training.launch train | status | register | deploy`.

The only module that imports the sagemaker SDK, and only for `train`. It runs in `.venv-launch` (created by
`python3 scripts/setup.py launch`). Exit codes: 0 success, 1 unexpected error, 2 usage or AWS error in one line.
"""

import json
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError

from training.sagemaker import cli
from training.sagemaker.account import check_s3_locations, connect
from training.sagemaker.cli import RegionOption
from training.sagemaker.job import (
    CHANNEL,
    CHECKPOINTS,
    ENTRY_SCRIPT,
    METRICS,
    PROJECT,
    REQUIREMENTS,
    ROOT,
    Job,
    LaunchError,
    stage_code,
)

FAILURE, BAD_INPUT, INTERRUPTED = 1, 2, 130
DEBUG_VARIABLE = "VIDEO_SENTIMENT_DEBUG"
PYTORCH = "pytorch"  # as --image: Amazon's container of this version (its torch is not the pinned one)
PYTORCH_VERSION, PYTORCH_PYTHON = "2.10", "py313"
# The SDK reports every call to Amazon by default.
SDK_CONFIG = {"SchemaVersion": "1.0", "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}}}

GUIDE = """Train the full bundle on SageMaker, and bring it to an endpoint.

All steps in order; docs/training.md explains each.

\b
1. Get MELD, 10.9 GB.
     python -m training.fetch meld --out corpora/meld
2. Prepare it once: check each clip, and decode it for the networks.
     python -m training.prepare --meld corpora/meld --cache
3. Upload it; it must contain the folder that the recipe names.
     aws s3 sync corpora s3://BUCKET/corpora
4. Build training/Dockerfile and push it to ECR, or take Amazon's image:
     --image pytorch
5. Print the request. Then send it, without --dry-run.
     export TRAINING_BUCKET=BUCKET TRAINING_ROLE=ROLE
     python -m training.launch train --data s3://BUCKET/corpora \\
         --image IMAGE --dry-run
6. Watch it. An interrupted spot job resumes from its checkpoints in S3.
     python -m training.launch status JOB
7. Register the model artifact, read its model card, then approve the version.
     python -m training.launch register JOB --image INFERENCE_IMAGE
     aws sagemaker update-model-package --model-package-arn ARN \\
         --model-approval-status Approved
8. Print the command that deploys it to the inference stack.
     python -m training.launch deploy ARN --stage STAGE

Steps 1 and 2 run in .venv, the others in .venv-launch. Credentials and region are those of the AWS CLI.
"""

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, help=GUIDE)


@app.command()
def train(
    data: Annotated[str, typer.Option(help="S3 address of the corpora; contains the folder that the recipe names.")],
    image: Annotated[str, typer.Option(help="Training image in ECR (training/Dockerfile), or `pytorch` for Amazon's.")],
    bucket: Annotated[str, typer.Option(help="Bucket for code, checkpoints and artefact.", envvar="TRAINING_BUCKET")],
    role: Annotated[
        str | None,
        typer.Option(
            help="IAM role of the job, name or ARN; reads the data, writes to the bucket.", envvar="TRAINING_ROLE"
        ),
    ] = None,
    recipe: Annotated[Path, typer.Option(help="Recipe to train from.", show_default="training/full.toml")] = ROOT
    / "training"
    / "full.toml",
    run: Annotated[
        str, typer.Option(help="Name of the run, used in job names and S3 paths; the recipe's by default.")
    ] = "",
    instance: Annotated[
        str, typer.Option(help="Instance type. All its GPUs are used (ml.g5.12xlarge has 4).")
    ] = "ml.g5.2xlarge",
    instances: Annotated[int, typer.Option(min=1, help="Number of instances.")] = 1,
    volume: Annotated[int, typer.Option(min=1, help="Disk of each instance in GB; must hold the data.")] = 100,
    spot: Annotated[
        bool, typer.Option("--spot/--on-demand", help="Spot capacity is much cheaper; interrupted jobs resume.")
    ] = True,
    max_hours: Annotated[float, typer.Option(min=0.02, help="Maximum training time, which is billed.")] = 12.0,
    max_wait_hours: Annotated[
        float, typer.Option(min=0.02, help="Spot only: maximum time, including waiting for capacity.")
    ] = 24.0,
    tag: Annotated[list[str] | None, typer.Option(help="Cost allocation tag as KEY=VALUE; may be repeated.")] = None,
    region: RegionOption = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Follow the job's log; exit with an error if the job fails.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the request as JSON; sends and uploads nothing, needs no account.")
    ] = False,
) -> None:
    """Start a training job, or with --dry-run print the CreateTrainingJob request.

    The job gets the code of this checkout, so a code change needs no new image. It trains from the recipe's file; its
    fields are also sent as hyperparameters, to be shown in the console. Prints the job's name for `status` and
    `register`.

    \b
    python -m training.launch train --data s3://my-bucket/corpora \\
        --bucket my-bucket --role TrainingRole --image pytorch --dry-run
    """  # noqa: D301  (click needs the backspace character)
    if not role:
        raise LaunchError(
            "no role: give --role NAME or set TRAINING_ROLE (docs/training.md lists the permissions it needs)"
        )
    job = Job(
        recipe, data, image, role, bucket, instance, run, instances, volume, spot,
        round(max_hours * 3600), round(max_wait_hours * 3600), _tags(tag or []),
    )  # fmt: skip
    account = connect(region, needs_credentials=not dry_run)
    if not dry_run:
        check_s3_locations(account, job)
    with tempfile.TemporaryDirectory() as folder:
        trainer = build_trainer(job, account, stage_code(job, Path(folder)), dry_run)
        if dry_run:
            typer.echo(json.dumps(request_of(trainer), indent=2, sort_keys=True))
            return
        trainer.train(wait=False, logs=False)
    started = trainer._latest_training_job
    typer.echo(started.training_job_name)
    if wait:
        started.wait(logs=True)


def _tags(pairs: Sequence[str]) -> dict[str, str]:
    for pair in pairs:
        if "=" not in pair.strip("="):
            raise LaunchError(f"tag {pair!r} is not KEY=VALUE")
    return {key: value for key, _, value in (pair.partition("=") for pair in pairs)}


for command in (cli.status, cli.register, cli.deploy):
    app.command()(command)


def build_trainer(job: Job, account: Any, code: Path, dry_run: bool) -> Any:
    """Create the SDK's ModelTrainer for a job whose code is at `code`. With `dry_run` its session uploads nothing."""
    sdk = _import_sdk()
    session = sdk.Session(
        boto_session=account, default_bucket=job.bucket, default_bucket_prefix=PROJECT, sagemaker_config=SDK_CONFIG
    )
    if dry_run:
        os.environ["SAGEMAKER_VALIDATE_ROLE"] = "false"
        session.default_bucket = lambda: job.bucket
        session.upload_data = _upload_address
    trainer = sdk.ModelTrainer(
        sagemaker_session=session,
        base_job_name=job.name,
        training_image=_image_uri(sdk, job, account.region_name),
        role=job.role,
        source_code=sdk.SourceCode(
            source_dir=str(code),
            entry_script=ENTRY_SCRIPT,
            requirements=REQUIREMENTS if job.image == PYTORCH else None,  # our image already has them
        ),
        distributed=sdk.Torchrun() if job.distributed else None,
        compute=sdk.Compute(
            instance_type=job.instance,
            instance_count=job.instances,
            volume_size_in_gb=job.volume,
            enable_managed_spot_training=job.spot,
        ),
        stopping_condition=sdk.StoppingCondition(
            max_runtime_in_seconds=job.max_run, max_wait_time_in_seconds=job.max_wait if job.spot else None
        ),
        checkpoint_config=sdk.CheckpointConfig(s3_uri=job.checkpoints, local_path=CHECKPOINTS),
        output_data_config=sdk.OutputDataConfig(s3_output_path=job.output, compression_type="GZIP"),
        input_data_config=[sdk.InputData(channel_name=CHANNEL, data_source=job.data)],
        hyperparameters=job.hyperparameters,
        environment=job.environment,
        tags=[sdk.Tag(key=key, value=value) for key, value in job.all_tags.items()],
    )
    return trainer.with_metric_definitions([sdk.MetricDefinition(name=n, regex=r) for n, r in METRICS.items()])


def _upload_address(path: str, bucket: str, key_prefix: str, **_: Any) -> str:  # noqa: ARG001  (passed by name)
    """Return the S3 address that the session's upload would return; replaces it in a dry run."""
    return f"s3://{bucket}/{key_prefix}"


def _import_sdk() -> SimpleNamespace:
    """Import the SDK lazily: the import takes seconds, and `--help` must work without it."""
    logging.getLogger("sagemaker").setLevel(logging.ERROR)
    try:
        from sagemaker.core import image_uris
        from sagemaker.core.helper.session_helper import Session
        from sagemaker.core.training import configs
        from sagemaker.train import ModelTrainer
        from sagemaker.train.distributed import Torchrun
    except ImportError as error:
        raise LaunchError(
            f"the sagemaker SDK is not installed ({error}): run `python3 scripts/setup.py launch` and use .venv-launch"
        ) from error
    return SimpleNamespace(
        **{name: getattr(configs, name) for name in configs.__all__},
        image_uris=image_uris, ModelTrainer=ModelTrainer, Session=Session, Torchrun=Torchrun,
    )  # fmt: skip


def _image_uri(sdk: SimpleNamespace, job: Job, region: str) -> str:
    """Return the image's address; `pytorch` resolves to Amazon's for this region and instance type."""
    if job.image != PYTORCH:
        return job.image
    uri: str = sdk.image_uris.retrieve(
        PYTORCH, region, version=PYTORCH_VERSION, py_version=PYTORCH_PYTHON,
        instance_type=job.instance, image_scope="training",
    )  # fmt: skip
    return uri


def request_of(trainer: Any) -> dict[str, Any]:
    """Return the CreateTrainingJob request that `trainer.train` would send, but for the time in the job's name."""
    request: dict[str, Any] = trainer._create_training_job_args(boto3=True)
    return request


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; expected errors are one line (a traceback with VIDEO_SENTIMENT_DEBUG=1)."""
    try:
        app(arguments)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except Exception as error:
        if os.environ.get(DEBUG_VARIABLE):
            raise
        from_sdk = type(error).__module__.startswith("sagemaker.")  # a failed job, an insufficient role
        expected = from_sdk or isinstance(error, LaunchError | BotoCoreError | ClientError | ValueError)
        typer.echo(f"error: {' '.join(str(error).split()) or type(error).__name__}", err=True)
        if not expected:
            typer.echo(f"This is a bug in video-sentiment. Set {DEBUG_VARIABLE}=1 for the traceback.", err=True)
        sys.exit(BAD_INPUT if expected else FAILURE)


if __name__ == "__main__":
    main()
