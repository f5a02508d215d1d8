"""Take the pictures of docs/screenshots: the built web app in a real browser, with an API that answers from here.

    python -m tests.screenshots [OUT]

The picture of the HTML report, docs/report.png, is taken with them and written beside OUT. Needs
`python3 frontend_site/scripts/build.py` before, and neither weights nor the emulator. Look at each picture before it is
committed.
"""

import base64
import io
import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from PIL import Image
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bench.ports import free_port
from lambdas.api.schemas import examples
from lambdas.core.analyses.result_excerpt import summarize
from local.origin.pages import Pages
from model.reports.html_report import render_report
from model.reports.people import read_judgments
from scripts import landing
from tests.browsers import chromium

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "screenshots"
CLIENT, USER = "screenshots", "you@example.com"
FADED = 3000  # milliseconds
HOST = "video-sentiment.example.com"  # as the samples of code show it
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 800}
REPORT = {"width": 1360, "height": 1000}
PHONES = ("/", "/dashboard/", "/analysis/?id=example")
GAP = 20  # pixels between the phones
LOADED = 120_000  # milliseconds: only so that a picture that cannot be taken ends


class Api:
    """The answers of an account with a few analyses. Its example is deleted and restored as the real one is."""

    def __init__(self) -> None:
        self.example_deleted = False

    async def answer(self, request: Request) -> Response:
        match request.method, request.path_params["path"]:
            case "GET", "example":
                return JSONResponse({"deleted": self.example_deleted})
            case "DELETE", "example":
                self.example_deleted = True
                return Response(status_code=204)
            case "POST", "example/restore":
                self.example_deleted = False
                return JSONResponse({"deleted": False})
            case "GET", "analyses":
                return JSONResponse({"analyses": _items(), "cursor": None})
            case "GET", "usage":
                return JSONResponse(_usage())
            case "GET", "keys":
                return JSONResponse({"keys": [examples.KEY_ITEM]})
            case "GET", "webhook":
                webhook = {"url": examples.WEBHOOK_URL, "secret": "whsec_3f0c9d1e7a52", "secretBeforeUntil": None}
                return JSONResponse(webhook)
        return JSONResponse({"code": "no-route", "detail": "No route matches this path."}, 404)


@contextmanager
def site(api: Api) -> Iterator[str]:
    """Serve the built web app with these answers; gives its address."""
    pages = Pages(uploads=[])

    async def page(request: Request) -> Response:
        return pages.of_site(request.path_params["path"])

    async def config(_: Request) -> Response:
        return JSONResponse(
            {"stage": "dev", "region": "eu-central-1", "userPoolId": "eu-central-1_x", "userPoolClientId": CLIENT}
        )

    app = Starlette(
        routes=[
            Route("/config.json", config),
            Route("/app/{path:path}", api.answer, methods=["GET", "POST", "DELETE"]),
            Route("/{path:path}", page),
        ]
    )
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def sign_in(page: Page) -> None:
    """Put a session where the page looks for one. Nobody signed its token, and nobody here asks."""
    claims = {"sub": "you", "email": USER, "token_use": "id", "exp": 4_000_000_000, "iat": 1_700_000_000}
    token = ".".join(_encoded(part) for part in ({"alg": "none"}, claims, {}))
    mine = f"CognitoIdentityServiceProvider.{CLIENT}"
    stored = {f"{mine}.LastAuthUser": USER, f"{mine}.{USER}.clockDrift": "0"}
    stored |= {f"{mine}.{USER}.{name}": token for name in ("idToken", "accessToken", "refreshToken")}
    page.add_init_script(f"for (const [k, v] of Object.entries({json.dumps(stored)})) sessionStorage.setItem(k, v);")


def main(out: Path) -> None:
    """Take every picture."""
    out.mkdir(parents=True, exist_ok=True)
    with (
        site(Api()) as served,
        chromium(f"--host-resolver-rules=MAP {HOST} {served.removeprefix('http://')}") as browser,
    ):
        base = f"http://{HOST}"
        for name, path, scheme in (
            ("landing-light", "/", "light"),
            ("analysis-light", "/analysis/?id=example", "light"),
            ("analysis-dark", "/analysis/?id=example", "dark"),
            ("dashboard-light", "/dashboard/", "light"),
            ("developers-dark", "/developers/", "dark"),
        ):
            (out / f"{name}.png").write_bytes(_picture(browser, base + path, scheme, WIDE))
        phones = [_picture(browser, base + path, "light", NARROW) for path in PHONES]
        (out / "phones.png").write_bytes(_side_by_side(phones))
        (out.parent / "report.png").write_bytes(_report(browser))


def _named(served: str) -> str:
    """Return the browser's argument that has it find the served address under HOST."""
    return f"--host-resolver-rules=MAP {HOST} {served.removeprefix('http://')}"


def _picture(browser: Browser, url: str, scheme: Any, size: Any) -> bytes:
    page = browser.new_page(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    page.set_default_timeout(LOADED)
    if not url.endswith(f"{HOST}/"):  # the landing page greets those who are not signed in
        sign_in(page)
    page.goto(url)
    page.wait_for_load_state("networkidle")
    page.get_by_role("status").filter(has_text="Loading").first.wait_for(state="detached")
    if page.locator("video").count():
        page.locator("video").evaluate("video => video.readyState > 1 || new Promise(r => (video.oncanplay = r))")
        page.get_by_role("list", name="Utterances").get_by_role("button").nth(1).click()
        page.wait_for_function("!document.querySelector('video').seeking")
        page.wait_for_timeout(FADED)  # until the player's own sign that it loads has faded
        page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    taken = page.screenshot()
    page.close()
    return taken


def _report(browser: Browser) -> bytes:
    """Picture of the report that `make demo` writes."""
    page = browser.new_page(viewport=REPORT, color_scheme="light", reduced_motion="reduce")  # type: ignore[arg-type]
    page.set_default_timeout(LOADED)
    page.set_content(render_report(landing.read(landing.VIDEO), landing.VIDEO, read_judgments(landing.PEOPLE)))
    page.wait_for_function("document.querySelector('video').readyState === 4")
    page.wait_for_timeout(FADED)
    taken = page.screenshot()
    page.close()
    return taken


def _side_by_side(pictures: list[bytes]) -> bytes:
    images = [Image.open(io.BytesIO(picture)) for picture in pictures]
    width = sum(image.width for image in images) + GAP * (len(images) - 1)
    whole = Image.new("RGBA", (width, images[0].height))
    left = 0
    for image in images:
        whole.paste(image, (left, 0))
        left += image.width + GAP
    buffer = io.BytesIO()
    whole.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _items() -> list[dict[str, Any]]:
    """An analysis that is done, with a real result, and one that failed; newest first."""
    summary = summarize(landing.read(landing.SILENT)).model_dump(mode="json")
    problem = {"code": "unreadable-video", "message": "the file is damaged: it ends before its first picture"}
    made: tuple[dict[str, Any], ...] = (
        {"fileName": landing.SILENT.name, "summary": summary},
        {"fileName": "interview.mov", "summary": None, "status": "failed", "error": problem},
    )
    return [
        {**examples.ITEM, "id": f"{number}{examples.ANALYSIS_ID[1:]}", "createdAt": at, "updatedAt": at, **own}
        for number, own in enumerate(made, start=2)
        for at in [(datetime.now(UTC) - timedelta(hours=number)).isoformat()]
    ]


def _usage() -> dict[str, Any]:
    now = datetime.now(UTC)
    days = [{"date": f"{now:%Y-%m}-{day:02}", "requests": 3 * day % 11} for day in range(1, now.day + 1)]
    used = sum(int(str(day["requests"])) for day in days)
    following = (now.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return {
        **{"month": f"{now:%Y-%m}", "plan": "free", "limit": 10_000, "used": used},
        **{"remaining": 10_000 - used, "left": 10_000 - used},
        **{"resetsAt": following.isoformat(), "minutes": 4.5 * used, "concurrency": 1, "days": days},
    }


def _encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else OUT)
