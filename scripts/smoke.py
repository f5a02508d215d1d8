"""From end to end against any deployed stage: `python -m scripts.smoke URL KEY`. Exit code 0: it works.

Uploads a video, has it analyzed, checks the result as the engine's own schema does, exports it, and deletes it again.
An endpoint that sleeps takes some minutes to wake up.
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
SECONDS = 60.0  # for one request; the API itself answers within 29
PAUSE = 5.0  # between two questions


class SmokeError(Exception):
    """What does not work, in one line."""


def main(
    url: Annotated[str, typer.Argument(help="Where the product is: https://... or http://localhost:8080.")],
    key: Annotated[str, typer.Argument(help="An API key, vs_...; or set SMOKE_KEY and give a -.")],
    video: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="What to analyze.")] = SAMPLE,
    minutes: Annotated[float, typer.Option(help="How long an analysis may take; a sleeping endpoint wakes up.")] = 20.0,
) -> None:
    """Analyze a video through a deployed product and check what comes back."""
    token = os.environ.get("SMOKE_KEY", "") if key == "-" else key
    if not smoke(url, token, video, minutes):
        sys.exit(1)


def smoke(url: str, token: str, video: Path = SAMPLE, minutes: float = 20.0) -> bool:
    """Analyze a video through a deployed product. Returns whether all of it works; what does not is said."""
    with httpx.Client(base_url=url.rstrip("/"), timeout=SECONDS) as web:
        try:
            _smoke(Api(web, token), video, minutes * 60)
        except (SmokeError, httpx.HTTPError, ValidationError) as error:
            typer.echo(f"FAILED: {error}", err=True)
            return False
    return True


class Api:
    """The API as a developer calls it; what it refuses is a SmokeError."""

    def __init__(self, web: httpx.Client, token: str) -> None:
        self._web, self._token = web, token

    def call(
        self, method: str, path: str, body: object = None, expect: tuple[int, ...] = (200,), **headers: str
    ) -> httpx.Response:
        headers["Authorization"] = f"Bearer {self._token}"
        answer = self._web.request(method, f"/api{path}", json=body, headers=headers)
        if answer.status_code not in expect:
            raise SmokeError(f"{method} {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer

    def refuses_others(self) -> None:
        """Without a key, and with a wrong one, there is nothing to see."""
        for token in ("", f"vs_{'a' * 24}_{'0' * 48}"):
            answer = self._web.get("/api/usage", headers={"Authorization": f"Bearer {token}"} if token else {})
            if answer.status_code not in (401, 403) or MEDIA_TYPE not in answer.headers.get("content-type", ""):
                raise SmokeError(f"without a valid key the API answered {answer.status_code}: {answer.text[:300]}")


def _smoke(api: Api, video: Path, seconds: float) -> None:
    api.refuses_others()
    _say("refuses strangers")
    before = int(api.call("GET", "/usage").json()["used"])
    upload = api.call("POST", "/upload-url", {"fileType": video.suffix, "fileSize": video.stat().st_size}).json()
    put = httpx.put(upload["url"], content=video.read_bytes(), headers=upload["headers"], timeout=SECONDS)
    if put.is_error:
        raise SmokeError(f"the upload was answered {put.status_code}: {put.text[:300]}")
    _say(f"uploaded {video.name}")
    identifier = _analyze(api, upload["key"], seconds)
    analysis = Analysis.model_validate(api.call("GET", f"/analyses/{identifier}").json()["analysis"])
    if not analysis.utterances:
        raise SmokeError("the analysis holds no utterance")
    length, judge = analysis.video.duration_s, analysis.model.bundle
    _say(f"analyzed: {len(analysis.utterances)} utterances in {length:.1f} s, by {judge}")
    for kind in ("csv", "srt", "vtt"):
        if not api.call("GET", f"/analyses/{identifier}?format={kind}").text.strip():
            raise SmokeError(f"the export as {kind} is empty")
    _say("exported as csv, srt and vtt")
    if int(api.call("GET", "/usage").json()["used"]) < before + 1:
        raise SmokeError("the analysis was not counted")
    api.call("DELETE", f"/analyses/{identifier}")
    _say("counted, and deleted again")


def _analyze(api: Api, key: str, seconds: float) -> str:
    """Start the analysis and wait for it; its id."""
    end = time.monotonic() + seconds
    accepted = api.call("POST", "/sentiment-inference", {"key": key}, (202,), Prefer="respond-async").json()
    _say(f"accepted as {accepted['id']}")
    while True:
        found = api.call("GET", f"/analyses/{accepted['id']}").json()
        if found["status"] == "completed":
            return str(found["id"])
        if found["status"] == "failed":
            raise SmokeError(f"the analysis failed: {found['error']}")
        if time.monotonic() > end:
            raise SmokeError(f"no result after {seconds / 60:.0f} minutes; it is {found['status']}")
        time.sleep(PAUSE)


def _say(done: str) -> None:
    typer.echo(f"ok  {done}")


if __name__ == "__main__":
    typer.run(main)
