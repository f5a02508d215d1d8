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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from local import emulator
from local.deployment import APP, DATA, Deployment
from local.settings import LocalSettings, Ports
from local.srp import sign_in
from tests.model.serving import free_port

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 240.0  # seconds: only so that a test that cannot pass ends
STUDIO = "studio"  # an owner with an AWS principal for its drop folder
URL_SECONDS = 30
MAX_UPLOAD_BYTES = 2_000_000
# What differs from a product as it is given to users, so that tests need not wait or send gigabytes.
OVERRIDES = {
    "local_webhooks": "true",
    "undo_seconds": "1",
    "url_seconds": str(URL_SECONDS),
    "max_upload_bytes": str(MAX_UPLOAD_BYTES),
}
CONTEXT = {
    "dropPrincipals": json.dumps({STUDIO: f"arn:aws:iam::000000000000:user/{STUDIO}"}),
    "lambdaOverrides": json.dumps(OVERRIDES),
}


@dataclass(frozen=True)
class Product:
    """A running product."""

    settings: LocalSettings
    output: Path
    demo: dict[str, str]
    outputs: dict[str, str]

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
        """As if the deadline of an analysis had passed."""
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


@contextmanager
def running_product(state: Path, *, enforce_iam: bool = True) -> Iterator[Product]:
    """A product of its own, stopped on leaving; nothing of it may be left then."""
    ports = Ports(web=free_port(), emulator=free_port(), adapter=free_port(), model=free_port())
    settings = LocalSettings(state=state, ports=ports)
    output = state.with_suffix(".txt")
    process = start(settings, output, enforce_iam)
    try:
        until(lambda: process.poll() is not None or "  ready" in output.read_text())
        assert process.poll() is None, output.read_text() + logs(state)
        deployment = Deployment(settings)
        yield Product(
            settings,
            output,
            json.loads((state / "demo.json").read_text()),
            deployment.outputs(DATA, APP),
        )
    finally:
        stop(process)


def start(settings: LocalSettings, output: Path, enforce_iam: bool = False) -> "subprocess.Popen[bytes]":
    """`python -m local up`, not waited for."""
    ports = settings.ports
    options = ["--state", settings.state, "--whisper-model", "tiny.en", "--port", ports.web]
    options += ["--emulator-port", ports.emulator, "--adapter-port", ports.adapter, "--model-port", ports.model]
    options += ["--enforce-iam"] if enforce_iam else []
    options += [part for name, value in CONTEXT.items() for part in ("-c", f"{name}={value}")]
    with output.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "local", "up", *map(str, options)], cwd=ROOT, stdout=file, stderr=file
        )


def stop(process: "subprocess.Popen[bytes]", number: signal.Signals = signal.SIGINT) -> int:
    """End it as Ctrl-C does; its exit code."""
    if process.poll() is None:
        process.send_signal(number)
    return process.wait(120)


def logs(state: Path) -> str:
    """The last lines of every log, for a failed start."""
    files = sorted((state / "logs").glob("*.log"))
    return "".join(f"\n== {file.name}\n" + "\n".join(file.read_text().splitlines()[-20:]) for file in files)


def readme_lines(product: Product) -> str:
    """The README's lines for the API, with this product's address and key, and nothing else changed."""
    readme = (ROOT / "README.md").read_text()
    block = next(b for b in re.findall(r"```sh\n(.*?)```", readme, re.DOTALL) if "/api/sentiment-inference" in b)
    assert "BASE=http://localhost:8080 KEY=vs_..." in block
    key = product.demo["api_key"]
    return block.replace("BASE=http://localhost:8080 KEY=vs_...", f"BASE={product.base} KEY={key}")


def until(happened: Callable[[], bool], every: float = 0.1) -> None:
    """Wait for something that must happen."""
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(every)


def missing_tools() -> str | None:
    """What this machine lacks for a whole product; None when there is all."""
    if shutil.which("node") is None or not (ROOT / "node_modules" / ".bin" / "cdk").exists():
        return "needs Node.js and `npm ci`"
    return None if emulator.PYTHON.exists() else "needs `python3 scripts/setup.py local`"
