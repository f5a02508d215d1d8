"""Synthetic canary: the scheduled smoke test with its own API key, and an alarm on failure."""

import json
import os
import subprocess
import sys

from scripts.smoke import SAMPLE
from stacks import canary_source
from stacks.constructs.canary import COMMANDS
from tests.infra.synthesized import ROOT, Stage, as_list, flat, references


def test_it_runs_on_a_schedule_if_enabled_and_raises_an_alarm_on_failure(gpu: Stage, prod: Stage) -> None:
    (project,) = gpu.resources("AWS::CodeBuild::Project", "App")
    rules = gpu.resources("AWS::Events::Rule", "App").values()
    (rule,) = (r for r in rules if r.get("ScheduleExpression") == "rate(1 day)")
    assert project in references(rule["Targets"][0]["Arn"])
    alarms = gpu.resources("AWS::CloudWatch::Alarm", "App").values()
    (failed,) = (a for a in alarms if a["MetricName"] == "FailedBuilds")
    assert project in references(failed["Dimensions"]) and "Monitoring" in flat(failed["AlarmActions"])
    assert not prod.resources("AWS::CodeBuild::Project", "App")  # off by default, since each run starts the endpoint


def test_it_may_only_create_and_revoke_its_api_key(gpu: Stage) -> None:
    allowed = {
        action for place, s in gpu.statements() if place.startswith("GrantsCanary") for action in as_list(s["Action"])
    }
    assert allowed == {
        *("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
        *("apigateway:POST", "apigateway:PUT", "apigateway:DELETE", "ssm:GetParameter"),
    }


def test_its_command_runs_on_its_files_alone(gpu: Stage) -> None:
    """The last command runs in the uploaded folder, which has all its imports."""
    (project,) = gpu.resources("AWS::CodeBuild::Project", "App").values()
    spec = json.loads(project["Source"]["BuildSpec"])
    assert spec["phases"]["build"]["commands"] == list(COMMANDS)
    assert COMMANDS[-1] == "python -m scripts.ops --stage $STAGE smoke"
    folder = canary_source.build()
    script = (
        "import scripts.ops, scripts.smoke, lambdas.core.owners.api_keys, lambdas.core.clock; "
        "assert scripts.smoke.SAMPLE.is_file(); print(scripts.ops.__file__)"
    )
    environment = os.environ | {"PYTHONPATH": str(folder)}
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == str(folder / "scripts" / "ops.py")
    assert (folder / SAMPLE.relative_to(ROOT)).read_bytes() == SAMPLE.read_bytes()


def test_its_packages_are_pinned() -> None:
    assert len(canary_source.requirements()) == len(canary_source.EXTRA_PACKAGES)
    assert all("==" in requirement for requirement in canary_source.requirements())
    assert "--require-hashes" in COMMANDS[0]
