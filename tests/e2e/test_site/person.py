"""Somebody before a browser, and what can be said of the page that they see."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, ConsoleMessage, FilePayload, Page, expect

AXE = Path(__file__).parents[3] / "frontend_site" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What each violation is about: its rule, and the first elements.
RUN_AXE = """
async (tags) => (await axe.run(document, {runOnly: {type: "tag", values: tags}})).violations.map(
  ({id, nodes}) => `${id}: ${nodes.slice(0, 3).map(({html}) => html.slice(0, 200)).join(" | ")}`)
"""
LOADED = 30_000  # milliseconds: for what a busy machine makes slow
Scheme = Literal["light", "dark"]

expect.set_options(timeout=LOADED)


@dataclass(frozen=True)
class Account:
    email: str
    password: str


@dataclass
class Person:
    """A page of its own context, with what went wrong in it."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def in_browser(
        cls, browser: Browser, base: str, *, scheme: Scheme = "light", width: int = 1280
    ) -> Iterator["Person"]:
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
        )
        context.set_default_timeout(LOADED)
        person = cls(context.new_page(), base)
        person.page.on("console", person._listen)
        person.page.on("pageerror", lambda error: person.complaints.append(str(error)))
        yield person
        context.close()

    def open(self, path: str) -> None:
        self.page.goto(self.base + path)

    def sign_in(self, account: Account) -> None:
        self.open("/sign-in/")
        self.give_password(account)
        self.page.wait_for_url("**/dashboard/")
        expect(self.page.get_by_role("heading", name="Your videos")).to_be_visible()

    def give_password(self, account: Account) -> None:
        """The first step of signing in, on its page."""
        self.page.get_by_label("Email").fill(account.email)
        self.page.get_by_label("Password").fill(account.password)
        self.page.get_by_role("button", name="Sign in").click()

    def give_app_code(self, code: str) -> None:
        """The second step, for those who have switched it on."""
        self.page.get_by_label("Code").fill(code)
        self.page.get_by_role("button", name="Sign in").click()

    def upload(self, *files: FilePayload | Path) -> None:
        """Choose files as the file dialog does: all by path, or all with their content."""
        self.page.get_by_label("Videos to analyze").set_input_files(files)  # type: ignore[arg-type]

    def rows(self) -> list[str]:
        """The names in the list of analyses."""
        return self.page.get_by_role("list", name="Analyses").get_by_role("link").all_inner_texts()

    def violations(self) -> list[str]:
        """What axe finds on the page. Evaluated past the page's policy, which refuses foreign scripts."""
        client = self.page.context.new_cdp_session(self.page)
        client.send("Runtime.evaluate", {"expression": AXE.read_text("utf-8")})
        found: list[str] = self.page.evaluate(RUN_AXE, RULES)
        return found

    def scrolls_sideways(self) -> bool:
        return bool(self.page.evaluate("document.documentElement.scrollWidth > innerWidth"))

    def assert_no_complaints(self) -> None:
        assert not self.complaints, "\n".join(self.complaints)

    def expect_refusal(self, status: int) -> None:
        """Forget what the browser itself says of requests that were refused with this status on purpose."""
        self.complaints = [said for said in self.complaints if f"status of {status} " not in said]

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)


def video(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "video/mp4", "buffer": content}


def saved(page: Page, choice: str) -> tuple[str, bytes]:
    """Name and content of what a choice of the export menu saves."""
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name=choice).click()
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def in_json(content: bytes) -> Any:
    return json.loads(content)
