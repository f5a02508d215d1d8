"""Scans of the templates by cfn-lint, in every region that has the services, and by checkov.

Both are installed in their own environment by `make test-cloud`. cdk-nag is in test_synth.py.
"""

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import boto3
import pytest

from scripts.preflight import SERVICES, WITHOUT_BUDGETS
from scripts.setup import environment_of
from tests.infra.synthesized import ROOT, Stage

BIN = environment_of("scan") / "bin"
UNLISTED = {"me-central-1"}  # has SageMaker by boto3's data, but not by cfn-lint's
# A dependency in addition to a reference, which CDK adds, is harmless.
IGNORED = ("W3005",)
SKIPPED = re.compile(r"^  - (CKV\w+)  # (\S.*)$")


def _run(command: Sequence[str | Path], folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    if not (BIN / "cfn-lint").exists():
        pytest.fail("cfn-lint and checkov are not installed; run: python3 scripts/setup.py scan")
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def _templates(*stages: Stage) -> list[Path]:
    return [path for stage in stages for path in sorted(stage.folder.glob("*.template.json"))]


def regions() -> list[str]:
    """Return the regions with all services of the deployment (scripts/preflight.py)."""
    session = boto3.Session()
    found = set(session.get_available_regions("s3"))
    for service in SERVICES:
        found &= set(session.get_available_regions(service))
    return sorted(found - UNLISTED)


def test_cfn_lint_finds_nothing_in_any_region_that_has_the_services(prod: Stage, gpu: Stage) -> None:
    """Stage prod has a budget, which not every region supports; gpu has none."""
    assert len(regions()) > 20
    with_budgets = [region for region in regions() if region not in WITHOUT_BUDGETS]
    for stage, where in ((prod, with_budgets), (gpu, regions())):
        run = _run([BIN / "cfn-lint", "-i", *IGNORED, "--regions", *where, "--", *_templates(stage)])
        assert run.returncode == 0, run.stdout + run.stderr


def test_cfn_lint_finds_nothing_with_a_customer_key(keyed: Stage) -> None:
    """In one region, since the key adds no resource type that some regions lack."""
    run = _run([BIN / "cfn-lint", "-i", *IGNORED, "--regions", "eu-central-1", "--", *_templates(keyed)])
    assert run.returncode == 0, run.stdout + run.stderr


def test_cfn_lint_confirms_the_regions_without_budgets(prod: Stage) -> None:
    template = prod.folder / "VideoSentiment-prod-App.template.json"
    lacking = sorted(WITHOUT_BUDGETS & set(regions()))
    found = _run([BIN / "cfn-lint", "-i", *IGNORED, "--regions", *lacking, "--", template]).stdout
    assert all(f"'AWS::Budgets::Budget' does not exist in '{region}'" in found for region in lacking)


def test_cfn_lint_would_find_something(tmp_path: Path) -> None:
    template = tmp_path / "x.template.json"
    wrong = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 99999}}
    template.write_text(json.dumps({"Resources": {"Queue": wrong}}))
    assert "99999" in _run([BIN / "cfn-lint", "--", template]).stdout


def _failed(stage: Stage, folder: Path) -> dict[str, str]:
    """Return the checks of checkov that a stage fails, with one resource for each."""
    for path in _templates(stage):
        (folder / path.name).write_bytes(path.read_bytes())
    options = ["--framework", "cloudformation", "--skip-download", "--quiet", "-o", "json"]
    run = _run([BIN / "checkov", "-d", folder, *options], folder)  # in the checkout it would skip what is listed
    found = json.loads(run.stdout)
    assert found["summary"]["parsing_errors"] == 0 and found["summary"]["passed"] > 200
    return {check["check_id"]: check["resource"] for check in found["results"]["failed_checks"]}


def _listed() -> list[str]:
    lines = (ROOT / ".checkov.yaml").read_text().splitlines()
    listed = [match[1] for line in lines if (match := SKIPPED.match(line))]
    assert len(listed) == len(set(listed)) == sum("CKV" in line for line in lines)  # each has its reason
    return listed


def test_checkov_finds_what_is_listed_with_its_reason_and_nothing_else(prod: Stage, tmp_path: Path) -> None:
    """`.checkov.yaml` is the list: what it holds and checkov no longer finds has to go."""
    failed, listed = _failed(prod, tmp_path), _listed()
    assert {check: place for check, place in failed.items() if check not in listed} == {}
    assert set(listed) <= set(failed)


# Checks for a customer-managed key, which `customerKey` adds.
BY_THE_KEY = {"CKV_AWS_26", "CKV_AWS_27", "CKV_AWS_119", "CKV_AWS_149", "CKV_AWS_158", "CKV_AWS_166"}


def test_checkov_finds_less_with_a_customer_key(keyed: Stage, tmp_path: Path) -> None:
    failed = _failed(keyed, tmp_path)
    assert not BY_THE_KEY & set(failed)
    assert {check: place for check, place in failed.items() if check not in _listed()} == {}
