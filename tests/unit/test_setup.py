"""Setup of an environment: the choice of torch's build, with a fake pip that records its arguments."""

import platform
import shutil
import sys
import venv
from pathlib import Path

import pytest

from scripts import setup

PYTHON = Path("python")


class Pip:
    """Fake pip. `failing`: number of failed requests to PyTorch's own index; `build`: the other index's build."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, failing: int, build: str) -> None:
        self.calls: list[tuple[str, ...]] = []
        self._failing, self._build = failing, build
        monkeypatch.setattr(setup, "pip", self)
        monkeypatch.setattr(setup, "torch_is_cpu_build", lambda _python: build == "cpu")
        monkeypatch.setattr(setup, "PAUSE", 0.0)
        monkeypatch.setattr(shutil, "which", lambda _name: None)
        monkeypatch.setattr(platform, "system", lambda: "Linux")

    def __call__(self, _python: Path, *arguments: str, **_more: bool) -> bool:
        self.calls.append(arguments)
        if setup.TORCH_CPU_INDEX in arguments:
            self._failing -= 1
            return self._failing < 0
        return True

    @property
    def official(self) -> int:
        return sum(setup.TORCH_CPU_INDEX in arguments for arguments in self.calls)


def test_the_cpu_build_comes_from_pytorchs_own_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TORCH", raising=False)
    pip = Pip(monkeypatch, failing=0, build="cuda")
    assert setup.install_torch(PYTHON)
    assert len(pip.calls) == 1


def test_with_torch_cpu_the_cpu_build_is_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH", "cpu")
    pip = Pip(monkeypatch, failing=setup.CPU_ATTEMPTS - 1, build="cuda")
    assert setup.install_torch(PYTHON)
    assert pip.official == setup.CPU_ATTEMPTS == len(pip.calls)


@pytest.mark.parametrize("torch", ["", "cpu"])
def test_the_cuda_build_is_never_used_instead_of_the_cpu_build(torch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is removed again; otherwise the next run would find torch installed."""
    monkeypatch.setenv("TORCH", torch)
    pip = Pip(monkeypatch, failing=99, build="cuda")
    assert not setup.install_torch(PYTHON)
    assert pip.calls[-1][0] == "uninstall" and {"torch", "torchvision"} <= set(pip.calls[-1])


def test_a_cpu_build_from_another_index_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH", "cpu")
    pip = Pip(monkeypatch, failing=99, build="cpu")
    assert setup.install_torch(PYTHON)
    assert not [arguments for arguments in pip.calls if "uninstall" in arguments]


def test_the_cuda_build_is_installed_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH", "cuda")
    pip = Pip(monkeypatch, failing=0, build="cuda")
    assert setup.install_torch(PYTHON)
    assert pip.official == 0


def test_setup_without_a_cpu_build_fails_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TORCH", "cpu")
    pip = Pip(monkeypatch, failing=99, build="cuda")
    monkeypatch.setattr(setup, "environment_of", lambda group: tmp_path / group)
    monkeypatch.setattr(venv, "create", lambda *_args, **_more: None)
    monkeypatch.setattr(sys, "argv", ["setup.py", "model"])
    assert setup.main() == 1
    assert "TORCH=cuda" in capsys.readouterr().err
    assert not [arguments for arguments in pip.calls if "--require-hashes" in arguments]
    assert not (tmp_path / "model").exists()
