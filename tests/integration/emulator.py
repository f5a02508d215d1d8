"""An AWS emulator for the tests of a session: a process of its own on a free port, with nothing of our environment."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config

from bench.ports import free_port

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-local" / "bin" / "python"
REGION = "eu-central-1"
PATIENCE = 30.0  # seconds until it answers; it takes one
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


class Emulator:
    """The address of a running emulator, and what makes any AWS SDK speak to it and to nothing else."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.environment = {
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str) -> Any:
        """A client of its own, whatever the environment says."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            config=Config(signature_version="s3v4") if service == "s3" else None,
        )

    def reset(self) -> None:
        """Forget everything."""
        httpx.post(f"{self.url}/_ministack/reset", timeout=30, trust_env=False).raise_for_status()


@contextmanager
def running(folder: Path, **environment: str) -> Iterator[Emulator]:
    """An emulator, stopped afterwards. `environment`: more of it, such as AUTH="true"."""
    port = free_port()
    clean = {
        "PATH": os.defpath,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        "LOG_LEVEL": "WARNING",
        **environment,
    }
    emulator = Emulator(f"http://127.0.0.1:{port}")
    with (folder / "emulator.log").open("wb") as log:
        process = subprocess.Popen([PYTHON, "-m", "ministack"], env=clean, cwd=folder, stdout=log, stderr=log)
    try:
        _wait(emulator, process, folder)
        yield emulator
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(emulator: Emulator, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            httpx.get(f"{emulator.url}/_ministack/health", timeout=2, trust_env=False).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise RuntimeError(
        f"the emulator did not come up:\n{(folder / 'emulator.log').read_text(errors='replace')[-3000:]}"
    )
