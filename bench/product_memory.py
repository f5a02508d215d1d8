"""Memory of a local product's processes."""

import json
import subprocess
from pathlib import Path
from typing import NamedTuple

KIB_PER_MIB = 1024.0
PARTS = {"up": "web origin and SageMaker adapter", "emulator": "emulator", "model server": "model server"}
WORKERS = "Lambda workers"


class Resident(NamedTuple):
    """Number of processes of a kind, and their total resident memory in MiB."""

    processes: int
    mib: float


class _Process(NamedTuple):
    pid: int
    group: int
    kib: int


def resident(state: Path) -> dict[str, Resident]:
    """Return the processes of the running product with its data in `state`, by kind."""
    pids = {name: int(known["pid"]) for name, known in json.loads((state / "run.json").read_text()).items()}
    running = _running()
    found = {what: _sum([p for p in running if p.pid == pids[name]]) for name, what in PARTS.items()}
    # Each part is its own process group; that of the emulator contains its Lambda workers as well.
    emulator = pids["emulator"]
    return found | {WORKERS: _sum([p for p in running if p.group == emulator and p.pid != emulator])}


def _running() -> list[_Process]:
    command = ["ps", "-A", "-o", "pid=,pgid=,rss="]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return [_Process(*map(int, line.split())) for line in lines]


def _sum(processes: list[_Process]) -> Resident:
    return Resident(len(processes), sum(process.kib for process in processes) / KIB_PER_MIB)
