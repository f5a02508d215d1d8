"""The code of all Lambdas as one folder, built without Docker: packages for the target platform, then ours, compiled.

`python -m stacks.bundle aws|local` prints the folder. The same content gives the same files, so CDK's asset hash
only changes when a dependency or our code does. What pip installed is kept under build/, by the digest of all that
decides it: the second synth needs no network.
"""

import fnmatch
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stacks.built import becoming, keep_recent

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements" / "api.txt"
BUILD = ROOT / "build" / "lambda"
RUNTIME = "3.13"  # Lambda's Python on AWS
KEPT = 86400  # seconds that a bundle is kept after it was last asked for
MAX_ZIP = 20 * 10**6  # bytes; Lambda takes 50 MB, what is smaller starts sooner

# Services that boto3, pynamodb and the tracer call; the descriptions of all others are 25 of botocore's 30 MB.
SERVICES = ("apigateway", "cognito-idp", "dynamodb", "s3", "sagemaker-runtime", "secretsmanager", "sqs", "ssm", "xray")
# Our own code that goes along: the Lambdas, and of the engine what needs no torch.
OURS = (
    "common/*.py",
    "lambdas/**/*.py",
    "model/__init__.py",
    "model/contract.py",
    "model/reports/__init__.py",
    "model/reports/formats.py",
)
# Never needed when a function runs. RECORD and its like differ between machines.
PRUNED = (
    "*/__pycache__/*", "bin/*", "*/tests/*", "*/test/*", "*.pyi", "*.dist-info/RECORD", "*.dist-info/INSTALLER",
    "*.dist-info/REQUESTED", "*.dist-info/direct_url.json", "*.dist-info/licenses/*", "*/examples-1.json*",
    "boto3/examples/*", "boto3/data/*", "wrapt-stubs/*",
)  # fmt: skip

# Unchecked: files come out of a zip with other times than they had when they were compiled.
COMPILE = ("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash")


@dataclass(frozen=True)
class Target:
    """Platform that a bundle runs on. `pip`: pip's options for it; empty for the Python that pip belongs to.

    `compiler`: a Python of the version that it runs on, as compiled code fits no other; None where there is none here.
    """

    name: str
    python: Path
    compiler: Path | None
    pip: tuple[str, ...] = ()


def targets() -> dict[str, Target]:
    ours = Path(sys.executable)
    aws = ("--platform", "manylinux2014_aarch64", "--python-version", RUNTIME, "--implementation", "cp")
    emulator = ROOT / ".venv-local" / "bin" / "python"
    local = emulator if emulator.exists() else ours
    return {"aws": Target("aws", ours, _lambdas_python(), aws), "local": Target("local", local, local)}


def build(name: str) -> Path:
    """The folder with a target's bundle; built when it is not there yet.

    Raises subprocess.CalledProcessError when pip fails, ValueError when the zip would be over MAX_ZIP.
    """
    target = targets()[name]
    packages = _packages(target)
    digest = hashlib.sha256(packages.name.encode())
    ours = list(_ours())
    for path in ours:
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    folder = BUILD / f"{name}-{digest.hexdigest()[:16]}"
    if not folder.exists():
        if target.compiler is None:
            sys.stderr.write(f"no python{RUNTIME} on the PATH: the code goes uncompiled, and cold starts take longer\n")
        with becoming(folder) as draft:
            shutil.copytree(packages, draft, dirs_exist_ok=True, copy_function=os.link)
            for path in ours:
                place = draft / path.relative_to(ROOT)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, place)
            _compile(target, draft, *sorted({path.relative_to(ROOT).parts[0] for path in ours}))
            if (size := zip_size(draft)) > MAX_ZIP:
                raise ValueError(f"the Lambdas' zip would be {size / 1e6:.1f} MB, more than {MAX_ZIP / 1e6:.0f}")
    keep_recent(folder, KEPT, f"{name}-")
    return folder


def zip_size(folder: Path) -> int:
    """Bytes of the folder as the zip that is uploaded."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in _files(folder):
                archive.write(path, path.relative_to(folder))
        return file.tell()


def _packages(target: Target) -> Path:
    """Return the folder of a target's packages, installed by pip and pruned, or cached from an equal build."""
    compiler = (_version_of(target.compiler), COMPILE) if target.compiler else None
    decides = repr((REQUIREMENTS.read_bytes(), target.pip, compiler, PRUNED, SERVICES))
    folder = BUILD / f"packages-{target.name}-{hashlib.sha256(decides.encode()).hexdigest()[:16]}"
    if not folder.exists():
        with becoming(folder) as draft:
            command = [
                *(str(target.python), "-m", "pip", "--disable-pip-version-check", "install", "-qq", "--no-deps"),
                *("--require-hashes", "--only-binary", ":all:", "--no-compile", *target.pip),
                *("--target", str(draft), "-r", str(REQUIREMENTS)),
            ]
            # Standard output belongs to whoever runs this: CDK reads the app's.
            subprocess.run(command, check=True, stdout=sys.stderr)
            _prune(draft)
            _compile(target, draft, ".")
    return folder


def _lambdas_python() -> Path | None:
    """A Python of Lambda's version on this machine. What only pretends to be one, as pyenv's shims may, is none."""
    found = shutil.which(f"python{RUNTIME}")
    if found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0:
        return Path(found)
    return None


def _compile(target: Target, folder: Path, *parts: str) -> None:
    """Put beside each module of these parts what Python makes of it.

    A Lambda cannot keep it: its code lies on a read-only disk, and each cold start would compile a thousand modules.
    In one process, without a hash seed and without this folder's name, so that the same modules give the same bytes.
    """
    if target.compiler is None:
        return
    command: list[str | Path] = [target.compiler, *COMPILE, "-s", folder, *(folder / part for part in parts)]
    environment = {"PATH": os.defpath, "PYTHONHASHSEED": "0"}
    subprocess.run(command, env=environment, check=True, stdout=sys.stderr)


def _version_of(python: Path) -> str:
    script = "import platform, sysconfig; print(platform.python_version(), sysconfig.get_platform())"
    return subprocess.run([python, "-c", script], check=True, capture_output=True, text=True).stdout.strip()


def _prune(folder: Path) -> None:
    for path in _files(folder):
        name = path.relative_to(folder).as_posix()
        if any(fnmatch.fnmatch(f"/{name}", pattern) or fnmatch.fnmatch(name, pattern) for pattern in PRUNED):
            path.unlink()
    for path in (folder / "botocore" / "data").iterdir():
        if path.is_dir() and path.name not in SERVICES:
            shutil.rmtree(path)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()


def _ours() -> Iterator[Path]:
    for pattern in OURS:
        yield from (path for path in sorted(ROOT.glob(pattern)) if "__pycache__" not in path.parts)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    sys.stdout.write(f"{build(sys.argv[1])}\n")
