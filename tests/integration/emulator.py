"""AWS emulator for a test session: guarded like the product's, on a free port, in a clean environment."""

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
from local.credentials import Credentials
from local.emulator import COMMAND, guarded
from local.guard.rules import TOKEN

ROOT = Path(__file__).parents[2]
REGION = "eu-central-1"
ORIGIN = "http://localhost:8080"  # web origin whose pages may use presigned URLs
STARTUP_SECONDS = 30.0  # limit; it takes about one


class Emulator:
    """Running emulator: its URL, and the environment that makes AWS SDKs use it and nothing else."""

    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials
        self.url = credentials.endpoint_url
        self.environment = {
            **credentials.environment(),
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str) -> Any:
        """Create a client for the emulator, independent of the environment."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=self.credentials.access_key_id,
            aws_secret_access_key=self.credentials.secret_access_key,
            config=Config(signature_version="s3v4") if service == "s3" else None,
        )

    def reset(self) -> None:
        """Delete all state."""
        self.ask("POST", "/_ministack/reset", timeout=30).raise_for_status()

    def ask(self, method: str, path: str, timeout: float) -> httpx.Response:
        """Send an unsigned request to the emulator's own API. `timeout` in seconds."""
        proof = {TOKEN: self.credentials.token}
        return httpx.request(method, f"{self.url}{path}", headers=proof, timeout=timeout, trust_env=False)


@contextmanager
def running(folder: Path, **environment: str) -> Iterator[Emulator]:
    """Run an emulator for the block. `environment`: additional variables, such as AUTH="true"."""
    port = free_port()
    credentials = Credentials.new(f"http://127.0.0.1:{port}")
    clean = {
        **guarded(credentials, port, origins=[ORIGIN]),
        "PATH": os.defpath,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        "LOG_LEVEL": "WARNING",
        **environment,
    }
    emulator = Emulator(credentials)
    with (folder / "emulator.log").open("wb") as log:
        process = subprocess.Popen(COMMAND, env=clean, cwd=ROOT, stdout=log, stderr=log)
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
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            emulator.ask("GET", "/_ministack/health", timeout=2).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.05)
    raise RuntimeError(f"the emulator did not start:\n{(folder / 'emulator.log').read_text(errors='replace')[-3000:]}")
