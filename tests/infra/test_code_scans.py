"""Security scans of our code by bandit, and of the locked packages by pip-audit.

Both are in the scanners' environment, which `make test-cloud` installs, like the template scanners of test_scans.py.
"""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from scripts.setup import environment_of
from tests.infra.synthesized import ROOT

BIN = environment_of("scan") / "bin"
CODE = ("app.py", "bench", "lambdas", "local", "model", "scripts", "stacks", "training")
# Reviewed findings of bandit with medium or higher severity, with the reason why each is safe.
REVIEWED = {
    ("local/guard/tables.py", "B608"): "table names come from a constant list",
    ("model/reports/html_report.py", "B704"): "style and script are files of ours; images are base64",
    ("scripts/api_page.py", "B704"): "the style is a file of ours, the text our own API's description",
    ("stacks/image_build/handler.py", "B310"): "the URL comes from CloudFormation's request",
    ("training/card.py", "B701"): "the template writes Markdown",
    ("training/data/sources.py", "B202"): "the archive is extracted with the filter `data`",
    ("training/evaluation/report.py", "B704"): "the style is a file of ours",
    ("training/teachers.py", "B615"): "the weights are in a folder whose files' hashes are checked",
}
AUDITED = ("api", "cloud", "dev", "launch", "local", "model", "train")
AUDIT_SECONDS = 120  # per lock


def _run(name: str, arguments: Sequence[str], timeout: float | None = None) -> subprocess.CompletedProcess[str]:
    program = BIN / name
    if not program.exists():
        pytest.fail(f"{name} is not installed; run: python3 scripts/setup.py scan")
    return subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=timeout)


def _bandit(*paths: str) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = json.loads(
        _run("bandit", ["-q", "-ll", "-f", "json", "-r", *paths]).stdout
    )
    assert found["errors"] == []
    return found


def test_bandit_has_no_unreviewed_finding() -> None:
    found = _bandit(*CODE)
    assert len(found["metrics"]) > 200  # files
    assert {(result["filename"].removeprefix("./"), result["test_id"]) for result in found["results"]} == set(REVIEWED)


def test_bandit_would_find_something(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import subprocess\nsubprocess.run('ls ' + input(), shell=True)\n")
    assert [result["test_id"] for result in _bandit(str(wrong))["results"]] == ["B602"]


@pytest.mark.parametrize("lock", AUDITED)
def test_no_locked_package_has_a_known_vulnerability(lock: str) -> None:
    """Skipped if the package index has no advisories: PyPI serves them with each package, some mirrors do not."""
    options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "-f", "json", "--timeout", "10"]
    try:
        run = _run("pip-audit", [*options, "-r", f"requirements/{lock}.txt"], timeout=AUDIT_SECONDS)
    except subprocess.TimeoutExpired:
        pytest.skip(f"pip-audit got no response within {AUDIT_SECONDS} s")
    if not run.stdout:
        pytest.skip(f"pip-audit cannot download advisories: {run.stderr.strip()[-300:]}")
    audited = [package for package in json.loads(run.stdout)["dependencies"] if "skip_reason" not in package]
    if not audited:
        pytest.skip("the package index of this machine has no advisories")
    assert {package["name"]: [v["id"] for v in package["vulns"]] for package in audited if package["vulns"]} == {}
