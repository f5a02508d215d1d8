"""Child processes, each in its own session with a log file; stopping one also stops its descendants.

In their own sessions, children do not receive Ctrl-C from the terminal: the parent stops them in order, the emulator
last, since the others write to it. A record of the running processes lets a later `up` or `down` stop the children of
a killed parent.
"""

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.errors import LocalError
from local.files import write_atomic

GRACE = 60.0  # seconds between SIGTERM and SIGKILL, in which the emulator writes its state
TAIL = 15  # lines of a log shown in an error message


class Child:
    """Child process with its descendants."""

    def __init__(self, name: str, log: Path, process: asyncio.subprocess.Process) -> None:
        self.name, self.log = name, log
        self._process = process

    @classmethod
    async def start(
        cls, name: str, command: Sequence[str | Path], *, environment: Mapping[str, str], log: Path, cwd: Path
    ) -> "Child":
        """Run a command with exactly the given environment. Raises LocalError when it cannot be started."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            try:
                process = await asyncio.create_subprocess_exec(
                    *map(str, command),
                    env=dict(environment),
                    cwd=cwd,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                )
            except OSError as error:
                raise LocalError(f"{name} could not be started: {error}") from error
        return cls(name, log, process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Exit code; None while the process runs."""
        return self._process.returncode

    async def wait(self) -> int:
        """Wait for the process to end, and return its exit code."""
        return await self._process.wait()

    async def wait_for_success(self) -> None:
        """Wait for the process to end; stop it on cancellation. Raises LocalError unless it exits with 0."""
        try:
            if await self.wait() != 0:
                raise LocalError(f"{self.exit_message()}\n{self.tail()}")
        finally:
            await self.stop()

    async def stop(self, grace: float = GRACE) -> None:
        """Stop the process and the rest of its session. `grace`: seconds between SIGTERM and SIGKILL."""
        if self._process.returncode is None:
            signal_group(self.pid, signal.SIGTERM)
            try:
                async with asyncio.timeout(grace):
                    await self._process.wait()
            except TimeoutError:
                pass
        signal_group(self.pid, signal.SIGKILL)
        await self._process.wait()

    def exit_message(self) -> str:
        """Return one line for the user with the exit code and the log's path."""
        return f"{self.name} ended (exit code {self.returncode}); see its log: {self.log}"

    def tail(self) -> str:
        """Return the last TAIL lines of the log, indented."""
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL:]
        return "\n".join(f"  {line}" for line in lines)


class Record:
    """File with the running processes of a product, for a later `up` or `down`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, children: Sequence[Child]) -> None:
        """Replace the record with this process and its children."""
        pids = {"up": os.getpid()} | {child.name: child.pid for child in children}
        known = {name: {"pid": pid, "identity": identity(pid)} for name, pid in pids.items()}
        write_atomic(self._path, json.dumps(known, indent=2))

    def running(self) -> dict[str, int]:
        """Return the recorded processes that still run, process ids by name, without reused ids."""
        try:
            known = json.loads(self._path.read_text())
            return {
                name: p["pid"] for name, p in known.items() if p["identity"] and identity(p["pid"]) == p["identity"]
            }
        except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):  # no record, or a damaged one
            return {}

    def end_children(self) -> list[str]:
        """Stop the children of a killed parent; return their names."""
        orphans = {name: pid for name, pid in self.running().items() if name != "up"}
        for pid in orphans.values():
            signal_group(pid, signal.SIGTERM)
        wait_for_end(list(orphans.values()), GRACE)
        for pid in orphans.values():
            signal_group(pid, signal.SIGKILL)
        return list(orphans)


def identity(pid: int) -> str:
    """Return a process's start time and command, by which a reused id is detected; "" when it does not exist."""
    found = subprocess.run(
        ["ps", "-o", "lstart=,command=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return "" if "<defunct>" in found else found.strip()


def wait_for_end(pids: Sequence[int], timeout: float) -> bool:
    """Wait until none of these processes runs; return False when one still does after `timeout` seconds."""
    end = time.monotonic() + timeout
    while any(identity(pid) for pid in pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to a session's process group, if it still exists."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
