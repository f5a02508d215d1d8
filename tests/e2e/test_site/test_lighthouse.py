"""Lighthouse scores of the built site, signed in where a page requires it.

Asserts accessibility and best practices. Performance depends on the machine: it is printed (`pytest -s`) and, like the
reports, stored in build/lighthouse/.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.browsers import find_chromium, launch_arguments
from tests.e2e.product import ROOT, Product
from tests.e2e.test_site.browser_user import Account
from tests.e2e.test_site.conftest import SITE

HERE = SITE / "lighthouse"
OUT = ROOT / "build" / "lighthouse"
MIN_SCORE = 95
PUBLIC = {"landing": "/", "landing on a phone": "/", "sign-in": "/sign-in/"}
SIGNED_IN = {
    "dashboard": "/dashboard/",
    "analysis": "/analysis/?id={id}",
    "developers": "/developers/",
    "account": "/account/",
}
PAGES = PUBLIC | SIGNED_IN


@pytest.fixture(scope="module")
def lighthouse() -> Path:
    """Return the script that runs Lighthouse; install Lighthouse (190 MB) if it is missing."""
    wanted: dict[str, str] = json.loads((HERE / "package.json").read_text())["dependencies"]
    if {name: installed_version(name) for name in wanted} != wanted:
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return HERE / "run.mjs"


def installed_version(name: str) -> str | None:
    """Return the installed version of a package; None if it is missing."""
    package = HERE / "node_modules" / name / "package.json"
    return str(json.loads(package.read_text())["version"]) if package.is_file() else None


@pytest.fixture(scope="module")
def scores(lighthouse: Path, product: Product, built_site: Path, analyzed: tuple[Account, str]) -> dict[str, Any]:
    """Return the score in percent and the failed audits by page and category."""
    assert (built_site / "index.html").is_file()
    account, analysis_id = analyzed
    pages = [
        {
            "name": name,
            "path": path.format(id=analysis_id),
            "phone": name.endswith("phone"),
            "signedIn": name in SIGNED_IN,
        }
        for name, path in PAGES.items()
    ]
    task = {
        "chromium": find_chromium(),
        "arguments": launch_arguments(),
        "base": product.base,
        "account": {"email": account.email, "password": account.password},
        "out": str(OUT),
        "pages": pages,
    }
    done = subprocess.run(["node", lighthouse], input=json.dumps(task), text=True, check=False)
    assert done.returncode == 0, "Lighthouse failed; see its output above"
    found: dict[str, Any] = json.loads((OUT / "scores.json").read_text())
    return found


@pytest.mark.parametrize("category", ["accessibility", "best-practices"])
@pytest.mark.parametrize("name", PAGES)
def test_scores_are_high(scores: dict[str, Any], name: str, category: str) -> None:
    found = scores[name][category]
    assert found["score"] >= MIN_SCORE, found["lost"]
