"""One whole local product for the tests: started as a user starts it, used as its users use it."""

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
PATIENCE = 240.0  # seconds: only so that a test that cannot pass ends
STUDIO = "studio"  # an owner with an AWS principal for its drop folder
URL_SECONDS = 20
MAX_UPLOAD_BYTES = 120_000_000  # over 100 MB the web app sends a file in parts
# What differs from a product as it is given to users, so that tests need not wait or send gigabytes.
OVERRIDES = {
    "local_webhooks": "true",
    "url_seconds": str(URL_SECONDS),
    "max_upload_bytes": str(MAX_UPLOAD_BYTES),
}
CONTEXT = {
    "dropPrincipals": json.dumps({STUDIO: f"arn:aws:iam::000000000000:user/{STUDIO}"}),
    "lambdaOverrides": json.dumps(OVERRIDES),
}


@contextmanager
def running(state: Path, *, enforce_iam: bool = True) -> "Iterator[Product]":
    """Start a product with its data in `state`, and stop it at the end, whatever happens."""
    product = Product(state, enforce_iam=enforce_iam)
    try:
        product.start()
        yield product
    finally:
        product.stop()


class Product:
    """A product, running from `start` to `stop`; its data outlives that."""

    def __init__(self, state: Path, *, enforce_iam: bool = True) -> None:
        self.settings = LocalSettings(state=state, ports=free_ports(), enforce_iam=enforce_iam)
        self.output = state.with_suffix(".txt")
        self.outputs: dict[str, str] = {}
        self.demo: dict[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """`python -m local up`; returns once it says that it is ready."""
        ports = self.settings.ports
        options = ["--state", self.settings.state, "--transcriber", "tiny.en", "--port", ports.web]
        options += ["--emulator-port", ports.emulator]
        options += ["--enforce-iam"] if self.settings.enforce_iam else []
        options += [part for name, value in CONTEXT.items() for part in ("-c", f"{name}={value}")]
        command = [sys.executable, "-m", "local", "up", *map(str, options)]
        with self.output.open("wb") as file:
            process = self._process = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file)
        until(lambda: process.poll() is not None or "  ready" in self.output.read_text())
        assert process.poll() is None, self.output.read_text() + logs(self.settings.state)
        self.demo = json.loads((self.settings.state / "demo.json").read_text())
        self.outputs = Deployment(self.settings).outputs(DATA, APP)

    def stop(self, number: signal.Signals | None = signal.SIGINT) -> int:
        """End it as Ctrl-C does, or wait for it to end by itself; its exit code."""
        assert self._process is not None, "it was not started"
        if number is not None and self._process.poll() is None:
            self._process.send_signal(number)
        return self._process.wait(120)

    def processes(self) -> list[int]:
        """Every process that belongs to it, the Lambdas' too."""
        groups = {self.pid(name) for name in ("emulator", "model server")}
        found = subprocess.run(["ps", "-A", "-o", "pgid=,pid=,stat="], capture_output=True, text=True, check=True)
        rows = (line.split() for line in found.stdout.splitlines())
        return [int(pid) for group, pid, state in rows if int(group) in groups and not state.startswith("Z")]

    @property
    def base(self) -> str:
        return self.settings.web_url

    def aws(self, service: str) -> Any:
        """A client of the emulator as its root."""
        return emulator.client(self.settings, service)

    def client(self, token: str, prefix: str = "/api") -> "Caller":
        """Somebody who calls the API."""
        return Caller(self, token, prefix)

    @property
    def developer(self) -> "Caller":
        """The demo user by its API key."""
        return self.client(self.demo["api_key"])

    def sign_in(self, name: str, password: str) -> str:
        """The ID token of a user, by SRP through the origin."""
        pool, client = self.outputs["UserPoolId"], self.outputs["UserPoolClientId"]
        return sign_in(self.cognito, pool, client, name, password)["IdToken"]

    def cognito(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """A call to Cognito as a page makes it."""
        headers = {
            "x-amz-target": f"AWSCognitoIdentityProviderService.{operation}",
            "content-type": "application/x-amz-json-1.1",
        }
        answer = httpx.post(f"{self.base}/cognito/", headers=headers, json=parameters, trust_env=False, timeout=60)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def keys(self, bucket: str) -> list[str]:
        """Every object of a bucket, old versions and their markers too."""
        pages = self.aws("s3").get_paginator("list_object_versions").paginate(Bucket=self.outputs[bucket])
        return [item["Key"] for page in pages for kind in ("Versions", "DeleteMarkers") for item in page.get(kind, [])]

    def pid(self, name: str) -> int:
        """Of a part of the product."""
        return int(json.loads((self.settings.state / "run.json").read_text())[name]["pid"])

    def kill_model_server(self) -> None:
        """As if it had run out of memory; returns when another has taken its place."""
        killed = self.pid("model server")
        os.kill(killed, signal.SIGKILL)
        until(lambda: self.pid("model server") != killed)

    def analyses_started(self, analysis_id: str) -> int:
        """How often the model server has begun with an analysis."""
        log = self.settings.log("model-server").read_text()
        return sum("analysis started" in line and analysis_id in line for line in log.splitlines())

    def sweep(self) -> None:
        """Have the sweeper run now instead of within a minute."""
        functions = self.aws("lambda").list_functions()["Functions"]
        name = next(f["FunctionName"] for f in functions if "Sweeper" in f["FunctionName"])
        answer = self.aws("lambda").invoke(FunctionName=name, Payload=b"{}")
        assert "FunctionError" not in answer, answer["Payload"].read()

    def expire(self, analysis_id: str) -> None:
        """As if the deadline of an analysis had passed, or the time in which it could have been restored."""
        self.aws("dynamodb").update_item(
            TableName=self.outputs["TableName"],
            Key={"pk": {"S": f"ANALYSIS#{analysis_id}"}, "sk": {"S": "ANALYSIS"}},
            UpdateExpression="SET due_at = :past, deadline = :past",
            ExpressionAttributeValues={":past": {"N": str(int(time.time()) - 1)}},
        )


class Caller:
    """A caller of the API, through one of its doors."""

    def __init__(self, product: Product, token: str, prefix: str) -> None:
        self._prefix = prefix
        self._http = httpx.Client(
            base_url=product.base, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=60
        )

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self._http.request(method, self._prefix + path, **more)

    def get(self, path: str, status: int = 200) -> Any:
        return self._checked(self.ask("GET", path), status)

    def post(self, path: str, body: object = None, status: int = 200, **headers: str) -> Any:
        return self._checked(self.ask("POST", path, json=body, headers=headers), status)

    def delete(self, path: str, status: int = 200) -> Any:
        return self._checked(self.ask("DELETE", path), status)

    def upload(self, video: bytes) -> str:
        """The key of a video that was uploaded as the answer says."""
        upload = self.post("/upload-url", {"fileType": ".mp4", "fileSize": len(video)})
        answer = httpx.put(upload["url"], content=video, headers=upload["headers"], trust_env=False)
        assert answer.status_code == 200, answer.text
        return str(upload["key"])

    def start(self, key: str, **more: Any) -> str:
        """The id of an analysis that was started and not waited for."""
        body = {"key": key} | more
        return str(self.post("/sentiment-inference", body, status=202, Prefer="respond-async")["id"])

    def finished(self, analysis_id: str) -> dict[str, Any]:
        """An analysis, once it is completed or failed."""
        found: dict[str, Any] = {}

        def ended() -> bool:
            found.update(self.get(f"/analyses/{analysis_id}"))
            return found["status"] in ("completed", "failed")

        until(ended, every=0.5)
        return found

    @property
    def used(self) -> int:
        """Requests of this month."""
        return int(self.get("/usage")["used"])

    def _checked(self, answer: httpx.Response, status: int) -> Any:
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None


def logs(state: Path) -> str:
    """The last lines of every log, for a failed start."""
    files = sorted((state / "logs").glob("*.log"))
    return "".join(f"\n== {file.name}\n" + "\n".join(file.read_text().splitlines()[-20:]) for file in files)


def readme_lines(product: Product) -> str:
    """The README's lines for the API, with this product's address and key, and nothing else changed."""
    readme = (ROOT / "README.md").read_text()
    block: str = next(b for b in re.findall(r"```sh\n(.*?)```", readme, re.DOTALL) if "/api/sentiment-inference" in b)
    assert "BASE=http://localhost:8080 KEY=vs_..." in block
    key = product.demo["api_key"]
    return block.replace("BASE=http://localhost:8080 KEY=vs_...", f"BASE={product.base} KEY={key}")


def until(happened: Callable[[], bool], every: float = 0.1, patience: float = PATIENCE) -> None:
    """Wait for something that must happen. Times in seconds."""
    end = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(every)


def missing_tools() -> str | None:
    """What this machine lacks for a whole product; None when there is all."""
    if shutil.which("node") is None or not (ROOT / "node_modules" / ".bin" / "cdk").exists():
        return "needs Node.js and `npm ci`"
    return None if emulator.PYTHON.exists() else "needs `python3 scripts/setup.py local`"
