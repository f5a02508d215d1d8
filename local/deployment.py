"""Deployment of the stacks to the emulator by the real CDK command line, skipped when nothing has changed.

synthesize   writes the stacks as files, with the Lambda bundles; needs no emulator, so it runs in parallel to bootstrap
bootstrap    deploys the resources that CDK needs in an account
deploy       deploys the synthesized files
"""

import asyncio
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.emulator import aws_environment, client, enable_saving
from local.errors import LocalError
from local.processes import Child
from local.settings import ACCOUNT, REGION, ROOT, STAGE, LocalSettings
from stacks.config import API_STAGE

CDK = ROOT / "node_modules" / ".bin" / "cdk"
MINIMAL_NODE = 20
# Files of the checkout that determine the deployment, whose digest is compared to detect changes.
SOURCES = (
    *("app.py", "cdk.json", "package-lock.json", "requirements/api.txt", "stacks", "lambdas", "common"),
    *("model/__init__.py", "model/contract.py", "model/reports/formats.py"),
)
DATA, APP = (f"VideoSentiment-{STAGE}-{name}" for name in ("Data", "App"))
FINISHED = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


@dataclass(frozen=True)
class Outputs:
    """Outputs of the deployed stacks that the local processes need."""

    api_url: str
    user_pool_id: str
    user_pool_client_id: str
    media_bucket: str
    results_bucket: str
    success_topic: str
    error_topic: str


def fingerprint(settings: LocalSettings) -> str:
    """Return a digest of everything that determines what would be deployed."""
    digest = hashlib.sha256(repr((sorted(context(settings).items()), sys.version, platform.machine())).encode())
    for path in _source_files():
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _source_files() -> Iterator[Path]:
    for name in SOURCES:
        path = ROOT / name
        found = [path] if path.is_file() else sorted(path.rglob("*"))
        yield from (file for file in found if file.is_file() and "__pycache__" not in file.parts)


def context(settings: LocalSettings) -> dict[str, str]:
    """Return the CDK context of a local deployment: stage, public URL and the operator's own values."""
    added = dict(pair.partition("=")[::2] for pair in settings.context)
    return {"stage": STAGE, "publicUrl": settings.web_url} | added


class Deployment:
    """Stacks of one product in the emulator."""

    def __init__(self, settings: LocalSettings) -> None:
        self._settings = settings
        self._assembly = settings.state / "cdk.out"
        self._done = settings.state / "deployed"
        self._digest = ""

    def is_current(self) -> bool:
        """Return True when the emulator has the current stacks."""
        try:
            if self._done.read_text() != fingerprint(self._settings):
                return False
            return all(self._state(stack) in FINISHED for stack in (DATA, APP))
        except FileNotFoundError:
            return False

    async def synthesize(self) -> None:
        """Write the stacks and their assets to the state folder. Raises LocalError."""
        check_tools()
        self._digest = fingerprint(self._settings)  # before the synthesis, during which the sources may change
        shutil.rmtree(self._assembly, ignore_errors=True)
        await self._cdk("synth", "--quiet", "--output", self._assembly, *_options(context(self._settings)), cwd=ROOT)

    async def bootstrap(self) -> None:
        """Deploy the resources that CDK needs in an account. Raises LocalError."""
        check_tools()
        # In an empty folder: in the checkout, CDK would also synthesize the stacks, without bundles.
        empty = self._settings.state / "bootstrap"
        empty.mkdir(parents=True, exist_ok=True)
        await self._cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}", cwd=empty)
        if self._settings.enforce_iam:
            # The bucket's policy denies requests without TLS, which the emulator does not support.
            bucket = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
            await asyncio.to_thread(client(self._settings, "s3").delete_bucket_policy, Bucket=bucket)

    async def deploy(self) -> None:
        """Deploy the synthesized stacks, make the emulator save them, record their fingerprint. Raises LocalError."""
        self._done.unlink(missing_ok=True)
        await self._cdk("deploy", "--app", self._assembly, "--all", "--require-approval", "never", cwd=ROOT)
        await enable_saving(self._settings)
        self._done.write_text(self._digest)

    async def wait_for_data_stack(self) -> None:
        """Wait until the stack with the buckets is deployed."""
        while self._state(DATA) not in FINISHED:
            await asyncio.sleep(0.5)

    def outputs(self, *stacks: str) -> dict[str, str]:
        """Return the outputs of deployed stacks, by key."""
        cloudformation = client(self._settings, "cloudformation")
        found: dict[str, str] = {}
        for stack in stacks:
            described = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
            found |= {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
        return found

    def all_outputs(self) -> Outputs:
        """Return the outputs of all stacks. Raises LocalError when one is missing."""
        found = self.outputs(DATA, APP)
        try:
            return Outputs(
                # The output ApiUrl is AWS's URL; the emulator serves APIs under its own.
                api_url=f"{self._settings.emulator_url}/_aws/execute-api/{found['ApiId']}/{API_STAGE}",
                user_pool_id=found["UserPoolId"],
                user_pool_client_id=found["UserPoolClientId"],
                media_bucket=found["MediaBucket"],
                results_bucket=found["ResultsBucket"],
                success_topic=found["SuccessTopicArn"],
                error_topic=found["ErrorTopicArn"],
            )
        except KeyError as error:
            raise LocalError(
                f"the deployed stacks have no output {error.args[0]}, only {', '.join(sorted(found))}"
            ) from error

    def _state(self, stack: str) -> str:
        try:
            described = client(self._settings, "cloudformation").describe_stacks(StackName=stack)["Stacks"]
            return str(described[0]["StackStatus"]) if described else ""
        except ClientError:
            return ""

    async def _cdk(self, command: str, *arguments: str | Path, cwd: Path) -> None:
        """Run the CDK command line against the emulator. Raises LocalError when it fails."""
        log = self._settings.log(f"cdk-{command}")
        log.unlink(missing_ok=True)
        child = await Child.start(
            f"cdk {command}",
            [CDK, command, "--ci", "--no-notices", *arguments],
            environment=_environment(self._settings),
            log=log,
            cwd=cwd,
        )
        await child.wait_for_success()


def _options(values: dict[str, str]) -> list[str]:
    return [part for name, value in values.items() for part in ("-c", f"{name}={value}")]


def _environment(settings: LocalSettings) -> dict[str, str]:
    """Return CDK's environment: the emulator as AWS, this Python first on PATH, none of the user's AWS settings."""
    kept: dict[str, Any] = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    python = Path(sys.executable).parent
    return (
        kept
        | aws_environment(settings)
        | {
            "PATH": f"{python}:{os.environ.get('PATH', '/usr/bin:/bin')}",
            "CDK_DEFAULT_ACCOUNT": ACCOUNT,
            "CDK_DEFAULT_REGION": REGION,
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            # CDK must not read the user's own profiles.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
    )


def check_tools() -> None:
    """Raise LocalError when Node.js or the CDK command line is missing or too old."""
    node = shutil.which("node")
    if node is None:
        raise LocalError(f"Node.js {MINIMAL_NODE} or newer is required but not installed; see https://nodejs.org")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    major = version.removeprefix("v").partition(".")[0]
    if not major.isdigit() or int(major) < MINIMAL_NODE:
        raise LocalError(f"Node.js {MINIMAL_NODE} or newer is required; this is {version or node}")
    if not CDK.exists():
        raise LocalError("the CDK command line is not installed; run: npm ci")
