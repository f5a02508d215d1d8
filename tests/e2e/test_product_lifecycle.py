"""The whole product from start to stop and on again: everything ends together, and nothing that counts is lost."""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.e2e.product import ROOT, Product, missing_tools, until
from tests.integration.local_parts import free_ports

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools())),
]


def local(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "local", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_second_start_beside_the_first_says_so(product: Product) -> None:
    refused = local("up", "--state", product.settings.state)
    assert refused.returncode == 1
    assert "already running" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_taken_port_is_said_before_anything_is_started(product: Product, tmp_path: object) -> None:
    refused = local("up", "--state", f"{tmp_path}/other", "--port", product.settings.ports.web)
    assert refused.returncode == 1
    assert f"port {product.settings.ports.web} (web) is taken" in refused.stderr


def test_a_stop_in_the_middle_of_a_job_loses_nothing(product: Product, sample_bytes: bytes, clip: bytes) -> None:
    """`down` ends every process; the next start knows key, analyses and the accepted job, and deploys nothing."""
    before, key = product.developer.used, product.demo["api_key"]
    analysis_id = product.developer.start(product.developer.upload(sample_bytes))
    until(lambda: bool(product.analyses_started(analysis_id)))
    processes = product.processes()
    assert len(processes) >= 3  # the emulator, Lambdas, the model server
    assert local("down", "--state", product.settings.state).stdout == "stopped\n"
    assert product.stop() == 0
    assert [pid for pid in processes if exists(pid)] == []
    for port in product.settings.ports.named().values():
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
    product.start()
    assert "unchanged, deployment skipped" in product.output.read_text()
    assert product.demo["api_key"] == key
    assert product.developer.finished(analysis_id)["status"] == "completed"
    assert product.developer.used == before + 1
    another = product.developer.start(product.developer.upload(clip))
    # By the table's stream, which must be read from where it is now: the sweeper would need two minutes.
    until(lambda: bool(product.analyses_started(another)), patience=90)


def test_when_the_emulator_dies_everything_ends_and_what_was_answered_is_there_again(
    product: Product, clip: bytes, sample_bytes: bytes
) -> None:
    """Its log is named; what was done stays done, and what was accepted is done by the next start."""
    developer = product.developer
    before = developer.used
    done = developer.start(developer.upload(clip))
    assert developer.finished(done)["status"] == "completed"
    accepted = developer.start(developer.upload(sample_bytes))
    processes = product.processes()
    os.kill(product.pid("emulator"), signal.SIGKILL)
    assert product.stop(None) == 1
    said = product.output.read_text()
    assert str(product.settings.log("emulator")) in said
    assert "Traceback" not in said
    assert [pid for pid in processes if exists(pid)] == []
    product.start()
    assert "unchanged, deployment skipped" in product.output.read_text()
    assert product.developer.get(f"/analyses/{done}")["analysis"]["utterances"]
    assert product.developer.finished(accepted)["status"] == "completed"
    assert product.developer.used == before + 2


def test_what_a_killed_product_left_running_is_ended_by_the_next(product: Product) -> None:
    left = product.processes()
    assert product.stop(signal.SIGKILL) == -signal.SIGKILL
    assert [pid for pid in left if exists(pid)]
    product.start()
    assert "stopped processes of an earlier run" in product.output.read_text()
    assert [pid for pid in left if exists(pid)] == []
    assert product.developer.get("/usage")


def test_a_start_at_other_ports_without_a_key_works_on(product: Product, clip: bytes) -> None:
    """Whoever plays with the demo account can lock `up` out of it; the next start lets itself in again."""
    kept = product.developer.start(product.developer.upload(clip))
    assert product.developer.finished(kept)["status"] == "completed"
    account = product.demo["email"], product.demo["password"]
    session = product.client(product.sign_in(*account), "/app")
    for key in session.get("/keys")["keys"]:
        session.delete(f"/keys/{key['id']}", status=204)
    pool = product.outputs["UserPoolId"]
    second_step = {"Enabled": True, "PreferredMfa": True}
    product.aws("cognito-idp").admin_set_user_mfa_preference(
        UserPoolId=pool, Username=account[0], SoftwareTokenMfaSettings=second_step
    )
    assert product.stop() == 0
    product.settings = replace(product.settings, ports=free_ports())
    product.start()
    assert product.developer.finished(kept)["analysis"]["utterances"]
    another = product.developer.start(product.developer.upload(clip))
    assert product.developer.finished(another)["status"] == "completed"


def exists(pid: int) -> bool:
    """Whether a process still runs; one that has ended and that nobody has asked for does not."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(found.strip()) and not found.startswith("Z")
