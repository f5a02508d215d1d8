"""Bundle of the Lambdas' code as one folder, built without Docker: packages for the target platform and our own code.

`python -m stacks.lambda_bundle aws|local` prints the folder. Builds are reproducible, so CDK's asset hash changes only
when a dependency or our code does. Installed packages are cached under build/ by the digest of their inputs, so that a
second synth needs no network.
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

from stacks.build_cache import atomic_dir, keep_recent

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements" / "api.txt"
BUILD = ROOT / "build" / "lambda"
RUNTIME = "3.13"  # Lambda's Python on AWS
RETENTION_SECONDS = 86400  # that a bundle is kept after its last use
MAX_ZIP = 20 * 10**6  # bytes; Lambda accepts 50 MB, but a smaller zip starts faster

# AWS services that boto3, pynamodb and the tracer call; the models of all others are 25 of botocore's 30 MB.
SERVICES = ("apigateway", "cognito-idp", "dynamodb", "s3", "sagemaker-runtime", "secretsmanager", "sqs", "ssm", "xray")
# Our own code in the bundle: the Lambdas, and the parts of the engine that do not need torch.
SOURCES = (
    "common/*.py",
    "lambdas/**/*.py",
    "model/__init__.py",
    "model/contract.py",
    "model/reports/__init__.py",
    "model/reports/formats.py",
)
# Files that no function needs at run time. RECORD and similar files would also differ between machines.
PRUNED = (
    "*/__pycache__/*", "bin/*", "*/tests/*", "*/test/*", "*.pyi", "*.dist-info/RECORD", "*.dist-info/INSTALLER",
    "*.dist-info/REQUESTED", "*.dist-info/direct_url.json", "*.dist-info/licenses/*", "*/examples-1.json*",
    "boto3/examples/*", "boto3/data/*", "wrapt-stubs/*",
)  # fmt: skip

# Unchecked hashes, since unzipping changes the files' modification times.
COMPILE = ("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash")


@dataclass(frozen=True)
class Target:
    """Platform that a bundle runs on.

    `python`: interpreter that runs pip; `pip`: pip's options for the platform, none if it is pip's own.
    `compiler`: interpreter of the platform's Python version, since bytecode fits no other; None if not installed here.
    """

    name: str
    python: Path
    compiler: Path | None
    pip: tuple[str, ...] = ()


def targets() -> dict[str, Target]:
    """Return the targets by name: `aws` and `local` (the emulator)."""
    this_python = Path(sys.executable)
    aws = ("--platform", "manylinux2014_aarch64", "--python-version", RUNTIME, "--implementation", "cp")
    emulator = ROOT / ".venv-local" / "bin" / "python"
    local = emulator if emulator.exists() else this_python
    return {"aws": Target("aws", this_python, _lambda_python(), aws), "local": Target("local", local, local)}


def build(name: str) -> Path:
    """Return the folder with a target's bundle, building it if needed.

    Raises subprocess.CalledProcessError when pip fails, ValueError when the zip would be larger than MAX_ZIP.
    """
    target = targets()[name]
    packages = _packages(target)
    digest = hashlib.sha256(packages.name.encode())
    sources = list(_source_files())
    for path in sources:
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    folder = BUILD / f"{name}-{digest.hexdigest()[:16]}"
    if not folder.exists():
        if target.compiler is None:
            sys.stderr.write(
                f"note: python{RUNTIME} is not on the PATH, so the Lambdas' code is not precompiled; "
                "cold starts take longer\n"
            )
        with atomic_dir(folder) as draft:
            shutil.copytree(packages, draft, dirs_exist_ok=True, copy_function=os.link)
            for path in sources:
                copy = draft / path.relative_to(ROOT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
            _compile(target, draft, *sorted({path.relative_to(ROOT).parts[0] for path in sources}))
            if (size := zip_size(draft)) > MAX_ZIP:
                raise ValueError(f"the Lambdas' zip is {size / 1e6:.1f} MB; the limit is {MAX_ZIP / 1e6:.0f} MB")
    keep_recent(folder, RETENTION_SECONDS, f"{name}-")
    return folder


def zip_size(folder: Path) -> int:
    """Return the size in bytes of the folder as a zip file, as it is uploaded."""
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in _files(folder):
                archive.write(path, path.relative_to(folder))
        return file.tell()


def _packages(target: Target) -> Path:
    """Return the folder of a target's packages, installed by pip and pruned, or cached from an equal build."""
    compiler = (_version_of(target.compiler), COMPILE) if target.compiler else None
    inputs = repr((REQUIREMENTS.read_bytes(), target.pip, compiler, PRUNED, SERVICES))
    folder = BUILD / f"packages-{target.name}-{hashlib.sha256(inputs.encode()).hexdigest()[:16]}"
    if not folder.exists():
        with atomic_dir(folder) as draft:
            command = [
                *(str(target.python), "-m", "pip", "--disable-pip-version-check", "install", "-qq", "--no-deps"),
                *("--require-hashes", "--only-binary", ":all:", "--no-compile", *target.pip),
                *("--target", str(draft), "-r", str(REQUIREMENTS)),
            ]
            # Standard output is reserved for the caller: CDK reads the app's.
            subprocess.run(command, check=True, stdout=sys.stderr)
            _prune(draft)
            _compile(target, draft, ".")
    return folder


def _lambda_python() -> Path | None:
    """Return a working Python of Lambda's version on this machine; a shim, such as pyenv's, may exist and not run."""
    found = shutil.which(f"python{RUNTIME}")
    if found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0:
        return Path(found)
    return None


def _compile(target: Target, folder: Path, *parts: str) -> None:
    """Precompile the modules of these parts of the folder.

    A Lambda's code is on a read-only disk, so each cold start would otherwise compile a thousand modules. One process,
    a fixed hash seed and paths relative to the folder make the output reproducible.
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


def _source_files() -> Iterator[Path]:
    for pattern in SOURCES:
        yield from (path for path in sorted(ROOT.glob(pattern)) if "__pycache__" not in path.parts)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    sys.stdout.write(f"{build(sys.argv[1])}\n")
