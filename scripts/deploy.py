"""Deploy a stage to AWS: `python -m scripts.deploy --stage dev [--user you@example.com]`.

1. check the account (scripts.preflight)
2. build the Lambda bundle and the web app (CodeBuild builds the engine's image)
3. bootstrap CDK in the account and region, if needed
4. deploy the stacks: data, app, image, inference
5. upload the web app, its /config.json and the API reference, and invalidate the edge's cache
6. invite the first user, who gets an email with a temporary password

Every step can be repeated. Options after `--` are passed to `cdk deploy`, such as
`--parameters VideoSentiment-dev-Inference:ModelDataUrl=s3://...`.
"""

import json
import mimetypes
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import boto3
import typer
from botocore.exceptions import ClientError

from scripts.preflight import check_account, check_parameters
from scripts.stack_states import NEVER_DEPLOYED, check_throwaway, clean_up, empty_buckets, protect, states
from scripts.stage_outputs import DeployedError, check_stage, outputs, run
from stacks import lambda_bundle
from stacks.config import EDGE_REGION, ConfigError, StageConfig
from stacks.edge.site_config import site_config
from stacks.edge.site_files import BESIDE_REFERENCE, REFERENCE, ROOT, site_folder

CDK = ROOT / "node_modules" / ".bin" / "cdk"
BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"  # SSM parameter created by `cdk bootstrap`
IMMUTABLE = "_next/static/"  # file names there contain a hash of the content
CACHE_FOREVER, REVALIDATE = "public, max-age=31536000, immutable", "no-cache"
# SageMaker creates this log group with the account's first job, for all stages, so no stack can own it.
TRAINING_LOG, TRAINING_LOG_DAYS = "/aws/sagemaker/TrainingJobs", 90


@dataclass(frozen=True)
class File:
    """File of the site, with the metadata of its S3 object."""

    key: str
    body: bytes

    @property
    def content_type(self) -> str:
        kind = mimetypes.guess_type(self.key)[0] or "application/octet-stream"
        return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind

    @property
    def cache(self) -> str:
        return CACHE_FOREVER if self.key.startswith(IMMUTABLE) else REVALIDATE


def main(
    stage: Annotated[str, typer.Option(help="dev or prod (local: an emulator at AWS_ENDPOINT_URL).")] = "dev",
    context: Annotated[
        list[str] | None, typer.Option("-c", help="KEY=VALUE, a setting of stacks/config.py. Repeatable.")
    ] = None,
    user: Annotated[str, typer.Option(help="Email address of the first user.")] = "",
    site_only: Annotated[bool, typer.Option("--site-only", help="Only upload the web app.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for approval of changed permissions.")] = False,
    clean: Annotated[
        bool, typer.Option("--clean-up", help="Only delete stacks whose first deployment failed.")
    ] = False,
    destroy: Annotated[
        bool, typer.Option("--destroy", help="Delete a stage that was deployed with -c throwaway=true.")
    ] = False,
    cdk: Annotated[list[str] | None, typer.Argument(help="Options for `cdk deploy`, after a --.")] = None,
) -> None:
    """Deploy a stage. It is safe to run again."""
    check_stage(stage)
    given = ["stage=" + stage, *(context or [])]
    check_parameters(stage, cdk or [])
    config = StageConfig.from_context({**_lasting_context(), **_pairs(given)})
    account = _account()
    if clean:
        clean_up(config)
        return
    if destroy:
        _destroy(config, given, yes=yes)
        return
    if not (site_only or config.is_local):
        check_account(config)
    _build(stage)
    if not site_only:
        _bootstrap(account)
        if config.waf and not config.web_acl_arn:
            given.append(f"webAclArn={_web_acl(config, account, given, yes=yes)}")
        _deploy(config, deploy_options(given, cdk or [], yes=yes))
        if not config.is_local:
            limit_training_log(boto3.client("logs"))
    found = outputs(stage)
    _upload(stage, found)
    if user:
        _invite(found["UserPoolId"], user)
    typer.echo(
        f"\nready: {found['SiteUrl']}\nCreate an API key there, then run: make smoke URL={found['SiteUrl']} KEY=vs_..."
    )


def _pairs(given: list[str]) -> dict[str, str]:
    if wrong := [pair for pair in given if "=" not in pair]:
        raise ConfigError(f"-c must be KEY=VALUE, not {wrong[0]!r}")
    return dict(pair.split("=", 1) for pair in given)


def _lasting_context() -> dict[str, Any]:
    """Return the context of cdk.json, which applies to every deployment."""
    context: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text())["context"]
    return context


def _account() -> str:
    """Return `aws://ACCOUNT/REGION` of the current credentials. Raises DeployedError without a region."""
    session = boto3.Session()
    if session.region_name is None:
        raise DeployedError("no AWS region is configured: set AWS_REGION, or run `aws configure`")
    account = session.client("sts").get_caller_identity()["Account"]
    typer.echo(f"account {account}, region {session.region_name}")
    return f"aws://{account}/{session.region_name}"


def _build(stage: str) -> None:
    lambda_bundle.build("local" if stage == "local" else "aws")
    _run([sys.executable, ROOT / "frontend_site" / "scripts" / "build.py"], ROOT)
    if not CDK.exists():
        raise DeployedError("the CDK command line is not installed; run: npm ci")


def _bootstrap(account: str, session: Any = boto3) -> None:
    """Bootstrap CDK unless done, in an empty folder: in the checkout, CDK would also synthesize the stacks."""
    try:
        session.client("ssm").get_parameter(Name=BOOTSTRAP)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
        with tempfile.TemporaryDirectory() as empty:
            _run([CDK, "bootstrap", account], Path(empty))


def deploy_options(context: list[str], cdk: list[str], *, yes: bool) -> list[str]:
    """Return the options of `cdk deploy`; without `yes` it asks before permissions change, which needs a terminal."""
    approval = ["--require-approval", "never"] if yes else []
    return [*approval, *(part for pair in context for part in ("-c", pair)), *cdk]


def _web_acl(config: StageConfig, account: str, given: list[str], *, yes: bool) -> str:
    """Deploy the firewall's stack in its region; return the ARN of the web ACL."""
    name = config.stack_name("Edge")
    edge = boto3.Session(region_name=EDGE_REGION)
    _bootstrap(f"{account.rpartition('/')[0]}/{EDGE_REGION}", edge)
    _run([CDK, "deploy", name, "--exclusively", *deploy_options(given, [], yes=yes)], ROOT)
    (stack,) = edge.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return next(str(o["OutputValue"]) for o in stack["Outputs"] if o["OutputKey"] == "WebAclArn")


def _deploy(config: StageConfig, options: list[str]) -> None:
    """Deploy the stacks. Those of prod get termination protection once their first deployment has succeeded."""
    if not config.is_local:
        clean_up(config)
    if config.is_prod and (new := [part for part, status in states(config).items() if status in NEVER_DEPLOYED]):
        options = ["-c", f"unprotected={','.join(new)}", *options]
    try:
        _run([CDK, "deploy", "--all", *options], ROOT)
    finally:
        if config.is_prod:
            protect(config)


def _destroy(config: StageConfig, given: list[str], *, yes: bool) -> None:
    """Delete all stacks of a throwaway stage with their data. Raises DeployedError for any other stage."""
    if config.keeps_data:
        raise DeployedError(
            f"stage {config.stage} keeps its data; only a stage deployed with -c throwaway=true can be destroyed"
        )
    check_throwaway(config)
    if not yes:
        typer.confirm(f"Delete stage {config.stage} with all its data?", abort=True)
    clean_up(config)
    lambda_bundle.build("aws")
    for last in (False, True):  # twice, since access logs may still arrive after a bucket was emptied
        typer.echo(f"emptied {empty_buckets(config)} buckets")
        try:
            _run([CDK, "destroy", "--all", "--force", *deploy_options(given, [], yes=False)], ROOT)
            return
        except DeployedError:
            if last:
                raise


def limit_training_log(logs: Any) -> None:
    """Set a retention period for the log of training jobs, unless it has one."""
    found = logs.describe_log_groups(logGroupNamePrefix=TRAINING_LOG)["logGroups"]
    group = next((group for group in found if group["logGroupName"] == TRAINING_LOG), None)
    if group is None:
        logs.create_log_group(logGroupName=TRAINING_LOG)
    if group is None or "retentionInDays" not in group:
        logs.put_retention_policy(logGroupName=TRAINING_LOG, retentionInDays=TRAINING_LOG_DAYS)


def _run(command: list[str | Path], folder: Path) -> None:
    """Run a command with its output on the terminal. Raises DeployedError when it fails."""
    python = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = os.environ | {"PATH": python, "CDK_DISABLE_CLI_TELEMETRY": "true"}
    if subprocess.run(command, cwd=folder, env=environment, check=False).returncode != 0:
        raise DeployedError(f"`{' '.join(map(str, command[:2]))}` failed; see its output above")


def files(stage: str, found: dict[str, str], region: str) -> Iterator[File]:
    """Yield the files of the site's bucket: the web app, its configuration and the API reference."""
    folder = site_folder()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not path.name.startswith(".") and name != "csp.json":
            yield File(name, path.read_bytes())
    config = site_config(
        stage=stage,
        region=region,
        user_pool_id=found["UserPoolId"],
        user_pool_client_id=found["UserPoolClientId"],
    )
    yield File("config.json", json.dumps(config).encode())
    documents = {"docs/index.html": REFERENCE} | {f"docs/{path.name}": path for path in BESIDE_REFERENCE}
    yield from (File(name, path.read_bytes()) for name, path in documents.items() if path.is_file())


def _upload(stage: str, found: dict[str, str]) -> None:
    """Upload the site, remove files that it no longer has, and invalidate the edge's cache."""
    session = boto3.Session()
    s3 = session.client("s3")
    bucket = found["SiteBucket"]
    current = set()
    # Pages last, since their scripts must exist before them.
    for file in sorted(files(stage, found, str(session.region_name)), key=lambda f: (f.key.endswith(".html"), f.key)):
        current.add(file.key)
        s3.put_object(
            Bucket=bucket, Key=file.key, Body=file.body, ContentType=file.content_type, CacheControl=file.cache
        )
    # Scripts of earlier versions are kept, since their pages may still be open in browsers.
    stale = [key for key in _keys(s3, bucket) if key not in current and not key.startswith(IMMUTABLE)]
    for key in stale:
        s3.delete_object(Bucket=bucket, Key=key)
    typer.echo(f"site: {len(current)} files uploaded, {len(stale)} removed")
    if distribution := found.get("DistributionId"):
        paths = {"Quantity": 1, "Items": ["/*"]}
        batch = {"Paths": paths, "CallerReference": str(time.time_ns())}
        session.client("cloudfront").create_invalidation(DistributionId=distribution, InvalidationBatch=batch)


def _keys(s3: Any, bucket: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [item["Key"] for page in pages for item in page.get("Contents", [])]


def _invite(pool: str, email: str) -> None:
    """Create a user, who gets an email with a temporary password; an existing user is not changed."""
    cognito = boto3.client("cognito-idp")
    attributes = [{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}]
    try:
        cognito.admin_create_user(
            UserPoolId=pool, Username=email, UserAttributes=attributes, DesiredDeliveryMediums=["EMAIL"]
        )
        typer.echo(f"invited {email}: an email with a temporary password was sent; it is valid for three days")
    except cognito.exceptions.UsernameExistsException:
        typer.echo(f"{email} already has an account")


if __name__ == "__main__":
    run(lambda: typer.run(main))
