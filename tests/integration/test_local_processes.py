"""Child processes of a local product: they end with all their descendants, and leftovers of earlier runs are found."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from typer.testing import CliRunner

from local import demo_user, deployment, emulator
from local.__main__ import MARK, app, check_ports
from local.demo_user import DemoUser
from local.deployment import Outputs
from local.errors import LocalError
from local.processes import Child, Record, identity, signal_group, wait_for_end
from local.settings import LocalSettings
from local.sockets import LINK, Sockets
from tests.integration.local_parts import free_ports, served

needs_ipv6 = pytest.mark.skipif(not Path("/proc/net/if_inet6").exists(), reason="this machine has no IPv6")
SLEEPER = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)


async def start(tmp_path: Path, script: str) -> Child:
    command = [sys.executable, "-c", script]
    return await Child.start("part", command, environment={"A": "1"}, log=tmp_path / "part.log", cwd=tmp_path)


def group_of(pid: int) -> list[str]:
    """Return the processes of a group."""
    found = subprocess.run(["ps", "-A", "-o", "pgid=,pid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = (line.split() for line in found.splitlines())
    return [process for group, process, state in rows if int(group) == pid and not state.startswith("Z")]


def left_of(pid: int) -> list[str]:
    """Return the processes that remain in a killed group, after a moment for them to disappear."""
    end = time.monotonic() + 10
    while (left := group_of(pid)) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def test_stopping_a_child_ends_its_descendants(tmp_path: Path) -> None:
    async def scenario() -> int:
        child = await start(tmp_path, f"{SLEEPER}; time.sleep(600)")
        while len(group_of(child.pid)) < 2:
            await asyncio.sleep(0.05)
        await child.stop()
        return child.pid

    assert left_of(asyncio.run(scenario())) == []


def test_descendants_of_an_exited_child_are_ended(tmp_path: Path) -> None:
    async def scenario() -> int:
        child = await start(tmp_path, SLEEPER)
        assert await child.wait() == 0
        assert group_of(child.pid)
        await child.stop()
        return child.pid

    assert left_of(asyncio.run(scenario())) == []


def test_a_child_that_ignores_termination_is_killed(tmp_path: Path) -> None:
    async def scenario() -> int | None:
        child = await start(tmp_path, STUBBORN)
        while b"up" not in (tmp_path / "part.log").read_bytes():
            await asyncio.sleep(0.05)
        await child.stop(grace=0.2)
        return child.returncode

    assert asyncio.run(scenario()) == -signal.SIGKILL


def test_a_failed_child_is_reported_with_its_log(tmp_path: Path) -> None:
    async def scenario() -> None:
        child = await start(tmp_path, "import os, sys; print(sorted(os.environ)); sys.exit('no luck')")
        await child.wait_for_success()

    with pytest.raises(LocalError, match="no luck") as failure:
        asyncio.run(scenario())
    assert str(tmp_path / "part.log") in str(failure.value)
    environment = (tmp_path / "part.log").read_text()
    assert "'A'" in environment
    assert "'HOME'" not in environment  # the test's environment is not inherited


def test_processes_of_a_killed_parent_are_ended(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    known = {"part": {"pid": child.pid, "identity": identity(child.pid)}}
    (tmp_path / "run.json").write_text(json.dumps(known))
    assert Record(tmp_path / "run.json").end_children() == ["part"]
    assert child.wait(10) == -signal.SIGTERM


def test_another_process_with_a_reused_pid_is_not_ended(tmp_path: Path) -> None:
    known = {"part": {"pid": os.getpid(), "identity": "Mon Jan  1 00:00:00 2001 something else"}}
    (tmp_path / "run.json").write_text(json.dumps(known))
    assert Record(tmp_path / "run.json").end_children() == []
    assert wait_for_end([], 0)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": 1}', '{"a": {"pid": "x"}}'])
def test_a_damaged_record_lists_no_processes(tmp_path: Path, content: str) -> None:
    (tmp_path / "run.json").write_text(content)
    assert Record(tmp_path / "run.json").running() == {}


@pytest.mark.parametrize("host", ["127.0.0.1", *(pytest.param(host, marks=needs_ipv6) for host in ("::1", "::"))])
def test_a_port_in_use_is_reported_with_the_option_to_change_it(host: str) -> None:
    ports = free_ports()
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as other:
        other.bind((host, ports.emulator))
        other.listen()
        with pytest.raises(LocalError, match=rf"{ports.emulator}.*--emulator-port"):
            check_ports(ports)
    check_ports(ports)


def test_a_machine_without_ipv6_can_use_its_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.__main__.HOST_IPV6", "2001:db8::1")  # a documentation address (RFC 3849)
    check_ports(free_ports())


@needs_ipv6
def test_the_demo_user_is_created_at_an_address_no_other_program_can_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`localhost` may resolve to [::1], where another program may listen at the same port; it must not get the key."""
    settings = LocalSettings(state=tmp_path, ports=free_ports())
    known = DemoUser("a@example.com", "password", "owner", "vs_key")
    (tmp_path / "demo.json").write_text(json.dumps(asdict(known)))
    real = socket.getaddrinfo

    def leads_elsewhere(host: Any, *more: Any, **named: Any) -> Any:
        return real("::1" if host in ("localhost", b"localhost") else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", leads_elsewhere)
    outputs = Outputs(**{field.name: "" for field in fields(Outputs)})
    with socket.create_server(("::1", settings.ports.web), family=socket.AF_INET6) as other:
        other.settimeout(0)
        with served(Starlette(routes=[Route("/api/usage", lambda _: Response())]), settings.ports.web):
            assert asyncio.run(demo_user.ensure(settings, outputs)) == known
        with pytest.raises(BlockingIOError):
            other.accept()


def test_sockets_are_private_and_removed_after_the_run(tmp_path: Path) -> None:
    killed, one = Sockets(tmp_path), Sockets(tmp_path)
    assert not killed.model.parent.exists()
    assert one.model.parent == one.adapter.parent == (tmp_path / LINK).resolve()
    assert one.model.parent.stat().st_mode & 0o777 == 0o700
    one.adapter.touch()
    one.remove()
    assert not one.model.parent.exists() and list(tmp_path.iterdir()) == []
    (tmp_path / "kept").mkdir()
    (tmp_path / LINK).symlink_to(tmp_path / "kept")  # created by another user
    Sockets(tmp_path).remove()
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_missing_and_outdated_tools_are_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalError, match=r"Node.js 20"):
        deployment.check_tools()
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho v18.1.0\n")
    node.chmod(0o755)
    with pytest.raises(LocalError, match="this is v18.1.0"):
        deployment.check_tools()
    node.write_text("#!/bin/sh\necho v20.0.0\n")
    monkeypatch.setattr(deployment, "CDK", tmp_path / "cdk")
    with pytest.raises(LocalError, match="npm ci"):
        deployment.check_tools()


def test_the_deployment_depends_on_sources_and_context(tmp_path: Path) -> None:
    one = LocalSettings(state=tmp_path)
    assert deployment.fingerprint(one) == deployment.fingerprint(LocalSettings(state=tmp_path / "other"))
    assert deployment.fingerprint(one) != deployment.fingerprint(LocalSettings(context=("alarmEmail=a@b.c",)))
    assert deployment.fingerprint(one) != deployment.fingerprint(LocalSettings(ports=free_ports()))


def test_down_and_reset_without_a_product(tmp_path: Path) -> None:
    run, nowhere = CliRunner(), str(tmp_path / "nowhere")
    assert run.invoke(app, ["down", "--state", nowhere]).output == "nothing is running\n"
    assert run.invoke(app, ["reset", "--state", nowhere, "--yes"]).output == "nothing to remove\n"


def test_a_foreign_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    refused = CliRunner().invoke(app, ["up", "--state", str(tmp_path)])
    assert refused.exit_code == 1
    assert "is not empty" in refused.output
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_reset_removes_only_a_products_folder(tmp_path: Path) -> None:
    run = CliRunner()
    (tmp_path / "data").mkdir()
    refused = run.invoke(app, ["reset", "--state", str(tmp_path), "--yes"])
    assert refused.exit_code == 1
    assert (tmp_path / "data").exists()
    (tmp_path / MARK).touch()
    assert run.invoke(app, ["reset", "--state", str(tmp_path)], input="n\n").exit_code == 1
    assert (tmp_path / "data").exists()
    assert run.invoke(app, ["reset", "--state", str(tmp_path)], input="y\n").exit_code == 0
    assert not tmp_path.exists()


def test_an_emulator_killed_before_its_first_save_starts_empty(tmp_path: Path) -> None:
    """Objects are written at once, other state only at the end; leftover objects must not block a new deployment."""
    settings = LocalSettings(state=tmp_path, ports=free_ports())

    async def scenario(number: signal.Signals) -> list[str]:
        child = await emulator.start(settings)
        s3 = emulator.client(settings, "s3")
        found = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
        s3.create_bucket(Bucket="one")
        s3.put_object(Bucket="one", Key="key", Body=b"1")
        signal_group(child.pid, number)
        await child.wait()
        await child.stop()
        return found

    assert asyncio.run(scenario(signal.SIGKILL)) == []
    assert asyncio.run(scenario(signal.SIGTERM)) == []
    assert asyncio.run(scenario(signal.SIGKILL)) == ["one"]
