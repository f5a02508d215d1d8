"""Lambda bundle: complete, small, built for its target platform, and reproducible."""

import ast
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from stacks import lambda_bundle
from tests.infra.synthesized import ROOT, Stage

Bundles = dict[str, Path]
HANDLERS = (
    "api.app",
    *(f"{name}.handler" for name in ("on_drop", "submit", "on_result", "publish", "sweeper", "webhook")),
)
IMPORT = """
import sys, time, importlib
sys.path.insert(0, sys.argv[1])
began = time.perf_counter()
for name in sys.argv[2:]:
    assert callable(importlib.import_module(name).handler)
print(round(1000 * (time.perf_counter() - began)))
heavy = {"torch", "numpy", "av", "cv2", "transformers", "model.pipeline", "sagemaker"} & set(sys.modules)
assert not heavy, heavy
"""


@pytest.mark.parametrize("name", ["aws", "local"])
def test_the_zip_is_small(bundles: Bundles, name: str) -> None:
    size = lambda_bundle.zip_size(bundles[name])
    print(f"{name}: {size / 1e6:.1f} MB zipped")  # noqa: T201  (shown by pytest -rP)
    assert size <= lambda_bundle.MAX_ZIP


def test_every_handler_exists(local: Stage) -> None:
    """Each is the `handler` of a module in the checkout, from which the bundle is built."""
    for function in local.functions().values():
        module, _, attribute = function["Handler"].rpartition(".")
        assert attribute == "handler"
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file()


def test_the_handlers_import_from_the_bundle_alone(bundles: Bundles) -> None:
    """They import with the emulator's Python, without its site packages and without torch."""
    import_handlers(bundles["local"], IMPORT)


def import_handlers(folder: Path, script: str) -> None:
    python = lambda_bundle.targets()["local"].python
    modules = [f"lambdas.{name}" for name in HANDLERS]
    command = [str(python), "-I", "-S", "-B", "-c", script, str(folder), *modules]
    environment = {"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "us-east-1", "POWERTOOLS_TRACE_DISABLED": "1"}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_native_code_is_for_the_target(bundles: Bundles) -> None:
    native = [path.name for path in bundles["aws"].rglob("*.so")]
    assert native
    assert all("aarch64" in name and f"cpython-{lambda_bundle.RUNTIME.replace('.', '')}" in name for name in native)


def test_the_bundle_has_only_code_that_lambdas_need(bundles: Bundles) -> None:
    model = bundles["aws"] / "model"
    files = {str(path.relative_to(model)) for path in model.rglob("*") if path.is_file()}
    assert files == {"__init__.py", "contract.py", "reports/__init__.py", "reports/formats.py"}
    top = {path.name for path in bundles["aws"].iterdir()}
    assert {"common", "lambdas", "fastapi", "pynamodb", "botocore"} <= top
    assert not {"training", "stacks", "local", "tests", "bin", "torch", "numpy"} & top


COLD_START = """
import sys, importlib, importlib.machinery
def compiles(self, data, path, **more):
    raise AssertionError(f"{path} is compiled")
importlib.machinery.SourceFileLoader.source_to_code = compiles
"""


def test_a_cold_start_compiles_nothing(bundles: Bundles, tmp_path: Path) -> None:
    """Unzipping changes the files' modification times."""
    unzipped = tmp_path / "task"
    shutil.copytree(bundles["local"], unzipped, copy_function=shutil.copyfile)
    for path in unzipped.rglob("*.py"):
        os.utime(path, (1, 1))
    import_handlers(unzipped, COLD_START + IMPORT)


def test_code_for_aws_is_compiled_by_lambdas_python_version_or_not_at_all(bundles: Bundles) -> None:
    compiled = list(bundles["aws"].rglob("*.pyc"))
    if lambda_bundle.targets()["aws"].compiler is None:
        assert compiled == []
    else:
        assert len(compiled) == len(list(bundles["aws"].rglob("*.py")))
        assert {path.name.split(".")[-2] for path in compiled} == {f"cpython-{lambda_bundle.RUNTIME.replace('.', '')}"}


def test_a_python_shim_that_does_not_run_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """For example pyenv's shim for a version that is not enabled."""
    shim = tmp_path / f"python{lambda_bundle.RUNTIME}"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert lambda_bundle.targets()["aws"].compiler is None


def test_every_service_that_the_code_uses_has_its_model(bundles: Bundles) -> None:
    used = {service for path in (ROOT / "lambdas").rglob("*.py") for service in _services(path)}
    assert {"apigateway", "sqs", "sagemaker-runtime"} <= used
    # pynamodb and the tracer create their clients themselves.
    assert used | {"dynamodb", "s3", "xray"} == set(lambda_bundle.SERVICES)
    assert all((bundles["aws"] / "botocore" / "data" / service).is_dir() for service in lambda_bundle.SERVICES)


def _services(path: Path) -> Iterator[str]:
    """Yield the first arguments of calls of functions named `client`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "client" and isinstance(node.args[0].value, str):
                yield node.args[0].value


def test_the_same_content_makes_the_same_bundle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A rebuild elsewhere from the same packages has the same name and the same bytes."""
    first = lambda_bundle.build("local")
    packages = lambda_bundle._packages(lambda_bundle.targets()["local"])
    monkeypatch.setattr(lambda_bundle, "BUILD", tmp_path)
    (tmp_path / packages.name).symlink_to(packages)
    again = lambda_bundle.build("local")
    assert again.name == first.name
    assert _content(again) == _content(first)


def test_a_change_of_ours_makes_another_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    first = lambda_bundle.build("local")
    monkeypatch.setattr(lambda_bundle, "SOURCES", (*lambda_bundle.SOURCES, "model/reports/palette.py"))
    assert lambda_bundle.build("local") != first


def test_a_bundle_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lambda_bundle, "SOURCES", (*lambda_bundle.SOURCES, "model/reports/pages.py"))
    monkeypatch.setattr(lambda_bundle, "MAX_ZIP", 1_000_000)
    with pytest.raises(ValueError, match=r"zip is \d+\.\d MB; the limit is 1 MB"):
        lambda_bundle.build("local")


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
