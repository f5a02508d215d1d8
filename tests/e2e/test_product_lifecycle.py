"""Start, stop and restart of the product: all processes end, and no accepted work is lost."""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.e2e.product import ROOT, Product, missing_tools, wait_until
from tests.integration.local_parts import free_ports

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(missing_tools() is not None, reason=str(missing_tools())),
]


def local(*arguments: object) -> "subprocess.CompletedProcess[str]":
    """Run a command of `python -m local`."""
    command = [sys.executable, "-m", "local", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_second_start_is_rejected(product: Product) -> None:
    refused = local("up", "--state", product.settings.state)
    assert refused.returncode == 1
    assert "already running" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_port_in_use_is_reported_before_anything_starts(product: Product, tmp_path: object) -> None:
    refused = local("up", "--state", f"{tmp_path}/other", "--port", product.settings.ports.web)
    assert refused.returncode == 1
    assert f"port {product.settings.ports.web} (web) is in use" in refused.stderr


def test_a_stop_during_a_job_loses_nothing(product: Product, sample_bytes: bytes, clip: bytes) -> None:
    """`down` ends every process; the next start finds key, analyses and the accepted job, and does not deploy again."""
    before, key = product.developer.used, product.demo["api_key"]
    analysis_id = product.developer.start(product.developer.upload(sample_bytes))
    wait_until(lambda: bool(product.analyses_started(analysis_id)))
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
    assert product.developer.wait_for_analysis(analysis_id)["status"] == "completed"
    assert product.developer.used == before + 1
    another = product.developer.start(product.developer.upload(clip))
    # Through the table's stream, which must be read from its current position; the sweeper would take two minutes.
    wait_until(lambda: bool(product.analyses_started(another)), timeout=90)


def test_a_crash_of_the_emulator_ends_the_product_and_loses_nothing(
    product: Product, clip: bytes, sample_bytes: bytes
) -> None:
    """The output names the log; completed analyses persist, and accepted ones are processed after the next start."""
    developer = product.developer
    before = developer.used
    done = developer.start(developer.upload(clip))
    assert developer.wait_for_analysis(done)["status"] == "completed"
    accepted = developer.start(developer.upload(sample_bytes))
    processes = product.processes()
    os.kill(product.pid("emulator"), signal.SIGKILL)
    assert product.stop(None) == 1
    output = product.output.read_text()
    assert str(product.settings.log("emulator")) in output
    assert "Traceback" not in output
    assert [pid for pid in processes if exists(pid)] == []
    product.start()
    assert "unchanged, deployment skipped" in product.output.read_text()
    assert product.developer.get(f"/analyses/{done}")["analysis"]["utterances"]
    assert product.developer.wait_for_analysis(accepted)["status"] == "completed"
    assert product.developer.used == before + 2


def test_the_next_start_ends_processes_of_a_killed_product(product: Product) -> None:
    orphans = product.processes()
    assert product.stop(signal.SIGKILL) == -signal.SIGKILL
    assert [pid for pid in orphans if exists(pid)]
    product.start()
    assert "stopped processes of an earlier run" in product.output.read_text()
    assert [pid for pid in orphans if exists(pid)] == []
    assert product.developer.get("/usage")


def test_a_start_at_other_ports_restores_the_demo_key(product: Product, clip: bytes) -> None:
    """A user may revoke the demo key and turn on two-step sign-in; the next start regains access."""
    stored = product.developer.start(product.developer.upload(clip))
    assert product.developer.wait_for_analysis(stored)["status"] == "completed"
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
    assert product.developer.wait_for_analysis(stored)["analysis"]["utterances"]
    another = product.developer.start(product.developer.upload(clip))
    assert product.developer.wait_for_analysis(another)["status"] == "completed"


def exists(pid: int) -> bool:
    """Return True if a process is running. Zombies are not."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(found.strip()) and not found.startswith("Z")
