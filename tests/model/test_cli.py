"""The command line as a process: output, files and exit codes."""

import csv
import importlib.metadata
import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from model.cli import main
from model.contract import Analysis
from model.weights import catalog
from tests.agreement import assert_same_answer
from tests.model.media_files import Sound, frames_of, speech_of, write

if TYPE_CHECKING:
    from model.pipeline import Models


def run(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return pipe(b"", *arguments, cwd=cwd, environment=environment)


def pipe(
    stdin: bytes, *arguments: str | Path, cwd: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command with `stdin` on standard input."""
    command = [sys.executable, "-m", "model.cli.main", *map(str, arguments)]
    root = str(Path(__file__).parents[2])
    env = {**os.environ, "PYTHONPATH": root, "COLUMNS": "160", "NO_COLOR": "1", **(environment or {})}
    done = subprocess.run(command, input=stdin, capture_output=True, cwd=cwd, env=env, check=False)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


def without_people(analysis: Analysis) -> Analysis:
    utterances = [utterance.model_copy(update={"speaker": None}) for utterance in analysis.utterances]
    return analysis.model_copy(update={"people": [], "utterances": utterances})


def test_analyze_prints_and_saves(sample: Path, analysis: Analysis, tmp_path: Path) -> None:
    done = run("analyze", sample, "--transcriber", "tiny.en", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "John Dashwood" in done.stdout and "voice" in done.stdout and "overall" in done.stdout
    saved = Analysis.model_validate_json((tmp_path / "face_and_speech.analysis.json").read_text())
    assert [person.label for person in saved.people] == ["Speaker 1"]
    assert_same_answer(without_people(saved), analysis)


def test_people_are_told_apart_unless_that_is_switched_off(sample: Path, tmp_path: Path) -> None:
    done = run("analyze", sample, "--transcriber", "tiny.en", "--no-people", "--quiet", "--json", "-", cwd=tmp_path)
    assert Analysis.model_validate_json(done.stdout).people == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--language", "zz"], "does not support the language 'zz'"),
        (["--language", "fr"], "supported: en"),
        (["--translate"], "supports English only"),
        (["--device", "cuda"], "torch found no CUDA GPU"),
        (["--speakers", "2", "--no-people"], "give only one of them"),
    ],
)
def test_unsupported_options_are_input_errors(sample: Path, tmp_path: Path, options: list[str], message: str) -> None:
    if "cuda" in options and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    done = run("analyze", sample, "--transcriber", "tiny.en", *options, cwd=tmp_path)
    assert done.returncode == 2 and message in done.stderr and "This is a bug" not in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_several_files_and_a_folder_in_every_format(sample: Path, tmp_path: Path) -> None:
    """Bad files are reported, the others analyzed, and the exit code reports the failure."""
    folder = tmp_path / "in" / "deep er"
    folder.mkdir(parents=True)
    (folder / "ünï.mp4").write_bytes(sample.read_bytes())
    (tmp_path / "in" / "notes.txt").write_text("not a video")
    (tmp_path / "broken.mp4").write_text("not a video either")
    kinds = ["json", "csv", "srt", "vtt", "html"]
    outputs = [part for kind in kinds for part in (f"--{kind}", f"out/{kind}")]
    done = run("analyze", "in", "broken.mp4", "--transcriber", "tiny.en", *outputs, cwd=tmp_path)
    assert done.returncode == 2
    assert "broken.mp4 is not a readable video" in done.stderr and "Traceback" not in done.stderr
    written = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert written == {f"{kind}/deep er/ünï.{kind}" for kind in kinds}
    with (tmp_path / "out/csv/deep er/ünï.csv").open(newline="") as file:
        assert "Dashwood" in next(csv.DictReader(file))["text"]


@pytest.mark.slow
def test_a_terminal_that_is_not_utf_8(sample: Path, tmp_path: Path) -> None:
    """Characters outside the terminal's encoding are printed as question marks; files are UTF-8."""
    (tmp_path / "ünï.mp4").write_bytes(sample.read_bytes())
    done = run("analyze", "ünï.mp4", "--whisper-model", "tiny.en", cwd=tmp_path, PYTHONIOENCODING="ascii", LC_ALL="C")
    assert done.returncode == 0, done.stderr
    assert "?n?.mp4" in done.stdout and "Dashwood" in done.stdout
    assert Analysis.model_validate_json((tmp_path / "ünï.analysis.json").read_text(encoding="utf-8")).utterances


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_a_disk_that_fills_up_is_a_line_and_the_analysis_is_shown_all_the_same(sample: Path, tmp_path: Path) -> None:
    short = write(tmp_path / "a.wav", [], [Sound(speech_of(sample, 8.0))])
    done = run("analyze", short, "--json", "/dev/full", "--csv", "b.csv", "--whisper-model", "tiny.en", cwd=tmp_path)
    assert done.returncode == 2 and "Dashwood" in done.stdout
    assert "/dev/full could not be written: No space left on device; free up space" in done.stderr
    assert Path("/dev/full").is_char_device()


def test_a_place_that_cannot_be_written_is_found_before_the_analysis(sample: Path, tmp_path: Path) -> None:
    def limit() -> None:  # writes fail as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    (tmp_path / "talk.mp4").write_bytes(sample.read_bytes())
    command = [sys.executable, "-m", "model.cli.main", "analyze", "talk.mp4"]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "NO_COLOR": "1"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=env, preexec_fn=limit, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert "no result can be written to" in done.stderr and "File too large" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["talk.mp4"]


def test_an_unexpected_failure_affects_only_its_file(
    sample: Path, analysis: Analysis, models: "Models", tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """One file fails unexpectedly; the exit code is that of the worst failure."""

    def analyze(path: Path, *_: object) -> Analysis:
        if path.name == "a.mp4":
            raise TypeError("'NoneType' object has no attribute 'width'")
        return analysis

    for name in "abc":
        (tmp_path / f"{name}.mp4").write_bytes(sample.read_bytes() if name != "c" else b"")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("model.pipeline.analyze", analyze)
    monkeypatch.setattr("model.cli.main._load", lambda *_, **__: models)
    with pytest.raises(SystemExit) as exited:
        main.main(["analyze", "a.mp4", "b.mp4"])
    shown = capsys.readouterr()
    assert exited.value.code == 1
    assert "a.mp4 could not be analyzed: 'NoneType' object has no attribute 'width'" in shown.err
    assert "This is a bug" in shown.err and "1 of 2 analyzed" in shown.err
    assert "Dashwood" in shown.out and (tmp_path / "b.analysis.json").is_file()


def test_json_on_standard_output_is_not_mixed_with_other_output(sample: Path, tmp_path: Path) -> None:
    short = write(tmp_path / "a.wav", [], [Sound(speech_of(sample, 8.0))])
    done = run("analyze", short, "--json", "-", "--transcriber", "tiny.en", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert Analysis.model_validate(json.loads(done.stdout)).utterances
    assert list(tmp_path.iterdir()) == [short]


def test_a_video_that_is_piped_in(sample: Path, tmp_path: Path) -> None:
    """From standard input and a named pipe, with thumbnails in the report and without leftover files."""
    short = write(tmp_path / "a.mp4", frames_of(sample, seconds=8.0), [Sound(speech_of(sample, 8.0))])
    os.mkfifo(tmp_path / "pipe")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with subprocess.Popen(["sh", "-c", f"cat {short} > {tmp_path / 'pipe'}"]):
        done = pipe(
            short.read_bytes(), "analyze", "-", "pipe", "--html", "out", "--transcriber", "tiny.en",
            cwd=tmp_path, environment={"TMPDIR": str(temporary)},
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for name in ("stdin", "pipe"):
        page = (tmp_path / "out" / f"{name}.html").read_text()
        assert "Dashwood" in page and "data:image/jpeg" in page
    assert not list(temporary.glob("video-sentiment-*"))


def test_piped_input_that_is_not_a_video(tmp_path: Path) -> None:
    done = pipe(b"Dear diary,\n" * 500, "analyze", "-", "--transcriber", "tiny.en", cwd=tmp_path)
    assert done.returncode == 2
    assert "standard input is not a readable video" in " ".join(done.stderr.split())
    done = pipe(b"", "analyze", "-", "--whisper-model", "tiny.en", cwd=tmp_path)
    assert done.returncode == 2 and "standard input is empty" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["analyze", "nowhere.mp4"], "nowhere.mp4 does not exist"),
        (["analyze", "empty"], "is a folder without videos"),
        (["analyze", "a.mp4", "--bundle", "nonesuch"], "no bundle 'nonesuch'"),
        (["analyze", "a.mp4", "--transcriber", "gigantic"], "no Whisper model 'gigantic'"),
        (["analyze", "a.mp4", "--json", "-", "--csv", "-"], "only one format can be written to standard output"),
        (["analyze"], "Missing argument"),
        (["analyze", "a.mp4", "--device", "abacus"], "Invalid value for '--device'"),
    ],
)
def test_invalid_usage_is_a_one_line_error(arguments: list[str], complaint: str, sample: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.mp4").write_bytes(sample.read_bytes())
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert complaint in " ".join(done.stderr.split()) and "Traceback" not in done.stderr


def test_weights_that_cannot_be_fetched(tmp_path: Path) -> None:
    nowhere = {"VIDEO_SENTIMENT_CACHE": str(tmp_path / "cache"), "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    done = run("weights", "fetch", "centerface", cwd=tmp_path, HTTPS_PROXY="http://127.0.0.1:9", **nowhere)
    assert done.returncode == 1
    assert "Check the network or proxy" in " ".join(done.stderr.split()) and "Traceback" not in done.stderr


def test_version(tmp_path: Path) -> None:
    done = run("--version", cwd=tmp_path)
    assert done.returncode == 0 and done.stdout.strip() == importlib.metadata.version("video-sentiment")


def test_verifying_weights_reports_missing_and_damaged_files(tmp_path: Path) -> None:
    """Exit code 2 for missing files, 1 for damaged ones; weights not used by the starter bundle may be missing."""
    entry = catalog.CATALOG["centerface"]
    folder = tmp_path / "weights" / entry.name
    cache = {catalog.CACHE_VARIABLE: str(tmp_path)}
    nothing = run("weights", "verify", cwd=tmp_path, **cache)
    assert nothing.returncode == 2 and "centerface/centerface.onnx: missing" in nothing.stdout
    assert "r3d-18" not in nothing.stdout and "weights fetch NAME" in nothing.stderr
    assert run("weights", "verify", "r3d-18", cwd=tmp_path, **cache).returncode == 2
    folder.mkdir(parents=True)
    (folder / entry.files[0].name).write_bytes(b"damaged")
    assert run("weights", "verify", "centerface", cwd=tmp_path, **cache).returncode == 1
    shutil.copy(catalog.fetch("centerface") / entry.files[0].name, folder)
    assert run("weights", "verify", "centerface", cwd=tmp_path, **cache).returncode == 0


def test_help_has_options_and_examples(tmp_path: Path) -> None:
    done = run("analyze", "--help", cwd=tmp_path)
    assert done.returncode == 0
    for word in ("--html", "--language", "--translate", "video-sentiment analyze talk.mp4", "standard output"):
        assert word in done.stdout


def test_info_and_weights_list(tmp_path: Path) -> None:
    info = run("info", cwd=tmp_path)
    assert info.returncode == 0
    for word in ("torch", "faster-whisper", "cores", "starter", "fusion fitted"):
        assert word in info.stdout
    listed = run("weights", "list", cwd=tmp_path)
    assert "whisper-base" in listed.stdout and "cached, " in listed.stdout
