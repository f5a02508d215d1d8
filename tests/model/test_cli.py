"""The command line as a user meets it: a process of its own, its output, its files, its exit code."""

import csv
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from model import weights
from model.contract import Analysis
from model.outputs import Job, Outputs, OutputsError, find_jobs
from tests.model.media_files import Sound, speech_of, write


def run(*arguments: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "model.cli", *map(str, arguments)]
    root = str(Path(__file__).parents[2])
    env = {**os.environ, "PYTHONPATH": root, "COLUMNS": "160", "NO_COLOR": "1", **environment}
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env, check=False)


def test_analyze_prints_and_saves(sample: Path, analysis: Analysis, tmp_path: Path) -> None:
    done = run("analyze", sample, "--transcriber", "tiny.en", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "John Dashwood" in done.stdout and "voice" in done.stdout and "overall" in done.stdout
    saved = Analysis.model_validate_json((tmp_path / "face_and_speech.analysis.json").read_text())
    assert saved == analysis


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--language", "zz"], "does not know the language 'zz'"),
        (["--language", "fr"], "it knows: en"),
        (["--translate"], "hears English alone"),
        (["--device", "cuda"], "no CUDA GPU here"),
    ],
)
def test_what_cannot_be_done_is_the_users_to_change(
    sample: Path, tmp_path: Path, options: list[str], message: str
) -> None:
    if "cuda" in options and torch.cuda.is_available():
        pytest.skip("there is a GPU")
    done = run("analyze", sample, "--transcriber", "tiny.en", *options, cwd=tmp_path)
    assert done.returncode == 2 and message in done.stderr and "fault of ours" not in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_several_files_and_a_folder_in_every_format(sample: Path, tmp_path: Path) -> None:
    """Bad ones are named, the good ones done, and the exit code says that something was bad."""
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


def test_json_to_standard_output_is_json_alone(sample: Path, tmp_path: Path) -> None:
    short = write(tmp_path / "a.wav", [], [Sound(speech_of(sample, 8.0))])
    done = run("analyze", short, "--json", "-", "--transcriber", "tiny.en", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert Analysis.model_validate(json.loads(done.stdout)).utterances
    assert list(tmp_path.iterdir()) == [short]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["analyze", "nowhere.mp4"], "nowhere.mp4 does not exist"),
        (["analyze", "empty"], "is a folder without videos"),
        (["analyze", "a.mp4", "--bundle", "nonesuch"], "there is no bundle 'nonesuch'"),
        (["analyze", "a.mp4", "--transcriber", "gigantic"], "there is no Whisper model 'gigantic'"),
        (["analyze", "a.mp4", "--json", "-", "--csv", "-"], "only one output can go to standard output"),
        (["analyze"], "Missing argument"),
        (["analyze", "a.mp4", "--device", "abacus"], "Invalid value for '--device'"),
    ],
)
def test_bad_use_is_one_clear_line(arguments: list[str], complaint: str, sample: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.mp4").write_bytes(sample.read_bytes())
    done = run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert complaint in " ".join(done.stderr.split()) and "Traceback" not in done.stderr


def test_weights_that_cannot_be_had(tmp_path: Path) -> None:
    nowhere = {"VIDEO_SENTIMENT_CACHE": str(tmp_path / "cache"), "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    done = run("weights", "fetch", "centerface", cwd=tmp_path, HTTPS_PROXY="http://127.0.0.1:9", **nowhere)
    assert done.returncode == 1
    assert "Check the network or the proxy" in " ".join(done.stderr.split()) and "Traceback" not in done.stderr


def test_the_version_alone(tmp_path: Path) -> None:
    done = run("--version", cwd=tmp_path)
    assert done.returncode == 0 and done.stdout.strip() == importlib.metadata.version("video-sentiment")


def test_verifying_weights_tells_what_is_missing_or_damaged(tmp_path: Path) -> None:
    """2 for missing, 1 for damaged; what the starter bundle does not need may be missing, unless asked for."""
    entry = weights.CATALOGUE["centerface"]
    folder = tmp_path / "weights" / entry.name
    cache = {weights.CACHE_VARIABLE: str(tmp_path)}
    nothing = run("weights", "verify", cwd=tmp_path, **cache)
    assert nothing.returncode == 2 and "centerface/centerface.onnx: missing" in nothing.stdout
    assert "r3d-18" not in nothing.stdout and "weights fetch NAME" in nothing.stderr
    assert run("weights", "verify", "r3d-18", cwd=tmp_path, **cache).returncode == 2
    folder.mkdir(parents=True)
    (folder / entry.files[0].name).write_bytes(b"damaged")
    assert run("weights", "verify", "centerface", cwd=tmp_path, **cache).returncode == 1
    shutil.copy(weights.fetch("centerface") / entry.files[0].name, folder)
    assert run("weights", "verify", "centerface", cwd=tmp_path, **cache).returncode == 0


def test_help_teaches(tmp_path: Path) -> None:
    done = run("analyze", "--help", cwd=tmp_path)
    assert done.returncode == 0
    for word in ("--html", "--language", "--translate", "video-sentiment analyze talk.mp4", "standard output"):
        assert word in done.stdout


def test_info_and_weights_list(tmp_path: Path) -> None:
    info = run("info", cwd=tmp_path)
    assert info.returncode == 0
    for word in ("torch", "faster-whisper", "cores", "starter", "fusion unmeasured"):
        assert word in info.stdout
    listed = run("weights", "list", cwd=tmp_path)
    assert "whisper-base" in listed.stdout and "MB here" in listed.stdout


def test_results_that_would_overwrite_each_other_or_the_video(tmp_path: Path) -> None:
    twins = [tmp_path / "a" / "talk.mp4", tmp_path / "b" / "talk.mp4"]
    for path in twins:
        path.parent.mkdir()
        path.write_bytes(b"x")
    jobs, _ = find_jobs(twins)
    with pytest.raises(OutputsError, match="rename one"):
        Outputs({"json": tmp_path / "out"}).check(jobs)
    with pytest.raises(OutputsError, match="is the video itself"):
        Outputs({"json": twins[0]}).check(jobs[:1])
    with pytest.raises(OutputsError, match="give a folder"):
        Outputs({"json": twins[0]}).check(jobs)


def test_a_file_named_twice_is_one_job(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"x")
    jobs, refused = find_jobs([tmp_path / "a.mp4", tmp_path, tmp_path / "a.mp4"])
    assert jobs == [Job(tmp_path / "a.mp4", Path("a.mp4"))] and refused == []
