"""Audit log of operators' commands, and the saved query of owners' usage."""

import io
import json
import sys
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from typer.testing import CliRunner

from lambdas.core.aws import observability
from scripts import audit, ops
from tests.infra.synthesized import Stage, flat

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
GROUP = "/video-sentiment/prod/audit"
KEY = f"vs_{'a' * 24}_{'0' * 48}"


@pytest.fixture
def logs(moto_account: boto3.Session) -> Any:
    """CloudWatch Logs client of an account with the stage's audit log."""
    client = moto_account.client("logs")
    client.create_log_group(logGroupName=GROUP)
    return client


def _entries(logs: Any) -> list[dict[str, Any]]:
    events = logs.filter_log_events(logGroupName=GROUP)["events"]
    return [json.loads(event["message"]) for event in events]


def test_a_command_is_recorded_with_its_operator_and_without_secrets(logs: Any) -> None:
    audit.record(GROUP, "revoke", ["--stage", "prod", "revoke", KEY], NOW)
    audit.record(GROUP, "plan", ["--stage", "prod", "plan", "alice", "pro"], NOW)
    first, second = _entries(logs)
    assert first["command"] == "revoke" and first["operator"].startswith("arn:aws:sts::")
    assert first["arguments"][-1] == f"vs_{'a' * 24}_..."
    assert second["arguments"][-2:] == ["alice", "pro"]


@pytest.mark.parametrize(("command", "recorded"), [(["plan", "alice", "nonsense"], True), (["queues"], False)])
def test_commands_that_change_something_are_recorded_before_they_run(
    logs: Any, monkeypatch: pytest.MonkeyPatch, command: list[str], recorded: bool
) -> None:
    monkeypatch.setattr(ops, "configure_core", lambda _stage: {"AuditLog": GROUP})
    monkeypatch.setattr(sys, "argv", ["ops", "--stage", "prod", *command])
    CliRunner().invoke(ops.app, ["--stage", "prod", *command])
    assert [entry["command"] for entry in _entries(logs)] == (command[:1] if recorded else [])


def test_a_command_that_cannot_be_recorded_does_not_run(logs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ops, "configure_core", lambda _stage: {"AuditLog": "/nowhere"})
    run = CliRunner().invoke(ops.app, ["--stage", "prod", "plan", "alice", "nonsense"])
    assert run.exception is not None and "unknown plan" not in str(run.exception)
    assert logs.exceptions.ResourceNotFoundException.__name__ == type(run.exception).__name__


def test_the_stage_keeps_the_log_for_a_year(prod: Stage, local: Stage) -> None:
    groups = prod.full_resources("AWS::Logs::LogGroup", "App").values()
    (group,) = (g for g in groups if g["Properties"].get("LogGroupName") == GROUP)
    assert group["Properties"]["RetentionInDays"] == 365 and group["DeletionPolicy"] == "Retain"
    assert "AuditLog" in prod.templates["App"]["Outputs"] and "AuditLog" not in local.templates["App"]["Outputs"]


def test_the_usage_of_single_owners_is_a_saved_query(prod: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    (query,) = prod.resources("AWS::Logs::QueryDefinition").values()
    text = flat(query["QueryString"])
    written = io.StringIO()
    monkeypatch.setattr(observability.logger.registered_handler, "stream", written)
    observability.meter("completed", "alice", 1.5)
    line = json.loads(written.getvalue().splitlines()[-1])
    assert (line["metered"], line["owner"], line["minutes"]) == ("completed", "alice", 1.5)
    assert all(field in text for field in ("metered", "owner", "minutes"))
    assert len(query["LogGroupNames"]) == 4
