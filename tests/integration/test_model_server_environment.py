"""Environment variables that the local product passes to its model server."""

from pathlib import Path

import pytest

from local.credentials import Credentials
from local.model_server import environment
from local.settings import LocalSettings


def test_it_keeps_the_settings_of_numerical_libraries_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine may need OPENBLAS_CORETYPE for correct results, and the server must compute the same as a command."""
    settings = {"OPENBLAS_CORETYPE": "Haswell", "OMP_NUM_THREADS": "2", "MKL_NUM_THREADS": "2", "DNNL_VERBOSE": "0"}
    for name, value in (settings | {"SOMEBODYS_TOKEN": "secret"}).items():
        monkeypatch.setenv(name, value)
    credentials = Credentials.new("http://127.0.0.1:1")
    credentials.write(tmp_path)
    given = environment(LocalSettings(state=tmp_path), "results", "media")
    assert settings.items() <= given.items()
    assert "SOMEBODYS_TOKEN" not in given
    assert given["AWS_ACCESS_KEY_ID"] == credentials.access_key_id
