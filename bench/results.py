"""Results of a benchmark run, as they are saved, printed and written to the docs."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from bench.measure import Timing

PACKAGES = (
    "torch",
    "torchvision",
    "transformers",
    "ctranslate2",
    "faster-whisper",
    "openai-whisper",
    "av",
    "opencv-python-headless",
)

PARTS = ("runs", "stages", "long_runs", "api")  # fields of Results that may be measured separately
Contender = Literal["reference", "reference-faster", "reference-starter", "full-shape", "starter"]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Machine(_Record):
    """The machine of the measurements."""

    cpu: str
    cores: int
    instructions: tuple[str, ...]  # that affect the encoders' speed
    system: str
    python: str
    packages: dict[str, str]

    @classmethod
    def this(cls) -> "Machine":
        model, flags = _cpu()
        wanted = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16")
        return cls(
            cpu=model,
            cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
            instructions=tuple(flag for flag in wanted if flag in flags),
            system=f"{platform.system()} {platform.machine()}",
            python=platform.python_version(),
            packages={name: version(name) for name in PACKAGES},
        )


class Clip(_Record):
    """The analyzed clip."""

    seconds: float
    width: int
    height: int
    pictures: int


class Run(_Record):
    """One analysis in a fresh process, timed after its models were loaded."""

    contender: Contender
    load: Timing
    analysis: Timing
    utterances: int
    loaded_mib: float  # resident after loading
    peak_mib: float


class Form(_Record):
    """One implementation of a stage. `note` qualifies the timing."""

    what: str
    timing: Timing
    note: str = ""


class Stage(_Record):
    """A stage in the engine's implementation and in naive ones, each timed separately."""

    name: str
    bundle: str
    ours: Form
    naive: tuple[Form, ...]


class LongRun(_Record):
    """The memory of a whole analysis of a long video, with the starter bundle and the smallest transcriber."""

    minutes: float  # actual duration of the file
    analysis: Timing
    peak_mib: float
    utterances: int


class ApiCall(_Record):
    """One kind of request to the API, from several concurrent clients."""

    what: str
    requests: int
    errors: int
    per_second: float
    p50_ms: float
    p99_ms: float
    longest_ms: float | None = None  # earlier results lack it


class Memory(_Record):
    """Processes of one kind and their memory in MiB, before and right after the load."""

    what: str
    processes_before: int
    mib_before: float
    processes_after: int
    mib_after: float


class Waits(_Record):
    """Seconds from the request for an analysis to its result."""

    p50_s: float
    p95_s: float


class Fairness(_Record):
    """Waits of one user's short clips, with the product to themselves and beside another user's flood of long ones."""

    clips: int  # each time
    seconds: float  # of a short clip
    flood_seconds: float  # of a clip of the flood
    alone: Waits
    beside_a_flood: Waits

    @property
    def ratio(self) -> float:
        """Ratio of the p95 beside the flood to the p95 alone."""
        return self.beside_a_flood.p95_s / self.alone.p95_s


class Api(_Record):
    """The API of a local product: import time of its Lambda, latency under load, memory, and fairness of its queue."""

    importing: Timing
    clients: int
    calls: tuple[ApiCall, ...]
    memory: tuple[Memory, ...] = ()
    fairness: Fairness | None = None


class Results(_Record):
    """All results. Parts that were not measured are empty; `earlier` has the dates of those from earlier runs."""

    measured_at: str
    earlier: dict[str, str] = {}
    machine: Machine
    whisper_model: str
    clip: Clip
    runs: tuple[Run, ...] = ()
    stages: tuple[Stage, ...] = ()
    long_runs: tuple[LongRun, ...] = ()
    api: Api | None = None

    def best(self, contender: Contender) -> Run | None:
        """Return a contender's fastest run, the one least affected by other load."""
        return min((r for r in self.runs if r.contender == contender), key=lambda r: r.analysis.wall, default=None)

    def peak(self, contender: Contender) -> float:
        """Return the maximum peak memory of a contender's runs, in MiB."""
        return max((r.peak_mib for r in self.runs if r.contender == contender), default=0.0)

    def with_parts_of(self, earlier: "Results") -> "Results":
        """Return a copy with the missing parts of an earlier run, if that used the same machine and clip."""
        if (earlier.machine, earlier.clip, earlier.whisper_model) != (self.machine, self.clip, self.whisper_model):
            return self
        kept = [name for name in PARTS if getattr(earlier, name) and not getattr(self, name)]
        dates = {name: earlier.earlier.get(name, earlier.measured_at) for name in kept}
        return self.model_copy(update={**{name: getattr(earlier, name) for name in kept}, "earlier": dates})

    def save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Results":
        return cls.model_validate_json(path.read_bytes())


def now() -> str:
    """Return the current time as text."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")


def _cpu() -> tuple[str, Sequence[str]]:
    """Return the processor's name and, on Linux, its instruction sets."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return platform.processor() or platform.machine(), ()
    entries = dict(
        line.split(":", 1) for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if ":" in line
    )
    trimmed = {key.strip(): value.strip() for key, value in entries.items()}
    return trimmed.get("model name", platform.machine()), trimmed.get("flags", "").split()
