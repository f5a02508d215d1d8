"""Take the screenshots of docs/screenshots: the built web app in a browser, with a stub of the API.

    python -m tests.screenshots [OUT]

The screenshot of the HTML report, docs/report.png, is written next to OUT. Requires a built web app
(`python3 frontend_site/scripts/build.py`), but neither weights nor the emulator. Review each screenshot before
committing it.
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
from lambdas.core.analyses.result_summary import summarize
from local.origin.pages import Pages
from model.reports.html_report import render_report
from model.reports.people import read_judgments
from scripts import landing
from tests.browsers import chromium

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "screenshots"
CLIENT, USER = "screenshots", "you@example.com"
FADE_OUT = 3000  # milliseconds until the player's loading indicator has disappeared
HOST = "video-sentiment.example.com"  # shown in the code samples
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 800}
REPORT = {"width": 1360, "height": 1000}
PHONES = ("/", "/dashboard/", "/analysis/?id=example")
GAP = 20  # pixels between the phone screenshots
TIMEOUT = 120_000  # milliseconds; only ends runs that cannot succeed


class Api:
    """Stub of the API for an account with a few analyses; the example can be deleted and restored."""

    def __init__(self) -> None:
        self.example_deleted = False

    async def respond(self, request: Request) -> Response:
        """Return the response of a route."""
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
        return JSONResponse({"code": "no-route", "detail": "Not found"}, 404)


@contextmanager
def site(api: Api) -> Iterator[str]:
    """Serve the built web app with the API stub and yield its URL."""
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
            Route("/app/{path:path}", api.respond, methods=["GET", "POST", "DELETE"]),
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
    """Store a session for the page. Its token is unsigned, which the API stub does not verify."""
    claims = {"sub": "you", "email": USER, "token_use": "id", "exp": 4_000_000_000, "iat": 1_700_000_000}
    token = ".".join(_encoded(part) for part in ({"alg": "none"}, claims, {}))
    prefix = f"CognitoIdentityServiceProvider.{CLIENT}"
    stored = {f"{prefix}.LastAuthUser": USER, f"{prefix}.{USER}.clockDrift": "0"}
    stored |= {f"{prefix}.{USER}.{name}": token for name in ("idToken", "accessToken", "refreshToken")}
    page.add_init_script(f"for (const [k, v] of Object.entries({json.dumps(stored)})) sessionStorage.setItem(k, v);")


def main(out: Path) -> None:
    """Take every screenshot."""
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
            (out / f"{name}.png").write_bytes(_screenshot(browser, base + path, scheme, WIDE))
        phones = [_screenshot(browser, base + path, "light", NARROW) for path in PHONES]
        (out / "phones.png").write_bytes(_side_by_side(phones))
        (out.parent / "report.png").write_bytes(_report(browser))


def _screenshot(browser: Browser, url: str, scheme: Any, size: Any) -> bytes:
    page = browser.new_page(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    page.set_default_timeout(TIMEOUT)
    if not url.endswith(f"{HOST}/"):  # the landing page is shown to visitors
        sign_in(page)
    page.goto(url)
    page.wait_for_load_state("networkidle")
    page.get_by_role("status").filter(has_text="Loading").first.wait_for(state="detached")
    if page.locator("video").count():
        page.locator("video").evaluate("video => video.readyState > 1 || new Promise(r => (video.oncanplay = r))")
        page.get_by_role("list", name="Utterances").get_by_role("button").nth(1).click()
        page.wait_for_function("!document.querySelector('video').seeking")
        page.wait_for_timeout(FADE_OUT)
        page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    image_bytes = page.screenshot()
    page.close()
    return image_bytes


def _report(browser: Browser) -> bytes:
    """Take a screenshot of the report that `make demo` writes."""
    page = browser.new_page(viewport=REPORT, color_scheme="light", reduced_motion="reduce")  # type: ignore[arg-type]
    page.set_default_timeout(TIMEOUT)
    page.set_content(render_report(landing.read(landing.VIDEO), landing.VIDEO, read_judgments(landing.PEOPLE)))
    page.wait_for_function("document.querySelector('video').readyState === 4")
    page.wait_for_timeout(FADE_OUT)
    image_bytes = page.screenshot()
    page.close()
    return image_bytes


def _side_by_side(screenshots: list[bytes]) -> bytes:
    images = [Image.open(io.BytesIO(screenshot)) for screenshot in screenshots]
    width = sum(image.width for image in images) + GAP * (len(images) - 1)
    canvas = Image.new("RGBA", (width, images[0].height))
    left = 0
    for image in images:
        canvas.paste(image, (left, 0))
        left += image.width + GAP
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _items() -> list[dict[str, Any]]:
    """Return a completed analysis with a real result and a failed one, newest first."""
    summary = summarize(landing.read(landing.SILENT)).model_dump(mode="json")
    problem = {"code": "unreadable-video", "message": "the file is damaged: it ends before its first frame"}
    variants: tuple[dict[str, Any], ...] = (
        {"fileName": landing.SILENT.name, "summary": summary},
        {"fileName": "interview.mov", "summary": None, "status": "failed", "error": problem},
    )
    return [
        {**examples.ITEM, "id": f"{number}{examples.ANALYSIS_ID[1:]}", "createdAt": at, "updatedAt": at, **fields}
        for number, fields in enumerate(variants, start=2)
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
