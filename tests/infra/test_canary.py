"""The synthetic canary: what `make smoke` does, by a schedule, with a key of its own, and an alarm when it fails."""

import json
import os
import subprocess
import sys

from scripts.smoke import SAMPLE
from stacks import canary_source
from stacks.constructs.canary import COMMANDS
from tests.infra.synthesized import ROOT, Stage, as_list, flat, references


def test_it_runs_by_schedule_where_it_is_asked_for_and_tells_when_it_fails(gpu: Stage, prod: Stage) -> None:
    (project,) = gpu.resources("AWS::CodeBuild::Project", "App")
    rules = gpu.resources("AWS::Events::Rule", "App").values()
    (rule,) = (r for r in rules if r.get("ScheduleExpression") == "rate(1 day)")
    assert project in references(rule["Targets"][0]["Arn"])
    alarms = gpu.resources("AWS::CloudWatch::Alarm", "App").values()
    (failed,) = (a for a in alarms if a["MetricName"] == "FailedBuilds")
    assert project in references(failed["Dimensions"]) and "Monitoring" in flat(failed["AlarmActions"])
    assert not prod.resources("AWS::CodeBuild::Project", "App")  # each run wakes the endpoint, which is paid for


def test_it_may_make_and_revoke_its_own_key_and_nothing_else_of_its_kind(gpu: Stage) -> None:
    allowed = {
        action for place, s in gpu.statements() if place.startswith("GrantsCanary") for action in as_list(s["Action"])
    }
    assert allowed == {
        *("dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"),
        *("apigateway:POST", "apigateway:PUT", "apigateway:DELETE", "ssm:GetParameter"),
    }


def test_its_command_runs_on_its_files_alone(gpu: Stage) -> None:
    """Its last command, on the folder that goes up: all that it imports is there, and it is the one of `make smoke`."""
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


def test_what_it_installs_is_pinned() -> None:
    assert len(canary_source.requirements()) == len(canary_source.EXTRA_PACKAGES)
    assert all("==" in requirement for requirement in canary_source.requirements())
    assert "--require-hashes" in COMMANDS[0]
