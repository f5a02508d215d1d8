"""`scripts.attack` detects a broken API."""

import subprocess
import sys
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from bench.ports import free_port
from tests.integration.local_parts import served

ROOT = Path(__file__).parents[2]


def test_the_attack_finds_a_broken_api(tmp_path: Path) -> None:
    seen: list[str] = []

    async def fail(request: Request) -> JSONResponse:
        seen.append(request.headers.get("authorization", ""))
        return JSONResponse({}, 500)

    every = Route("/api/{path:path}", fail, methods=["GET", "POST", "PUT", "DELETE"])
    with served(Starlette(routes=[every]), free_port()) as url:
        options = ["--examples", "1", "--rate", "500/s", "--operation", "getUsage"]
        command = [sys.executable, "-m", "scripts.attack", url, "vs_key", *options]
        run = subprocess.run([*command, "--folder", tmp_path], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stderr
    assert "Server error" in run.stdout
    assert "Bearer vs_key" in seen
