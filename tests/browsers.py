"""A Chromium for the tests: the one CHROMIUM names, an installed one, Playwright's, or Debian's.

`python -m tests.browsers` brings one where there is none, as `make test` does before the tests.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "no Chromium: `apt install chromium`, or set CHROMIUM to the path of one"


def find_chromium() -> str | None:
    """The path of the Chromium to test with; None where there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None) or _playwrights()


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """A headless Chromium, with more arguments. Raises LookupError where there is none."""
    path = find_chromium()
    if path is None:
        raise LookupError(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*launch_arguments(), *arguments])
        yield browser
        browser.close()


def launch_arguments() -> list[str]:
    """What a Chromium is started with here."""
    # Its sandbox refuses root; the other two keep it from calling home, which a closed network would log.
    arguments = ["--disable-background-networking", "--disable-component-update"]
    return ["--no-sandbox", *arguments] if _is_root() else arguments


def bring_chromium() -> str | None:
    """Install a Chromium: Playwright's own build, else the distribution's package where we may. Its path or None."""
    commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if _is_root() and shutil.which("apt-get"):
        commands += [["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]]
    for command in commands:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        if (path := find_chromium()) is not None:
            return path
    return None


def _playwrights() -> str | None:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


if __name__ == "__main__":
    if find_chromium() is None:
        print("the tests need a browser: installing Chromium (once)", flush=True)  # noqa: T201
        if bring_chromium() is None:
            sys.exit(f"tests in a browser will be skipped. {MISSING}")
