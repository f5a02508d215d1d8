"""Find or install a Chromium for the tests: $CHROMIUM, an installed browser, or Playwright's build.

`python -m tests.browsers` installs one if there is none; `make test` runs it before the tests.
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
MISSING = "Chromium not found: run `apt install chromium`, or set CHROMIUM to its path"


def find_chromium() -> str | None:
    """Return the path of a Chromium; None if there is none."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None) or _playwright_chromium()


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """Yield a headless Chromium, started with additional arguments. Raises LookupError if there is none."""
    path = find_chromium()
    if path is None:
        raise LookupError(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*launch_arguments(), *arguments])
        yield browser
        browser.close()


def launch_arguments() -> list[str]:
    """Return the arguments that Chromium is always started with."""
    # The sandbox does not work as root. The others suppress background requests, which fail in a closed network.
    arguments = ["--disable-background-networking", "--disable-component-update"]
    return ["--no-sandbox", *arguments] if _is_root() else arguments


def install_chromium() -> str | None:
    """Install Playwright's Chromium, or else Debian's as root, and return its path; None on failure."""
    commands = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if _is_root() and shutil.which("apt-get"):
        commands += [["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"]]
    for command in commands:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        if (path := find_chromium()) is not None:
            return path
    return None


def _playwright_chromium() -> str | None:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).is_file() else None


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


if __name__ == "__main__":
    if find_chromium() is None:
        print("The tests need a browser: installing Chromium (once)", flush=True)  # noqa: T201
        if install_chromium() is None:
            sys.exit(f"Browser tests will be skipped. {MISSING}")
