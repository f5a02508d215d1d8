"""End-to-end smoke test of a deployed stage: `python -m scripts.smoke URL KEY`. Exit code 0: passed.

Uploads and analyzes a video, validates the result against the engine's schema, exports it, and deletes it again. An
endpoint that is scaled to zero takes some minutes to start.
"""

import os
import sys
import time
from pathlib import Path
from typing import Annotated

import httpx
import typer
from pydantic import ValidationError

from common.problems import MEDIA_TYPE
from model.contract import Analysis

SAMPLE = Path(__file__).resolve().parents[1] / "tests" / "media" / "face_and_speech.mp4"
TIMEOUT = 60.0  # seconds for one request; the API itself answers within 29
POLL_INTERVAL = 5.0  # seconds


class SmokeError(Exception):
    """Failure of the smoke test; the message is one line."""


def main(
    url: Annotated[str, typer.Argument(help="URL of the product: https://... or http://localhost:8080.")],
    key: Annotated[str, typer.Argument(help="API key (vs_...), or - to read it from SMOKE_KEY.")],
    video: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Video to analyze.")] = SAMPLE,
    minutes: Annotated[
        float, typer.Option(help="Time limit of the analysis, including the start of an endpoint scaled to zero.")
    ] = 20.0,
) -> None:
    """Analyze a video through a deployed product and check the result."""
    token = os.environ.get("SMOKE_KEY", "") if key == "-" else key
    if not smoke(url, token, video, minutes):
        sys.exit(1)


def smoke(url: str, token: str, video: Path = SAMPLE, minutes: float = 20.0) -> bool:
    """Analyze a video through a deployed product; return True on success, and print the failure otherwise."""
    with httpx.Client(base_url=url.rstrip("/"), timeout=TIMEOUT) as web:
        try:
            _smoke(Api(web, token), video, minutes * 60)
        except (SmokeError, httpx.HTTPError, ValidationError) as error:
            typer.echo(f"FAILED: {error}", err=True)
            return False
    return True


class Api:
    """API client that raises SmokeError for unexpected responses."""

    def __init__(self, web: httpx.Client, token: str) -> None:
        self._web, self._token = web, token

    def call(
        self, method: str, path: str, body: object = None, expect: tuple[int, ...] = (200,), **headers: str
    ) -> httpx.Response:
        headers["Authorization"] = f"Bearer {self._token}"
        answer = self._web.request(method, f"/api{path}", json=body, headers=headers)
        if answer.status_code not in expect:
            raise SmokeError(f"{method} {path} returned {answer.status_code}: {answer.text[:300]}")
        return answer

    def check_authentication(self) -> None:
        """Raise SmokeError unless requests without a valid key are refused."""
        for token in ("", f"vs_{'a' * 24}_{'0' * 48}"):
            answer = self._web.get("/api/usage", headers={"Authorization": f"Bearer {token}"} if token else {})
            if answer.status_code not in (401, 403) or MEDIA_TYPE not in answer.headers.get("content-type", ""):
                raise SmokeError(f"without a valid key the API returned {answer.status_code}: {answer.text[:300]}")


def _smoke(api: Api, video: Path, seconds: float) -> None:
    api.check_authentication()
    _report("requests without a valid key are refused")
    before = int(api.call("GET", "/usage").json()["used"])
    upload = api.call("POST", "/upload-url", {"fileType": video.suffix, "fileSize": video.stat().st_size}).json()
    put = httpx.put(upload["url"], content=video.read_bytes(), headers=upload["headers"], timeout=TIMEOUT)
    if put.is_error:
        raise SmokeError(f"the upload returned {put.status_code}: {put.text[:300]}")
    _report(f"uploaded {video.name}")
    identifier = _analyze(api, upload["key"], seconds)
    analysis = Analysis.model_validate(api.call("GET", f"/analyses/{identifier}").json()["analysis"])
    if not analysis.utterances:
        raise SmokeError("the analysis has no utterances")
    duration, bundle = analysis.video.duration_s, analysis.model.bundle
    _report(f"analyzed: {len(analysis.utterances)} utterances in {duration:.1f} s of video, model {bundle}")
    for kind in ("csv", "srt", "vtt"):
        if not api.call("GET", f"/analyses/{identifier}?format={kind}").text.strip():
            raise SmokeError(f"the export as {kind} is empty")
    _report("exported as csv, srt and vtt")
    if int(api.call("GET", "/usage").json()["used"]) < before + 1:
        raise SmokeError("the analysis was not counted")
    api.call("DELETE", f"/analyses/{identifier}")
    _report("usage counted, analysis deleted again")


def _analyze(api: Api, key: str, seconds: float) -> str:
    """Start the analysis and wait for its result; return its id."""
    end = time.monotonic() + seconds
    accepted = api.call("POST", "/sentiment-inference", {"key": key}, (202,), Prefer="respond-async").json()
    _report(f"accepted as {accepted['id']}")
    while True:
        found = api.call("GET", f"/analyses/{accepted['id']}").json()
        if found["status"] == "completed":
            return str(found["id"])
        if found["status"] == "failed":
            raise SmokeError(f"the analysis failed: {found['error']}")
        if time.monotonic() > end:
            raise SmokeError(f"no result after {seconds / 60:.0f} minutes; the analysis is {found['status']}")
        time.sleep(POLL_INTERVAL)


def _report(step: str) -> None:
    typer.echo(f"ok  {step}")


if __name__ == "__main__":
    typer.run(main)
