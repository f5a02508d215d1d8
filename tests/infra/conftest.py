"""Fixtures of synthesized stages: each is synthesized once per session, two at a time."""

import json
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest

from stacks import lambda_bundle
from tests.infra.synthesized import CDK, ROOT, Stage, bare_environment, synthesize

DROPPER = "arn:aws:iam::123456789012:role/video-producer"
PROD = {"stage": "prod", "dropPrincipals": json.dumps({"studio-1": DROPPER}), "alarmEmail": "ops@example.com"}
LOCAL = {"stage": "local"}
KEYED = {**PROD, "customerKey": "true", "canaryHours": "24"}
GPU = {  # differs from PROD in every option possible
    "stage": "prod",
    "acceptResearchLicence": "true",
    "instanceType": "ml.g5.xlarge",
    "workers": "2",
    "webhookConcurrency": "0",
    "maxInstances": "5",
    "monthlyBudget": "0",
    "lambdaOverrides": {"undo_seconds": "60"},
    "domainName": "video.example.com",
    "certificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1",
    "senderEmail": "hello@example.com",
    "hstsSubdomains": "true",
    "backups": "false",
    "canaryHours": "24",
    "waf": "true",
    "webAclArn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/ours/1",
    "dropPrincipals": {"studio-1": DROPPER, "studio1": DROPPER},
}

Run = tuple[Path, subprocess.CompletedProcess[str]]


def _by_command_line(home: Path) -> Run:
    """Run `cdk synth -c stage=prod` without credentials or network; return the output folder and the process."""
    out = home / "cdk.out"
    options = [part for key, value in PROD.items() for part in ("-c", f"{key}={value}")]
    command: list[str | Path] = [CDK, "synth", "--quiet", "--no-notices", "--output", out, *options]
    run = subprocess.run(command, cwd=ROOT, env=bare_environment(home), capture_output=True, text=True, check=False)
    return out, run


@pytest.fixture(scope="session", autouse=True)
def bundles() -> dict[str, Path]:
    """The built Lambda bundles; after this, nothing needs the network."""
    return {name: lambda_bundle.build(name) for name in ("aws", "local")}


@pytest.fixture(scope="session")
def started(bundles: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Any]]]:
    """Futures of all stages, two of which are synthesized at a time, each in its own process."""
    assert bundles
    jobs: dict[str, Callable[[], Any]] = {
        "prod": partial(_by_command_line, tmp_path_factory.mktemp("prod")),
        "gpu": partial(synthesize, tmp_path_factory.mktemp("gpu") / "cdk.out", **GPU),
        "keyed": partial(synthesize, tmp_path_factory.mktemp("keyed") / "cdk.out", **KEYED),
        "local": partial(synthesize, tmp_path_factory.mktemp("local") / "cdk.out", **LOCAL),
    }
    with ThreadPoolExecutor(2) as pool:
        yield {name: pool.submit(job) for name, job in jobs.items()}


@pytest.fixture(scope="session")
def synth_run(started: dict[str, Future[Any]]) -> Run:
    found: Run = started["prod"].result()
    return found


@pytest.fixture(scope="session")
def prod(synth_run: Run) -> Stage:
    out, run = synth_run
    assert run.returncode == 0, run.stdout + run.stderr
    return Stage.read(out)


@pytest.fixture(scope="session")
def local(started: dict[str, Future[Any]]) -> Stage:
    found: Stage = started["local"].result()
    return found


@pytest.fixture(scope="session")
def gpu(started: dict[str, Future[Any]]) -> Stage:
    """Stage prod with every option different from `prod`."""
    found: Stage = started["gpu"].result()
    return found


@pytest.fixture(scope="session")
def keyed(started: dict[str, Future[Any]]) -> Stage:
    """Stage prod with its own encryption key."""
    found: Stage = started["keyed"].result()
    return found


@pytest.fixture
def moto_account(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """An empty AWS account in moto; yields a session in eu-west-1, also the region of the default session."""
    from moto import mock_aws

    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with mock_aws():
        yield boto3.Session()
