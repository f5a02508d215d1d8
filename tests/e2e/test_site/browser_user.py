"""Page object for a user of the web app in a browser, with accessibility checks."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, ConsoleMessage, FilePayload, Page, expect

AXE = Path(__file__).parents[3] / "frontend_site" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Returns each violation's rule with its first elements.
RUN_AXE = """
async (tags) => (await axe.run(document, {runOnly: {type: "tag", values: tags}})).violations.map(
  ({id, nodes}) => `${id}: ${nodes.slice(0, 3).map(({html}) => html.slice(0, 200)).join(" | ")}`)
"""
LOADED = 30_000  # milliseconds; generous for busy machines
Scheme = Literal["light", "dark"]

expect.set_options(timeout=LOADED)


@dataclass(frozen=True)
class Account:
    """Credentials of a user."""

    email: str
    password: str


@dataclass
class BrowserUser:
    """A page in its own browser context, with the errors that it logged."""

    page: Page
    base: str
    errors: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def in_browser(
        cls, browser: Browser, base: str, *, scheme: Scheme = "light", width: int = 1280
    ) -> Iterator["BrowserUser"]:
        """Open a new page at a color scheme and a width in pixels."""
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
        )
        context.set_default_timeout(LOADED)
        user = cls(context.new_page(), base)
        user.page.on("console", user._listen)
        user.page.on("pageerror", lambda error: user.errors.append(str(error)))
        yield user
        context.close()

    def open(self, path: str) -> None:
        """Open a path of the site."""
        self.page.goto(self.base + path)

    def sign_in(self, account: Account) -> None:
        """Sign in and wait for the dashboard."""
        self.open("/sign-in/")
        self.submit_credentials(account)
        self.page.wait_for_url("**/dashboard/")
        expect(self.page.get_by_role("heading", name="Your videos")).to_be_visible()

    def submit_credentials(self, account: Account) -> None:
        """Submit email and password on the sign-in page."""
        self.page.get_by_label("Email").fill(account.email)
        self.page.get_by_label("Password").fill(account.password)
        self.page.get_by_role("button", name="Sign in").click()

    def submit_app_code(self, code: str) -> None:
        """Submit the code of two-step sign-in."""
        self.page.get_by_label("Code").fill(code)
        self.page.get_by_role("button", name="Sign in").click()

    def upload(self, *files: FilePayload | Path) -> None:
        """Choose files in the file dialog, either all by path or all with their content."""
        self.page.get_by_label("Videos to analyze").set_input_files(files)  # type: ignore[arg-type]

    def confirm_upload_terms(self) -> None:
        """Confirm, before the account's first upload, that the people shown may be analyzed."""
        dialog = self.page.get_by_role("dialog", name="Before your first upload")
        dialog.get_by_role("checkbox").check()
        dialog.get_by_role("button", name="Confirm and upload").click()

    def rows(self) -> list[str]:
        """Return the names in the list of analyses."""
        return self.page.get_by_role("list", name="Analyses").get_by_role("link").all_inner_texts()

    def violations(self) -> list[str]:
        """Return axe's violations. Injected through CDP, because the page's CSP blocks foreign scripts."""
        client = self.page.context.new_cdp_session(self.page)
        client.send("Runtime.evaluate", {"expression": AXE.read_text("utf-8")})
        found: list[str] = self.page.evaluate(RUN_AXE, RULES)
        return found

    def overflows_horizontally(self) -> bool:
        """Return True if the page scrolls horizontally."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))

    def assert_no_errors(self) -> None:
        """Fail if the page logged an error."""
        assert not self.errors, "\n".join(self.errors)

    def ignore_http_errors(self, status: int) -> None:
        """Drop the browser's own log entries about responses with this expected status."""
        self.errors = [error for error in self.errors if f"status of {status} " not in error]

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)


def video(name: str, content: bytes) -> FilePayload:
    """Return a video file for a file dialog."""
    return {"name": name, "mimeType": "video/mp4", "buffer": content}


def save_export(page: Page, choice: str) -> tuple[str, bytes]:
    """Choose an entry of the export menu and return the saved file's name and content."""
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name=choice).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def parse_json(content: bytes) -> Any:
    """Parse JSON."""
    return json.loads(content)
