"""Schemathesis with all its checks against the API: it accepts exactly the documented requests, without any 5xx."""

import subprocess
import sys
from pathlib import Path

import pytest

from lambdas.core.settings import settings
from tests.integration import api_server

ROOT = Path(__file__).parents[2]
DOCUMENT, CONFIG = ROOT / "docs" / "openapi.json", ROOT / "tests" / "schemathesis.toml"
PROGRAM = Path(sys.executable).with_name("schemathesis")
SECONDS = 1500


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 60)
@pytest.mark.filterwarnings("ignore:No application metrics to publish")
@pytest.mark.usefixtures("cloud")
def test_all_checks_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAIT_SECONDS", "0")
    settings.cache_clear()
    report = tmp_path / "report.txt"
    with api_server.serving() as url, report.open("wb") as out:
        header = f"Authorization: {api_server.SESSION}alice"
        command: list[str | Path] = [
            PROGRAM,
            "--config-file",
            CONFIG,
            "run",
            "--url",
            f"{url}/app",
            "--header",
            header,
            DOCUMENT,
        ]
        run = subprocess.run(command, cwd=tmp_path, stdout=out, stderr=out, check=False, timeout=SECONDS)
    assert run.returncode == 0, report.read_text(errors="replace")[-20_000:]
