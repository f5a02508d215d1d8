"""Fixtures of the launch tests: an AWS account in a separate moto server, which records all requests."""

import base64
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError

import boto3
import pytest

from bench.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
REGION, BUCKET = "eu-west-1", "training-bucket"
IMAGE = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/video-sentiment-training:latest"
FOLDERS = ("faces", "voices")  # of the recipe's corpora
# Runs the command line, then waits for the SDK's telemetry thread, which the end of the process would cut off.
SCRIPT = """
import sys, threading
from training.launch import main
sys.argv[0] = "training.launch"
try:
    main()
finally:
    for thread in threading.enumerate():
        if thread.name == "sagemaker-telemetry":
            thread.join(20)
"""
TIMEOUT = 60.0  # seconds; only reached by a failing test


class Account:
    """The moto server: client settings, and the requests that it recorded."""

    def __init__(self, port: int, recording: Path) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"
        self._recording = recording
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(recording.parent),  # without the developer's own AWS configuration
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAGEMAKER_VALIDATE_ROLE": "false",  # moto simulates no policies
            "NO_PROXY": "127.0.0.1",
            "COLUMNS": "200",
        }

    def client(self, service: str) -> Any:
        return boto3.client(
            service, region_name=REGION, endpoint_url=self.endpoint,
            aws_access_key_id="test", aws_secret_access_key="test",
        )  # fmt: skip

    def launch(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the command line in a separate process; variables with an empty value are removed."""
        variables = {k: v for k, v in (self.environment | environment).items() if v}
        command = [sys.executable, "-c", SCRIPT, *arguments]
        return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)

    def arrived(self, operation: str) -> list[dict[str, Any]]:
        """Return the bodies of the SageMaker requests of this operation, as received, in order."""
        entries = [json.loads(line) for line in self._recording.read_text().splitlines()]
        bodies = [e["body"] for e in entries if e["headers"].get("X-Amz-Target") == f"SageMaker.{operation}"]
        return [json.loads(base64.b64decode(body)) for body in bodies]

    def fetch(self, uri: str, folder: Path) -> Path:
        """Download the objects under an S3 URI to `folder`, as SageMaker does for an input channel."""
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        s3 = self.client("s3")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                target = folder / item["Key"].removeprefix(prefix).lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                s3.download_file(bucket, item["Key"], str(target))
        return folder


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    port = free_port()
    recording = tmp_path_factory.mktemp("moto") / "recording"
    recording.touch()
    variables = os.environ | {"MOTO_ENABLE_RECORDING": "1", "MOTO_RECORDER_FILEPATH": str(recording)}
    server = subprocess.Popen(
        [Path(sys.executable).parent / "moto_server", "-H", "127.0.0.1", "-p", str(port)],
        env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        account = Account(port, recording)
        wait_for(account.endpoint)
        account.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        for folder in FOLDERS:
            account.client("s3").put_object(Bucket=BUCKET, Key=f"corpora/{folder}/data", Body=b"data")
        account.client("iam").create_role(RoleName="TrainingRole", AssumeRolePolicyDocument="{}")
        yield account
    finally:
        server.terminate()
        server.wait(TIMEOUT)


def write_recipe(path: Path, licence: str = "Research only: it's small") -> Path:
    """Write a minimal recipe of two corpora and two modalities."""
    path.write_text(
        f'''
        name = "small"
        version = "0.1.0"
        licence = "{licence}"
        seed = 7
        [corpora.fer2013]
        folder = "faces"
        epochs = 1
        batch = 16
        [corpora.ravdess]
        folder = "voices"
        epochs = 30
        batch = 32
        [face]
        corpus = "fer2013"
        width = 32
        learning_rate = 3e-3
        head_learning_rate = 3e-3
        [audio]
        corpus = "ravdess"
        noise = 2.0
        learning_rate = 2e-3
        head_learning_rate = 2e-3
        '''
    )
    return path


@pytest.fixture(scope="session")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recipe(tmp_path_factory.mktemp("recipe") / "small.toml")


@pytest.fixture(scope="session")
def train_command(recipe: Path) -> tuple[str, ...]:
    """A `train` command with every option; appended options override these."""
    return (
        "train", "--data", f"s3://{BUCKET}/corpora", "--image", IMAGE, "--bucket", BUCKET, "--role", "TrainingRole",
        "--recipe", str(recipe), "--run", "trial", "--instance", "ml.g5.12xlarge", "--instances", "2",
        "--volume", "250", "--max-hours", "3", "--max-wait-hours", "7.5",
        "--tag", "team=speech", "--tag", "cost-center=a=b",
    )  # fmt: skip


def check_refused(done: subprocess.CompletedProcess[str], message: str) -> None:
    """Assert that the process printed one line with this message and exited with 2."""
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ") and message in line


def wait_for(address: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + TIMEOUT
    while True:
        try:
            opener.open(f"{address}/moto-api/", timeout=5).close()
            return
        except (URLError, ConnectionError):
            assert time.monotonic() < end, "moto did not start"
            time.sleep(0.1)
