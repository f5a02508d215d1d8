"""Audit log of operators' commands: who changed what in a deployed stage, and when."""

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import boto3

# Matches an API key, which `revoke` accepts, to remove its secret part from the log.
SECRET = re.compile(r"(vs_[a-z2-7]{24})_[0-9a-f]+")


def record(group: str, command: str, arguments: Sequence[str], now: datetime) -> dict[str, Any]:
    """Record a command before it runs; return the entry. Raises botocore's errors: it must not run unrecorded."""
    logs = boto3.client("logs")
    entry = {
        "operator": boto3.client("sts").get_caller_identity()["Arn"],
        "command": command,
        "arguments": [SECRET.sub(r"\1_...", argument) for argument in arguments],
    }
    stream = f"{now:%Y-%m-%d}"
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    event = {"timestamp": int(now.timestamp() * 1000), "message": json.dumps(entry)}
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])
    return entry
