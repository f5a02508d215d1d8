"""The model server for tests: as the container's process, or on a thread of the test process."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from bench.ports import free_port
from model.asr.base import Clip, Encoded, Transcriber, Transcript
from model.pipeline import Models
from model.serving.app import Server
from model.serving.settings import ServerSettings
from tests.model.media_files import Sound, frames_of, speech_of, write

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "model" / "Dockerfile"
TIMEOUT = 240.0  # seconds, so that a failing test ends
MP4 = {"Content-Type": "video/mp4"}

Line = dict[str, Any]


def instructions(name: str, dockerfile: str = DOCKERFILE.read_text()) -> list[str]:
    """Return the arguments of each instruction `name` of a Dockerfile, in order."""
    lines = dockerfile.replace("\\\n", " ").splitlines()
    return [line.removeprefix(name).strip() for line in lines if line.startswith(f"{name} ")]


def lay_out_image(folder: Path, dockerfile: str = DOCKERFILE.read_text()) -> Path:
    """Copy files to `folder` as the COPY instructions of a Dockerfile do to /app."""
    for line in instructions("COPY", dockerfile):
        *patterns, target = line.split()
        for source in (source for pattern in patterns for source in ROOT.glob(pattern)):
            if source.is_dir():  # Docker copies its contents
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, folder / target, dirs_exist_ok=True, ignore=ignored)
            else:
                (folder / target).mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, folder / target)
    return folder


class Process:
    """The server as the container starts it, in a copy of the container's files, with its log lines."""

    def __init__(self, image: Path, temp_dir: Path, environment: dict[str, str]) -> None:
        self.temp_dir = temp_dir
        self.lines: list[Line] = []
        port = free_port()
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=TIMEOUT, trust_env=False)
        settings = [f"VIDEO_SENTIMENT_{field.upper()}" for field in ServerSettings.model_fields]
        inherited = {k: v for k, v in os.environ.items() if k not in settings and not k.startswith("AWS_")}
        bin_folder = str(Path(sys.executable).parent)
        self._process = subprocess.Popen(
            ["sh", str(image / "model/docker/entrypoint.sh"), "serve", "--host", "127.0.0.1", "--port", str(port)],
            cwd=image,
            env=inherited
            | {"PATH": f"{bin_folder}:/usr/bin:/bin", "PYTHONPATH": str(image), "NO_PROXY": "127.0.0.1"}
            | {"VIDEO_SENTIMENT_TEMP_DIR": str(temp_dir)}
            | environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read_log, daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def wait_until_ready(self) -> "Process":
        until(lambda: not self.alive or self._pings())
        assert self.alive, self.lines
        return self

    def wait_for_line(self, **fields: object) -> Line:
        """Wait for a log line with these fields and return it; it may follow the response."""
        until(lambda: bool(self._find_lines(**fields)))
        return self._find_lines(**fields)[0]

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def exit_code(self) -> int:
        """Wait for the process to exit and for all its log lines; return the exit code."""
        code = self._process.wait(TIMEOUT)
        self._reader.join(TIMEOUT)
        return code

    def kill(self) -> None:
        self._process.kill()
        self.exit_code()
        self.client.close()

    def _find_lines(self, **fields: object) -> list[Line]:
        return [line for line in self.lines if all(name in line and line[name] == fields[name] for name in fields)]

    def _pings(self) -> bool:
        try:
            return self.client.get("/ping").status_code == 200
        except httpx.TransportError:
            return False

    def _read_log(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            try:
                self.lines.append(json.loads(line))
            except ValueError:
                self.lines.append({"not json": line})


@contextmanager
def server_on_thread(settings: ServerSettings, models: Models | None) -> Iterator[tuple[Server, httpx.Client]]:
    """Run a server on a thread and yield it with a client; stop it afterwards."""
    port = free_port()
    server = Server("127.0.0.1", port, settings, models)
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started or not thread.is_alive())
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=TIMEOUT, trust_env=False) as client:
            yield server, client
    finally:
        server.request_exit()
        thread.join(TIMEOUT)
    assert not thread.is_alive(), "the server did not stop"


class Gate:
    """Transcriber that sets `entered` and then blocks until `opened` is set."""

    def __init__(self, wrapped: Transcriber) -> None:
        self.name, self.multilingual, self.languages = wrapped.name, wrapped.multilingual, wrapped.languages
        self.clip_seconds = wrapped.clip_seconds
        self._wrapped = wrapped
        self.entered, self.opened = threading.Event(), threading.Event()

    def encode(self, clip: Clip) -> Encoded:
        return self._wrapped.encode(clip)

    def detect_language(self, encoded: Encoded, start: float, end: float) -> Mapping[str, float]:
        return self._wrapped.detect_language(encoded, start, end)

    def transcribe(self, clips: Sequence[Encoded], language: str, translate: bool) -> list[Transcript]:
        self.entered.set()
        assert self.opened.wait(TIMEOUT)
        return self._wrapped.transcribe(clips, language, translate)


def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds; fail after TIMEOUT."""
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end, "timed out"
        time.sleep(0.02)


def shorten(video: Path, target: Path) -> Path:
    """Write the first four seconds of a video."""
    return write(target, frames_of(video, seconds=4.0), [Sound(speech_of(video, 4.0))])


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def check_problem(response: httpx.Response, status: int, detail: str) -> Line:
    """Check problem details with this status, whose detail contains a text; return their members."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: Line = response.json()
    assert problem["status"] == status
    assert problem["type"].startswith("urn:video-sentiment:problem:")
    assert problem["title"]
    assert detail in problem["detail"]
    assert problem["error"] == problem["detail"]
    return problem
