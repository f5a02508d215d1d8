"""Make an environment of the checkout: `.venv` with one dependency group from its exact lock, or `.venv-launch`.

Runs on the system's Python with nothing installed. Does nothing when the environment already holds
what the locks ask for, so every `make` target can call it first.

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
CPU_ATTEMPTS = 3  # where TORCH=cpu asks for it, as the image's build does
PAUSE = 10.0  # seconds between them
# Groups that contain a group: an environment that holds `dev` serves `model` as well.
INCLUDED_IN = {"model": ("train", "cloud", "dev"), "train": ("dev",), "cloud": ("dev",)}
APART = ("launch", "local", "scan")  # too large, or at odds with the others: in `.venv-GROUP`
# The emulator's Lambdas see what its environment holds: ours there would hide what a bundle lacks.
WITHOUT_OURS = ("local", "scan")  # and nothing of ours is needed to read templates


def main() -> int:
    group = sys.argv[1] if len(sys.argv) > 1 else "dev"
    lock = ROOT / "requirements" / f"{group}.txt"
    if not lock.is_file():
        known = ", ".join(sorted(path.stem for path in lock.parent.glob("*.txt")))
        return fail(f"there is no dependency group {group!r}; known: {known}")
    if sys.version_info < (3, 11):  # noqa: UP036  (an older Python may well be the one that runs this)
        return fail(f"Python 3.11 or newer is needed, this is {platform.python_version()}")
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
                f"no CPU build of torch is to be had, neither from {TORCH_CPU_INDEX} nor from pip's own index. "
                "Run the same target again once one is reachable, or with TORCH=cuda for the CUDA build, several GB."
            )
        # The locks are complete: resolving again could only pull in what they leave out on purpose.
        pip(python, "install", "-qq", "--no-deps", "--require-hashes", "-r", str(lock))
        if group not in WITHOUT_OURS:
            pip(python, "install", "-qq", "--no-deps", "--editable", str(ROOT))
    except subprocess.CalledProcessError as error:
        command = " ".join(map(str, error.cmd))
        return fail(f"`{command}` failed; its output above says why. Then run the same target again.")
    stamp_of(group).write_text(fingerprint(group))
    return 0


def install_torch(python: Path) -> bool:
    """Install the pinned torch: the CPU build unless this machine has an NVIDIA GPU (or TORCH=cuda asks).

    Return False where there is no CPU build to be had. The CUDA build is never taken in its place: it is several GB
    larger, and nobody would notice before the image is too large or its GPU's libraries are missing.
    """
    asked = os.environ.get("TORCH", "")
    wants_cuda = (asked or ("cuda" if shutil.which("nvidia-smi") else "cpu")) == "cuda"
    if wants_cuda or platform.system() != "Linux":
        return pip(python, "install", "-qq", *TORCH)  # PyPI's builds: CUDA on Linux, CPU on macOS and Windows
    # A CPU build only exists in PyTorch's own index, or wherever this machine's pip was told to look.
    official = ("--retries", "0", "--timeout", "10", "--index-url", TORCH_CPU_INDEX)
    attempts = CPU_ATTEMPTS if asked else 1
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
    script = "import importlib.metadata as m; print(m.version('torch'))"
    version = subprocess.run([python, "-c", script], check=True, capture_output=True, text=True).stdout
    return version.strip().endswith("+cpu")


def pip(python: Path, *arguments: str, check: bool = True, quiet: bool = False) -> bool:
    """Run an environment's own pip; True when it succeeded."""
    output = subprocess.DEVNULL if quiet else None
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=check, stdout=output, stderr=output).returncode == 0


def environment_of(group: str) -> Path:
    return ROOT / (f".venv-{group}" if group in APART else ".venv")


def python_of(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def stamp_of(group: str) -> Path:
    return environment_of(group) / f".installed-{group}"


def is_current(group: str) -> bool:
    stamp = stamp_of(group)
    return python_of(environment_of(group)).exists() and stamp.is_file() and stamp.read_text() == fingerprint(group)


def fingerprint(group: str) -> str:
    """Digest of all that decides what is installed; a change of any makes set-up run again."""
    parts = [Path(__file__).read_bytes(), (ROOT / "requirements" / f"{group}.txt").read_bytes()]
    parts.append((ROOT / "pyproject.toml").read_bytes())
    parts.append(os.environ.get("TORCH", "").encode())
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def fail(message: str) -> int:
    print(f"setup: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
