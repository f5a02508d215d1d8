"""Local deployment of the product for the tests: started with `python -m local up`, used through its public API."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from local import emulator
from local.deployment import APP, DATA, Deployment
from local.settings import LocalSettings
from local.srp import sign_in
from tests.integration.local_parts import free_ports

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 240.0  # seconds; only ends tests that cannot pass
STUDIO = "studio"  # an owner with an AWS principal for its drop folder
URL_SECONDS = 20
MAX_UPLOAD_BYTES = 120_000_000  # over 100 MB the web app sends a file in parts
# Settings that differ from the default deployment, so that tests need not wait or send gigabytes.
OVERRIDES = {
    "url_seconds": str(URL_SECONDS),
    "max_upload_bytes": str(MAX_UPLOAD_BYTES),
}
CONTEXT = {
    "dropPrincipals": json.dumps({STUDIO: f"arn:aws:iam::000000000000:user/{STUDIO}"}),
    "lambdaOverrides": json.dumps(OVERRIDES),
}


@contextmanager
def running_product(state: Path, *, enforce_iam: bool = True) -> "Iterator[Product]":
    """Start a product with its data in `state`, and always stop it at the end."""
    product = Product(state, enforce_iam=enforce_iam)
    try:
        product.start()
        yield product
    finally:
        product.stop()


class Product:
    """Local product that can be started and stopped repeatedly with the same data."""

    def __init__(self, state: Path, *, enforce_iam: bool = True) -> None:
        self.settings = LocalSettings(state=state, ports=free_ports(), enforce_iam=enforce_iam)
        self.output = state.with_suffix(".txt")
        self.outputs: dict[str, str] = {}
        self.demo: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Run `python -m local up` and wait until it is ready."""
        ports = self.settings.ports
        options = ["--state", self.settings.state, "--transcriber", "tiny.en", "--port", ports.web]
        options += ["--emulator-port", ports.emulator]
        options += ["--enforce-iam"] if self.settings.enforce_iam else []
        options += [part for name, value in CONTEXT.items() for part in ("-c", f"{name}={value}")]
        command = [sys.executable, "-m", "local", "up", *map(str, options)]
        with self.output.open("wb") as file:
            process = self._process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file)
        wait_until(lambda: process.poll() is not None or "  ready" in self.output.read_text())
        assert process.poll() is None, self.output.read_text() + logs(self.settings.state)
        self.demo = json.loads((self.settings.state / "demo.json").read_text())
        self.outputs = Deployment(self.settings).outputs(DATA, APP)

    def stop(self, number: signal.Signals | None = signal.SIGINT) -> int:
        """Send a signal (none for None), wait for the process to end and return its exit code."""
        assert self._process is not None, "the product was not started"
        if number is not None and self._process.poll() is None:
            self._process.send_signal(number)
        return self._process.wait(120)

    def processes(self) -> list[int]:
        """Return the process ids of the product, including those of its Lambdas."""
        groups = {self.pid(name) for name in ("emulator", "model server")}
        found = subprocess.run(["ps", "-A", "-o", "pgid=,pid=,stat="], capture_output=True, text=True, check=True)
        rows = (line.split() for line in found.stdout.splitlines())
        return [int(pid) for group, pid, state in rows if int(group) in groups and not state.startswith("Z")]

    @property
    def base(self) -> str:
        return self.settings.web_url

    def aws(self, service: str) -> Any:
        """Return a client of the emulator with root permissions."""
        return emulator.client(self.settings, service)

    def client(self, token: str, prefix: str = "/api") -> "ApiClient":
        """Return a client of the API for one of its entry points."""
        return ApiClient(self, token, prefix)

    @property
    def developer(self) -> "ApiClient":
        """API client of the demo user, with its API key."""
        return self.client(self.demo["api_key"])

    def sign_in(self, name: str, password: str) -> str:
        """Sign in by SRP through the origin and return the ID token."""
        pool, client = self.outputs["UserPoolId"], self.outputs["UserPoolClientId"]
        return sign_in(self.cognito, pool, client, name, password)["IdToken"]

    def cognito(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Call Cognito through the origin as the web app does."""
        headers = {
            "x-amz-target": f"AWSCognitoIdentityProviderService.{operation}",
            "content-type": "application/x-amz-json-1.1",
        }
        response = httpx.post(f"{self.base}/cognito/", headers=headers, json=parameters, trust_env=False, timeout=60)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    def keys(self, bucket: str) -> list[str]:
        """Return the keys of all objects of a bucket, including old versions and delete markers."""
        pages = self.aws("s3").get_paginator("list_object_versions").paginate(Bucket=self.outputs[bucket])
        return [item["Key"] for page in pages for kind in ("Versions", "DeleteMarkers") for item in page.get(kind, [])]

    def pid(self, name: str) -> int:
        """Return the process id of a part of the product."""
        return int(json.loads((self.settings.state / "run.json").read_text())[name]["pid"])

    def kill_model_server(self) -> None:
        """Kill the model server and wait for its replacement."""
        killed = self.pid("model server")
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: self.pid("model server") != killed)

    def analyses_started(self, analysis_id: str) -> int:
        """Return how many times the model server has started an analysis."""
        log = self.settings.log("model-server").read_text()
        return sum("analysis started" in line and analysis_id in line for line in log.splitlines())

    def sweep(self) -> None:
        """Invoke the sweeper now instead of waiting for its schedule."""
        functions = self.aws("lambda").list_functions()["Functions"]
        name = next(f["FunctionName"] for f in functions if "Sweeper" in f["FunctionName"])
        response = self.aws("lambda").invoke(FunctionName=name, Payload=b"{}")
        assert "FunctionError" not in response, response["Payload"].read()

    def expire(self, analysis_id: str) -> None:
        """Move the deadline of an analysis, or of its restoration, into the past."""
        self.aws("dynamodb").update_item(
            TableName=self.outputs["TableName"],
            Key={"pk": {"S": f"ANALYSIS#{analysis_id}"}, "sk": {"S": "ANALYSIS"}},
            UpdateExpression="SET due_at = :past, deadline = :past",
            ExpressionAttributeValues={":past": {"N": str(int(time.time()) - 1)}},
        )


class ApiClient:
    """HTTP client of the API with one credential at one entry point."""

    def __init__(self, product: Product, token: str, prefix: str) -> None:
        self._prefix = prefix
        self._http = httpx.Client(
            base_url=product.base, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=60
        )

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._http.request(method, self._prefix + path, **options)

    def get(self, path: str, status: int = 200) -> Any:
        return self._checked(self.request("GET", path), status)

    def post(self, path: str, body: object = None, status: int = 200, **headers: str) -> Any:
        return self._checked(self.request("POST", path, json=body, headers=headers), status)

    def delete(self, path: str, status: int = 200) -> Any:
        return self._checked(self.request("DELETE", path), status)

    def upload(self, video: bytes) -> str:
        """Upload a video through a presigned URL and return its key."""
        upload = self.post("/upload-url", {"fileType": ".mp4", "fileSize": len(video)})
        response = httpx.put(upload["url"], content=video, headers=upload["headers"], trust_env=False)
        assert response.status_code == 200, response.text
        return str(upload["key"])

    def start(self, key: str, **options: Any) -> str:
        """Start an analysis without waiting for it and return its id."""
        body = {"key": key} | options
        return str(self.post("/sentiment-inference", body, status=202, Prefer="respond-async")["id"])

    def wait_for_analysis(self, analysis_id: str) -> dict[str, Any]:
        """Wait until an analysis is completed or failed and return it."""
        found: dict[str, Any] = {}

        def ended() -> bool:
            found.update(self.get(f"/analyses/{analysis_id}"))
            return found["status"] in ("completed", "failed")

        wait_until(ended, every=0.5)
        return found

    @property
    def used(self) -> int:
        """Number of analyses used this month."""
        return int(self.get("/usage")["used"])

    def _checked(self, response: httpx.Response, status: int) -> Any:
        assert response.status_code == status, response.text
        return response.json() if response.content else None


def logs(state: Path) -> str:
    """Return the last lines of every log, for the message of a failed start."""
    files = sorted((state / "logs").glob("*.log"))
    return "".join(f"\n== {file.name}\n" + "\n".join(file.read_text().splitlines()[-20:]) for file in files)


def readme_commands(product: Product) -> str:
    """Return the README's API commands, with only the URL and key replaced by this product's."""
    readme = (ROOT / "README.md").read_text()
    block: str = next(b for b in re.findall(r"```sh\n(.*?)```", readme, re.DOTALL) if "/api/sentiment-inference" in b)
    assert "BASE=http://localhost:8080 KEY=vs_..." in block
    key = product.demo["api_key"]
    return block.replace("BASE=http://localhost:8080 KEY=vs_...", f"BASE={product.base} KEY={key}")


def wait_until(condition: Callable[[], bool], every: float = 0.1, timeout: float = TIMEOUT) -> None:
    """Poll a condition every `every` seconds; fail after `timeout` seconds."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, f"condition not met within {timeout:g} s"
        time.sleep(every)


def missing_tools() -> str | None:
    """Return the tools that this machine lacks to run the product; None if it has all."""
    if shutil.which("node") is None or not (ROOT / "node_modules" / ".bin" / "cdk").exists():
        return "needs Node.js and `npm ci`"
    return None if emulator.PYTHON.exists() else "needs `python3 scripts/setup.py local`"
