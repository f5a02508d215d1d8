"""Parts of the model server: settings, log lines, progress, and the container image."""

import inspect
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from pydantic import ValidationError

from model.asr.registry import DEFAULT_TRANSCRIBER
from model.bundle import DEFAULT_BUNDLE, find_bundle, read_manifest
from model.contract import EmotionScore
from model.media import MediaError
from model.pipeline import TooLongError, needed_weights
from model.serving import problems
from model.serving.log import JsonFormatter
from model.serving.problems import PROBLEMS, problem_of
from model.serving.progress import ProgressWriter
from model.serving.settings import ServerSettings
from tests.model.serving import DOCKERFILE, ROOT, instructions, lay_out_image, until

ENTRYPOINT = "model/docker/entrypoint.sh"


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEO_SENTIMENT_ALLOWED_BUCKETS", "one, two,")
    monkeypatch.setenv("VIDEO_SENTIMENT_MAX_BYTES", "1000")
    monkeypatch.setenv("VIDEO_SENTIMENT_WHISPER_MODEL", "tiny.en")  # the name before 0.7
    monkeypatch.setenv("VIDEO_SENTIMENT_QUEUE", "")
    monkeypatch.setenv("PROGRESS_S3_URI", "s3://bucket/prefix")
    settings = ServerSettings()
    assert settings.transcriber == "tiny.en" and ServerSettings(transcriber="small").transcriber == "small"
    assert settings.allowed_buckets == ("one", "two")
    assert settings.max_bytes == 1000
    assert settings.queue == ServerSettings.model_fields["queue"].default
    assert settings.progress_s3_uri == "s3://bucket/prefix"


@pytest.mark.parametrize(
    ("name", "value"),
    [("VIDEO_SENTIMENT_WORKERS", "0"), ("VIDEO_SENTIMENT_MAX_BYTES", "many"), ("PROGRESS_S3_URI", "https://bucket")],
)
def test_settings_that_make_no_sense_are_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError):
        ServerSettings()


def test_a_mounted_artifact_is_the_bundle_unless_another_is_configured(tmp_path: Path) -> None:
    assert ServerSettings().find_bundle(tmp_path) == DEFAULT_BUNDLE
    (tmp_path / "config.json").write_text("{}")
    assert ServerSettings().find_bundle(tmp_path) == tmp_path
    assert ServerSettings(bundle="full").find_bundle(tmp_path) == "full"


def test_every_problem_has_its_row() -> None:
    ours = {kind for _, kind in inspect.getmembers(problems, inspect.isclass)
            if issubclass(kind, Exception) and kind.__module__ == problems.__name__}  # fmt: skip
    assert ours
    assert ours <= set(PROBLEMS)
    assert problem_of(TooLongError("long")).status == 422
    assert problem_of(MediaError("bad")).status == 400
    assert problem_of(KeyError("unforeseen")).status == 500


def test_a_logged_exception_does_not_quote_the_transcript() -> None:
    try:
        EmotionScore.model_validate({"label": "confidential", "confidence": 0.5})
    except ValidationError as error:
        assert "confidential" in str(error)
        record = logging.LogRecord("model", logging.ERROR, "", 0, "failed", None, sys.exc_info())
    line = json.loads(JsonFormatter().format(record))
    assert line["trace"][0].startswith("ValidationError: ")
    assert any("test_server_parts.py" in place for place in line["trace"])
    assert "confidential" not in json.dumps(line)


class SlowStorage:
    """Fake S3 client whose writes block until `released` is set and then, if `failing`, fail."""

    def __init__(self, failing: bool = False) -> None:
        self.written: list[tuple[str, str]] = []
        self.released = threading.Event()
        self.begun = threading.Event()
        self._failing = failing

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:  # noqa: N803
        assert (Bucket, ContentType) == ("bucket", "application/json")
        self.begun.set()
        assert self.released.wait(60)
        if self._failing:
            raise EndpointConnectionError(endpoint_url="https://s3.test")
        self.written.append((Key, json.loads(Body)["stage"]))


@pytest.fixture
def storage() -> Iterator[SlowStorage]:
    storage = SlowStorage()
    yield storage
    storage.released.set()


def test_progress_is_thinned_out_but_its_last_is_written(storage: SlowStorage) -> None:
    storage.released.set()
    writer = ProgressWriter("s3://bucket", storage, interval=3600.0)
    writer.of("first")("transcribing", 0.0)
    until(lambda: storage.written == [("first.json", "transcribing")])
    writer.of("first")("detecting", 0.5)  # too soon
    writer.of("second")("transcribing", 0.0)  # not delayed by the first
    until(lambda: len(storage.written) == 2)
    assert storage.written[1] == ("second.json", "transcribing")
    writer.of("first")("done", 1.0)
    until(lambda: len(storage.written) == 3)
    assert storage.written[2] == ("first.json", "done")
    writer.close()
    assert len(storage.written) == 3


def test_slow_storage_skips_updates_without_blocking(storage: SlowStorage) -> None:
    writer = ProgressWriter("s3://bucket/a/b/", storage, interval=0.0)
    report = writer.of("an id/with?signs")
    report("transcribing", 0.0)
    assert storage.begun.wait(60)
    for step in range(1000):
        report(f"step {step}", step / 1000)
    storage.released.set()
    writer.close()
    key = "a/b/an%20id%2Fwith%3Fsigns.json"
    assert storage.written == [(key, "transcribing"), (key, "step 999")]


def test_failing_storage_is_logged_and_no_more(caplog: pytest.LogCaptureFixture) -> None:
    storage = SlowStorage(failing=True)
    storage.released.set()
    writer = ProgressWriter("s3://bucket", storage, interval=0.0)
    writer.of("one")("transcribing", 0.0)
    until(lambda: "could not be written" in caplog.text)
    writer.of("one")("done", 1.0)
    writer.close()
    assert caplog.text.count("could not be written") == 2


def test_the_image_copies_existing_files_that_docker_does_not_ignore() -> None:
    allowed = [line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"]
    patterns = [pattern for line in instructions("COPY") for pattern in line.split()[:-1]]
    assert patterns
    for pattern in patterns:
        assert "*" in pattern or (ROOT / pattern).exists(), pattern
        assert any(pattern == name or pattern.startswith(f"{name}/") for name in allowed), pattern


def test_setup_finds_its_files_in_the_image_when_it_is_run(tmp_path: Path) -> None:
    before, ran, _ = DOCKERFILE.read_text().partition("python scripts/setup.py model")
    assert ran
    image = lay_out_image(tmp_path, before)
    script = "import setup; assert setup.ROOT.samefile('..'); setup.fingerprint('model')"
    subprocess.run([sys.executable, "-c", script], cwd=image / "scripts", check=True)
    assert (image / "model/__init__.py").is_file()  # the package of the editable install
    assert (image / "README.md").is_file()  # named by pyproject.toml


def test_the_image_holds_the_weights_that_are_loaded_by_default() -> None:
    [fetch] = [line for line in instructions("RUN") if "weights fetch" in line]
    fetched = fetch.partition("weights fetch ")[2].split()
    needed = needed_weights(read_manifest(find_bundle(DEFAULT_BUNDLE)), DEFAULT_TRANSCRIBER, people=True)
    assert set(needed) == set(fetched)


def test_the_image_serves_on_the_port_that_it_exposes_and_not_as_root() -> None:
    assert instructions("EXPOSE") == ["8080"]
    assert instructions("ENTRYPOINT") == [f'["sh", "/app/{ENTRYPOINT}"]']
    assert instructions("CMD") == ['["serve"]']
    assert "--host 0.0.0.0 --port 8080" in (ROOT / ENTRYPOINT).read_text()
    user = instructions("USER")[-1]
    assert user != "root"
    assert any(f"useradd --create-home {user}" in line for line in instructions("RUN"))


def test_the_image_runs_other_commands_too() -> None:
    environment: dict[str, Any] = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    command = ["sh", str(ROOT / ENTRYPOINT), "weights", "--help"]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "fetch" in shown.stdout


def test_the_image_installs_only_hashed_packages() -> None:
    installs = [line for line in instructions("RUN") if "pip install" in line]
    assert installs and all("--require-hashes" in line for line in installs)
    for lock in ("model", "cuda"):
        entries = (ROOT / "requirements" / f"{lock}.txt").read_text().replace("\\\n", " ").splitlines()
        assert all("--hash=sha256:" in entry for entry in entries)
