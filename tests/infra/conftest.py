"""Each stage is synthesised once a session."""

import json
import subprocess
from pathlib import Path

import pytest

from stacks import bundle
from tests.infra.synthesised import CDK, ROOT, Stage, bare_environment, synthesise

DROPPER = "arn:aws:iam::123456789012:role/video-producer"
ADAPTER = "http://127.0.0.1:4580"


@pytest.fixture(scope="session", autouse=True)
def bundles() -> dict[str, Path]:
    """The assets, built: from here on nothing needs the network."""
    return {name: bundle.build(name) for name in ("aws", "local")}


@pytest.fixture(scope="session")
def synth_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """`cdk synth -c stage=prod`, really, with no credentials and no network: where, and how it went."""
    home = tmp_path_factory.mktemp("prod")
    out = home / "cdk.out"
    context = {"stage": "prod", "dropPrincipals": json.dumps({"studio-1": DROPPER}), "alarmEmail": "ops@example.com"}
    options = [part for key, value in context.items() for part in ("-c", f"{key}={value}")]
    command: list[str | Path] = [CDK, "synth", "--quiet", "--no-notices", "--output", out, *options]
    run = subprocess.run(command, cwd=ROOT, env=bare_environment(home), capture_output=True, text=True, check=False)
    return out, run


@pytest.fixture(scope="session")
def prod(synth_run: tuple[Path, subprocess.CompletedProcess[str]]) -> Stage:
    out, run = synth_run
    assert run.returncode == 0, run.stdout + run.stderr
    return Stage.read(out)


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return synthesise(tmp_path_factory.mktemp("local") / "cdk.out", stage="local", sagemakerRuntimeUrl=ADAPTER)


@pytest.fixture(scope="session")
def gpu(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """A stage that differs from the first wherever it may."""
    return synthesise(
        tmp_path_factory.mktemp("gpu") / "cdk.out",
        stage="prod",
        acceptResearchLicence="true",
        instanceType="ml.g5.xlarge",
        workers="2",
        maxInstances="5",
        lambdaOverrides={"undo_seconds": "60"},
        domainName="video.example.com",
        certificateArn="arn:aws:acm:us-east-1:123456789012:certificate/1",
        senderEmail="hello@example.com",
    )
