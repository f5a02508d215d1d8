"""Waiting times of one user's short clips: with the product to themselves, and beside another user's flood.

Measures both in one run, so that their ratio shows the cost of the flood. The flood is of longer clips, some of which
are always queued. Times are those of the analyses' own records, from creation to completion.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from bench.clip import CLIP_FRAMES, FPS, sample_clip
from bench.launch import BenchError
from bench.measure import percentile
from bench.results import Fairness, Waits
from local.deployment import APP, DATA, Deployment
from local.origin.cognito import CONTENT_TYPE, SERVICE
from local.settings import LocalSettings
from local.srp import sign_in

CLIPS = 10  # short ones, each time
SHORT_FRAMES = 125  # 5 s
QUEUED = 2  # of the flood, at least, whenever a short clip is started
PATIENCE = 600.0  # seconds for one analysis
CONFIRMATION_CODE = "123456"  # the emulator's, which sends no email

Cognito = Callable[[str, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class User:
    """A caller of the API at one of its entry points, `/api` or `/app`."""

    http: httpx.Client

    @classmethod
    def of(cls, base: str, token: str, entry_point: str) -> "User":
        """Return a user by their API key or ID token."""
        headers = {"Authorization": f"Bearer {token}"}
        return cls(httpx.Client(base_url=base + entry_point, headers=headers, trust_env=False, timeout=60))

    def upload(self, clip: bytes) -> str:
        """Upload a clip; return its key."""
        upload = self._ask("POST", "/upload-url", {"fileType": ".mp4", "fileSize": len(clip)})
        # The URL is signed: another credential beside it would be refused.
        put = self.http.build_request("PUT", upload["url"], content=clip, headers=upload["headers"])
        put.headers.pop("Authorization", None)
        answer = self.http.send(put)
        if answer.is_error:
            raise BenchError(f"a clip could not be uploaded: {answer.status_code}")
        return str(upload["key"])

    def start(self, key: str) -> str:
        """Start an analysis; return its id."""
        return str(self._ask("POST", "/sentiment-inference", {"key": key}, Prefer="respond-async")["id"])

    def wait(self, key: str) -> float:
        """Analyze an upload. Returns the seconds that it took, by its record: polling would add its own steps."""
        until = time.monotonic() + PATIENCE
        while "analysis" not in (answer := self._ask("POST", "/sentiment-inference", {"key": key})):
            if time.monotonic() > until:
                raise BenchError(f"an analysis was not finished after {PATIENCE:g} s")
        record = self._ask("GET", f"/analyses/{answer['id']}")
        created, completed = (datetime.fromisoformat(record[name]) for name in ("createdAt", "updatedAt"))
        return (completed - created).total_seconds()

    def analyze(self, clip: bytes) -> float:
        """Upload and analyze a clip. Returns the seconds that the analysis took."""
        return self.wait(self.upload(clip))

    def queued(self) -> int:
        """Return how many of the newest analyses are queued."""
        analyses = self._ask("GET", "/analyses")["analyses"]
        return sum(analysis["status"] == "queued" for analysis in analyses)

    def _ask(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        answer = self.http.request(method, path, json=body, headers=headers)
        if answer.is_error:
            raise BenchError(f"{method} {path} returned {answer.status_code}: {answer.text[:300]}")
        return answer.json()


def measure_fairness(settings: LocalSettings, key: str, clips: int = CLIPS) -> Fairness:
    """Measure on a running product, whose user with the API key `key` makes the flood."""
    first, second = User.of(settings.web_address, key, "/api"), sign_up(settings)
    short, long = (path.read_bytes() for path in (sample_clip(SHORT_FRAMES), sample_clip(CLIP_FRAMES)))
    second.analyze(short)  # the first analysis starts Lambdas and is not counted
    alone = [second.analyze(short) for _ in range(clips)]
    beside = [analyze_beside(first, long, second, short) for _ in range(clips)]
    return Fairness(
        clips=clips,
        seconds=SHORT_FRAMES / FPS,
        flood_seconds=CLIP_FRAMES / FPS,
        alone=_waits(alone),
        beside_a_flood=_waits(beside),
    )


def analyze_beside(first: User, long: bytes, second: User, short: bytes) -> float:
    """Return the seconds that the second user's clip takes while the first user has long ones queued."""
    key = second.upload(short)
    while first.queued() < QUEUED:
        first.start(first.upload(long))
    return second.wait(key)


def sign_up(settings: LocalSettings) -> User:
    """Make a user through the web origin, as the sign-up page does, and sign them in."""
    outputs = Deployment(settings).outputs(DATA, APP)
    name, password = f"{secrets.token_hex(8)}@example.com", f"Pw-{secrets.token_hex(16)}-1"
    client_id = outputs["UserPoolClientId"]
    call = cognito(settings.web_address)
    attributes = [{"Name": "email", "Value": name}]
    call("SignUp", {"ClientId": client_id, "Username": name, "Password": password, "UserAttributes": attributes})
    call("ConfirmSignUp", {"ClientId": client_id, "Username": name, "ConfirmationCode": CONFIRMATION_CODE})
    tokens = sign_in(call, outputs["UserPoolId"], client_id, name, password)
    return User.of(settings.web_address, tokens["IdToken"], "/app")


def cognito(base: str) -> Cognito:
    """Return a function that calls an operation of Cognito through the web origin, as a page does."""

    def call(operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        headers = {"x-amz-target": f"{SERVICE}{operation}", "content-type": CONTENT_TYPE}
        answer = httpx.post(f"{base}/cognito/", headers=headers, json=parameters, trust_env=False, timeout=60)
        if answer.is_error:
            raise BenchError(f"{operation} returned {answer.status_code}: {answer.text[:300]}")
        found: dict[str, Any] = answer.json()
        return found

    return call


def _waits(seconds: list[float]) -> Waits:
    return Waits(p50_s=percentile(seconds, 0.5), p95_s=percentile(seconds, 0.95))
