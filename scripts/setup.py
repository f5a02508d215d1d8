"""Create an environment of the checkout: `.venv` or `.venv-GROUP`, with one dependency group from its exact lock.

Runs on the system's Python without any package. Does nothing when the environment is current, so every `make` target
can call it first.

    python3 scripts/setup.py [model|train|dev|launch|...]
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIP = "26.3"
TORCH = ("torch==2.13.0", "torchvision==0.28.0")
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
CPU_ATTEMPTS = 3  # with TORCH=cpu, as in the image's build
PAUSE = 10.0  # seconds between attempts
# Groups that include a group: an environment with `dev` also serves `model`.
INCLUDED_IN = {"model": ("train", "cloud", "dev"), "train": ("dev",), "cloud": ("dev",)}
SEPARATE = ("launch", "local", "scan")  # in `.venv-GROUP`, since they are large or incompatible with the others
# Environments without our package: Lambdas in the emulator import from its environment, where our package would hide
# files missing from a bundle; the scanners do not need it.
WITHOUT_PROJECT = ("local", "scan")


def main() -> int:
    """Set up the environment of the group named on the command line; return the exit code."""
    group = sys.argv[1] if len(sys.argv) > 1 else "dev"
    lock = ROOT / "requirements" / f"{group}.txt"
    if not lock.is_file():
        known = ", ".join(sorted(path.stem for path in lock.parent.glob("*.txt")))
        return fail(f"unknown dependency group {group!r}; use one of: {known}")
    if sys.version_info < (3, 11):  # noqa: UP036  (an older Python may run this script)
        return fail(f"Python 3.11 or newer is required; this is {platform.python_version()}")
    if any(stamp_of(name).exists() for name in (group, *INCLUDED_IN.get(group, ())) if is_current(name)):
        return 0
    environment = environment_of(group)
    python = python_of(environment)
    print(f"setting up {environment.name} for {group!r} (once; a few minutes)", flush=True)
    try:
        if not python.exists():
            venv.create(environment, with_pip=True)
        pip(python, "install", "-qq", f"pip=={PIP}")
        if group in ("model", "train", "cloud", "dev") and not install_torch(python):
            return fail(
                f"no CPU build of torch is available from {TORCH_CPU_INDEX} or from pip's configured index. "
                "Run the same target again once one is reachable, or with TORCH=cuda for the CUDA build (several GB)."
            )
        # Without dependencies: the locks are complete except for packages that they omit on purpose.
        pip(python, "install", "-qq", "--no-deps", "--require-hashes", "-r", str(lock))
        if group not in WITHOUT_PROJECT:
            pip(python, "install", "-qq", "--no-deps", "--editable", str(ROOT))
    except subprocess.CalledProcessError as error:
        command = " ".join(map(str, error.cmd))
        return fail(f"`{command}` failed; see its output above, then run the same target again.")
    stamp_of(group).write_text(fingerprint(group))
    return 0


def install_torch(python: Path) -> bool:
    """Install the pinned torch: the CPU build, unless this machine has an NVIDIA GPU or TORCH=cuda is set.

    Return False when no CPU build is available. The CUDA build is not a fallback: it is several GB larger, which would
    go unnoticed until the image is too large or its GPU libraries are missing.
    """
    requested = os.environ.get("TORCH", "")
    wants_cuda = (requested or ("cuda" if shutil.which("nvidia-smi") else "cpu")) == "cuda"
    if wants_cuda or platform.system() != "Linux":
        return pip(python, "install", "-qq", *TORCH)  # PyPI's builds: CUDA on Linux, CPU on macOS and Windows
    # CPU builds exist only in PyTorch's own index, or in an index that this machine's pip is configured for.
    official = ("--retries", "0", "--timeout", "10", "--index-url", TORCH_CPU_INDEX)
    attempts = CPU_ATTEMPTS if requested else 1
    for attempt in range(attempts):
        if pip(python, "install", "-qq", "--no-deps", *official, *TORCH, check=False, quiet=True):
            return True
        if attempt + 1 < attempts:
            time.sleep(PAUSE)
    pip(python, "install", "-qq", "--no-deps", *TORCH)
    if torch_is_cpu_build(python):
        return True
    pip(python, "uninstall", "-qq", "--yes", *(name.partition("==")[0] for name in TORCH))
    return False


def torch_is_cpu_build(python: Path) -> bool:
    """Return True when an environment's torch is a CPU build."""
    script = "import importlib.metadata as m; print(m.version('torch'))"
    version = subprocess.run([python, "-c", script], check=True, capture_output=True, text=True).stdout
    return version.strip().endswith("+cpu")


def pip(python: Path, *arguments: str, check: bool = True, quiet: bool = False) -> bool:
    """Run an environment's own pip; return True when it succeeded."""
    output = subprocess.DEVNULL if quiet else None
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=check, stdout=output, stderr=output).returncode == 0


def environment_of(group: str) -> Path:
    """Return the folder of a group's environment."""
    return ROOT / (f".venv-{group}" if group in SEPARATE else ".venv")


def python_of(environment: Path) -> Path:
    """Return an environment's interpreter."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def stamp_of(group: str) -> Path:
    """Return the file with the fingerprint of a group's installation."""
    return environment_of(group) / f".installed-{group}"


def is_current(group: str) -> bool:
    """Return True when the group is installed as its lock requires."""
    stamp = stamp_of(group)
    return python_of(environment_of(group)).exists() and stamp.is_file() and stamp.read_text() == fingerprint(group)


def fingerprint(group: str) -> str:
    """Return a digest of all inputs of a group's installation; when it changes, the group is installed again."""
    parts = [Path(__file__).read_bytes(), (ROOT / "requirements" / f"{group}.txt").read_bytes()]
    parts.append((ROOT / "pyproject.toml").read_bytes())
    parts.append(os.environ.get("TORCH", "").encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def fail(message: str) -> int:
    """Print an error; return the exit code."""
    print(f"setup: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
