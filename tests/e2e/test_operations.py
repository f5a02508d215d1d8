"""Operator's scripts against a local deployment of the product."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.emulator import aws_environment
from scripts import deploy
from scripts.stage_outputs import DeployedError, check_stage
from tests.e2e.product import ROOT, Product, wait_until

TIMEOUT = 300


def _environment(product: Product) -> dict[str, str]:
    """Return an environment in which AWS clients use the emulator and ignore the user's own settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return inherited | {
        **aws_environment(product.settings),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1,localhost",
    }


def _script(product: Product, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"scripts.{name}", *arguments]
    environment = _environment(product)
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )


def _ops(product: Product, *arguments: str) -> str:
    run = _script(product, "ops", "--stage", "local", *arguments)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def _new_user(product: Product, name: str) -> tuple[str, str]:
    """Create a user with an API key, and return the owner and the key."""
    pool = product.outputs["UserPoolId"]
    cognito, password = product.aws("cognito-idp"), "Operator-has-no-1dea"
    attributes = [{"Name": "email", "Value": name}, {"Name": "email_verified", "Value": "true"}]
    created = cognito.admin_create_user(
        UserPoolId=pool, Username=name, UserAttributes=attributes, MessageAction="SUPPRESS"
    )
    cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)
    owner = next(a["Value"] for a in created["User"]["Attributes"] if a["Name"] == "sub")
    session = product.client(product.sign_in(name, password), "/app")
    return owner, str(session.post("/keys", {"name": "test"}, 201)["token"])


@pytest.mark.slow
def test_smoke_passes_on_a_working_product(product: Product) -> None:
    run = _script(product, "smoke", product.base, product.demo["api_key"], "--minutes", "4")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "analyzed:" in run.stdout and "deleted again" in run.stdout


def test_smoke_fails_with_an_unknown_key(product: Product) -> None:
    run = _script(product, "smoke", product.base, f"vs_{'b' * 24}_{'1' * 48}")
    assert run.returncode == 1
    assert "FAILED: GET /usage returned 401" in run.stderr


def test_an_operator_lists_owners_and_assigns_plans(product: Product) -> None:
    owner, key = _new_user(product, "planned@example.com")
    assert "has plan pro" in _ops(product, "plan", "planned@example.com", "pro")
    line = next(line for line in _ops(product, "owners").splitlines() if owner in line)
    assert " pro " in line and "1 keys" in line
    assert product.client(key).get("/usage")["limit"] == 100_000


def test_an_unknown_plan_is_a_one_line_error(product: Product) -> None:
    run = _script(product, "ops", "--stage", "local", "plan", "somebody", "gold")
    assert run.returncode == 2
    assert run.stderr.strip() == "error: unknown plan 'gold'; use one of: free, pro, business"


def test_a_leaked_key_can_be_revoked_immediately(product: Product) -> None:
    _, key = _new_user(product, "leaky@example.com")
    assert product.client(key).request("GET", "/usage").status_code == 200
    assert "revoked key" in _ops(product, "revoke", key)
    assert product.client(key).request("GET", "/usage").status_code == 401


def test_dead_letters_are_redriven(product: Product) -> None:
    sqs = product.aws("sqs")
    url = product.outputs["ResultQueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])["Attributes"]
    name = json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"].rpartition(":")[2]
    dead = sqs.get_queue_url(QueueName=name)["QueueUrl"]
    # A notification of an unknown inference, which on_result accepts and ignores.
    notice = {"invocationStatus": "Failed", "inferenceId": "none-of-ours", "responseParameters": {}}
    sqs.send_message(QueueUrl=dead, MessageBody=json.dumps(notice))
    assert "1 dead" in next(line for line in _ops(product, "queues").splitlines() if line.startswith("result"))
    assert "moved 1 messages; 0 remaining" in _ops(product, "redrive", "result")
    wait_until(lambda: _message_count(sqs, url) == 0)


def _message_count(sqs: Any, url: str) -> int:
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    return sum(map(int, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()))


def test_an_account_is_deleted(product: Product) -> None:
    owner, key = _new_user(product, "leaving@example.com")
    assert owner in _ops(product, "delete", "leaving@example.com", "--yes")
    assert product.client(key).request("GET", "/usage").status_code in (401, 403)
    assert "being deleted" in next(line for line in _ops(product, "owners").splitlines() if owner in line)


@pytest.fixture
def as_operator(product: Product, monkeypatch: pytest.MonkeyPatch) -> Iterator[Product]:
    """Yield the product with its AWS environment set for this process."""
    for name, value in _environment(product).items():
        monkeypatch.setenv(name, value)
    yield product


def test_the_site_is_uploaded_with_types_and_cache_control(
    as_operator: Product, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    static = tmp_path / "_next" / "static"
    static.mkdir(parents=True)
    (tmp_path / "index.html").write_text("<!doctype html><title>new</title>")
    (static / "main-2.js").write_text("2")
    (tmp_path / "csp.json").write_text("{}")
    monkeypatch.setattr(deploy, "site_folder", lambda: tmp_path)
    bucket, s3 = as_operator.outputs["SiteBucket"], as_operator.aws("s3")
    for old in ("old.html", "_next/static/main-1.js"):
        s3.put_object(Bucket=bucket, Key=old, Body=b"old")
    deploy._upload("local", as_operator.outputs)
    keys = {item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]}
    # Removed files are deleted, except scripts, which a page that is still open may request.
    assert {"index.html", "config.json", "_next/static/main-1.js", "_next/static/main-2.js"} <= keys
    assert not {"old.html", "csp.json"} & keys
    page = s3.get_object(Bucket=bucket, Key="index.html")
    assert (page["ContentType"], page["CacheControl"]) == ("text/html; charset=utf-8", "no-cache")
    text = s3.get_object(Bucket=bucket, Key="docs/llms.txt")
    assert text["ContentType"] == "text/plain; charset=utf-8"
    assert "immutable" in s3.get_object(Bucket=bucket, Key="_next/static/main-2.js")["CacheControl"]
    config = json.loads(s3.get_object(Bucket=bucket, Key="config.json")["Body"].read())
    assert config["userPoolId"] == as_operator.outputs["UserPoolId"]


def test_stage_local_requires_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with pytest.raises(DeployedError, match="set AWS_ENDPOINT_URL"):
        check_stage("local")
