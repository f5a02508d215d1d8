"""The server for tests: as a process of its own as the container runs it, or on a thread of this one."""

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
PATIENCE = 240.0  # seconds: only so that a test that cannot pass ends
MP4 = {"Content-Type": "video/mp4"}

Line = dict[str, Any]


def instructions(name: str, dockerfile: str = DOCKERFILE.read_text()) -> list[str]:
    """What a Dockerfile says after each `name`, in order."""
    lines = dockerfile.replace("\\\n", " ").splitlines()
    return [line.removeprefix(name).strip() for line in lines if line.startswith(f"{name} ")]


def lay_out_image(folder: Path, dockerfile: str = DOCKERFILE.read_text()) -> Path:
    """Do in `folder` what the COPY lines of a Dockerfile do in /app."""
    for line in instructions("COPY", dockerfile):
        *patterns, target = line.split()
        for source in (source for pattern in patterns for source in ROOT.glob(pattern)):
            if source.is_dir():  # Docker copies what is in it
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(source, folder / target, dirs_exist_ok=True, ignore=ignored)
            else:
                (folder / target).mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, folder / target)
    return folder


class Process:
    """The server as the container starts it, in a copy of the container's files."""

    def __init__(self, image: Path, temp_dir: Path, environment: dict[str, str]) -> None:
        self.temp_dir = temp_dir
        self.lines: list[Line] = []
        port = free_port()
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, trust_env=False)
        ours = [f"VIDEO_SENTIMENT_{field.upper()}" for field in ServerSettings.model_fields]
        inherited = {k: v for k, v in os.environ.items() if k not in ours and not k.startswith("AWS_")}
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
        """The first log line that has these fields; it may come a moment after an answer."""
        until(lambda: bool(self._find_lines(**fields)))
        return self._find_lines(**fields)[0]

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def exit_code(self) -> int:
        """Waits for it; then all log lines are there."""
        code = self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
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
    """A server of this process and a client to it; stopped on leaving."""
    port = free_port()
    server = Server("127.0.0.1", port, settings, models)
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started or not thread.is_alive())
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE, trust_env=False) as client:
            yield server, client
    finally:
        server.leave()
        thread.join(PATIENCE)
    assert not thread.is_alive(), "the server did not stop"


class Gate:
    """A transcriber that, once `entered`, does not go on before it is `opened`."""

    def __init__(self, behind: Transcriber) -> None:
        self.name, self.multilingual, self.languages = behind.name, behind.multilingual, behind.languages
        self.clip_seconds = behind.clip_seconds
        self._behind = behind
        self.entered, self.opened = threading.Event(), threading.Event()

    def encode(self, clip: Clip) -> Encoded:
        return self._behind.encode(clip)

    def detect_language(self, encoded: Encoded, start: float, end: float) -> Mapping[str, float]:
        return self._behind.detect_language(encoded, start, end)

    def transcribe(self, clips: Sequence[Encoded], language: str, translate: bool) -> list[Transcript]:
        self.entered.set()
        assert self.opened.wait(PATIENCE)
        return self._behind.transcribe(clips, language, translate)


def until(happened: Callable[[], bool]) -> None:
    """Wait for something that must happen."""
    end = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def shorten(video: Path, target: Path) -> Path:
    """The first four seconds of a video."""
    return write(target, frames_of(video, seconds=4.0), [Sound(speech_of(video, 4.0))])


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def check_problem(response: httpx.Response, status: int, said: str) -> Line:
    """A problem of this status whose detail has these words; its members."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: Line = response.json()
    assert problem["status"] == status
    assert problem["type"].startswith("urn:video-sentiment:problem:")
    assert problem["title"]
    assert said in problem["detail"]
    assert problem["error"] == problem["detail"]
    return problem
