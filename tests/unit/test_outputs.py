"""Selection of input files and destinations of results: nothing is overwritten, lost or left behind."""

import io
import os
import stat
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.cli.outputs import InputFile, Outputs, OutputsError, find_inputs
from model.contract import Analysis
from tests.unit.analyses import analysis_of, utterance

ROOT = Path(__file__).parents[2]


def example(text: str = "Well.") -> Analysis:
    return analysis_of(utterance(0.0, 2.0, text))


def videos(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return paths


def resolved(outputs: Outputs, paths: list[Path]) -> tuple[dict[str, str], list[str]]:
    """Return the name of each video's only result, and the errors."""
    files, errors = outputs.resolve(find_inputs(paths)[0])
    return {file.path.name: next(iter(file.targets.values())).name for file in files}, errors


def test_a_file_named_twice_is_one_input(tmp_path: Path) -> None:
    videos(tmp_path, "a.mp4")
    inputs, errors = find_inputs([tmp_path / "a.mp4", tmp_path, tmp_path / "a.mp4"])
    assert inputs == [InputFile(tmp_path / "a.mp4", Path("a.mp4"))] and errors == []


def test_names_that_differ_in_case_are_two_files_on_case_sensitive_disks(tmp_path: Path) -> None:
    paths = videos(tmp_path, "Talk.mp4", "talk.mp4")
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this file system ignores case")
    assert resolved(Outputs({}), paths) == (
        {"Talk.mp4": "Talk.mp4.analysis.json", "talk.mp4": "talk.mp4.analysis.json"},
        [],
    )


def test_destinations_for_a_folder_do_not_depend_on_the_number_of_videos(tmp_path: Path) -> None:
    videos(tmp_path, "in/a.mp4")
    for target in (tmp_path / "tables", tmp_path / "one.csv"):
        (file,), _ = Outputs({"csv": target}).resolve(find_inputs([tmp_path / "in"])[0])
        assert file.targets["csv"] == (target / "a.csv" if target.name == "tables" else target)


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/usr/bin/setpriv").exists(), reason="root may look anywhere")
def test_an_inaccessible_folder_is_a_one_line_error(tmp_path: Path) -> None:
    """An unprivileged user, and a folder that can be listed but not entered."""
    videos(tmp_path, "in/ok.mp4", "in/locked/x.mp4")
    tmp_path.chmod(0o777)
    for path in (tmp_path, *tmp_path.parents):
        if path.stat().st_uid == os.geteuid() and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o055)
    (tmp_path / "in" / "locked").chmod(0o644)
    code = "import sys; from pathlib import Path; from model.cli.outputs import *; "
    code += "inputs, errors = find_inputs([Path('in')]); "
    code += "print([i.path.name for i in inputs]); Outputs({'json': Path('in/locked/o.json')}).resolve(inputs)"
    user = ["setpriv", "--reuid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [*user, sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.stdout == "['ok.mp4']\n", done.stderr
    assert "OutputsError" in done.stderr and "PermissionError" not in done.stderr.splitlines()[-1]


def test_companion_files_of_macos_are_ignored(tmp_path: Path) -> None:
    videos(tmp_path, "talk.mp4", "._talk.mp4")
    assert [file.path.name for file in find_inputs([tmp_path])[0]] == ["talk.mp4"]


def test_a_folder_that_cannot_be_listed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    videos(tmp_path, "open/a.mp4", "closed/b.mp4")
    scandir = os.scandir

    def refuse(path: str) -> object:  # root ignores file modes
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    inputs, errors = find_inputs([tmp_path])
    assert [file.path.name for file in inputs] == ["a.mp4"]
    assert errors == [f"{tmp_path / 'closed'} cannot be searched for videos: Permission denied"]


def test_files_that_differ_in_their_suffix_keep_it_in_the_results_names(tmp_path: Path) -> None:
    paths = videos(tmp_path, "talk.mp4", "talk.wav", "Talk.MOV", "other.mp4")
    names, refused = resolved(Outputs({"json": tmp_path / "out"}), paths)
    assert names == {
        "talk.mp4": "talk.mp4.json",
        "talk.wav": "talk.wav.json",
        "Talk.MOV": "Talk.MOV.json",
        "other.mp4": "other.json",
    }
    assert refused == []
    assert resolved(Outputs({}), paths[:2])[0] == {
        "talk.mp4": "talk.mp4.analysis.json",
        "talk.wav": "talk.wav.analysis.json",
    }


def test_one_of_two_with_the_same_name_is_skipped_and_named(tmp_path: Path) -> None:
    files, errors = Outputs({"json": tmp_path / "out"}).resolve(
        find_inputs(videos(tmp_path, "a/t.mp4", "b/t.mp4", "c.mp4"))[0]
    )
    assert [file.path for file in files] == [tmp_path / "a/t.mp4", tmp_path / "c.mp4"]
    assert len(errors) == 1 and f"{tmp_path / 'b/t.mp4'} was skipped" in errors[0] and "Rename one" in errors[0]


_names = st.tuples(st.sampled_from("ab"), st.sampled_from(["t", "T", "é", "e\u0301"]), st.sampled_from(["mp4", "wav"]))


@given(st.lists(_names), st.booleans())
def test_no_two_results_share_a_file(names: list[tuple[str, str, str]], folds: bool) -> None:
    """On file systems that distinguish case and composition of letters, and on those that do not."""
    inputs = [
        InputFile(Path(f"/{folder}/{stem}.{suffix}"), Path(f"{stem}.{suffix}")) for folder, stem, suffix in set(names)
    ]
    with mock.patch("model.cli.disk.ignores_case", return_value=folds):
        files, errors = Outputs({}).resolve(inputs)
    targets = [str(file.targets["json"]) for file in files]
    if folds:
        targets = [target.casefold().replace("e\u0301", "é") for target in targets]
    assert len(set(targets)) == len(targets) and len(files) + len(errors) == len(inputs)


def test_a_video_is_never_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (video,) = videos(tmp_path, "a.mp4")
    assert "is the video itself" in resolved(Outputs({"json": video}), [video])[1][0]
    monkeypatch.chdir(tmp_path)
    names, refused = resolved(Outputs({}), [video, *videos(tmp_path, "a.analysis.json")])
    assert "is a video to be analyzed" in refused[0] and list(names) == ["a.analysis.json"]


def test_a_name_that_would_be_too_long_is_refused_before_the_analysis(tmp_path: Path) -> None:
    (longest,) = videos(tmp_path, 251 * "x" + ".mp4")
    names, refused = resolved(Outputs({}), [longest, *videos(tmp_path, "a.mp4"), tmp_path / (300 * "x")])
    assert list(names) == ["a.mp4"]
    assert "265 bytes long; the limit here is 255" in refused[0] and "--json FILE" in refused[0]


def test_a_name_as_long_as_may_be_is_written(tmp_path: Path) -> None:
    (video,) = videos(tmp_path, "a.mp4")
    target = tmp_path / (250 * "x" + ".json")
    outputs = Outputs({"json": target})
    (file,), _ = outputs.resolve([InputFile(video, Path("a.mp4"))])
    assert list(outputs.write(example(), file)) == [target] and target.stat().st_size > 100
    assert {path.name for path in tmp_path.iterdir()} == {"a.mp4", target.name}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("a.mp4/out.json", "is a file, so no result can be written below it"),
        ("/proc/out.json", "no result can be written to /proc"),
    ],
)
def test_a_destination_that_cannot_be_written(tmp_path: Path, target: str, message: str) -> None:
    if target.startswith("/proc") and not Path("/proc/self").exists():
        pytest.skip("/proc exists only on Linux")
    (video,) = videos(tmp_path, "a.mp4")
    with pytest.raises(OutputsError, match=message):
        Outputs({"json": tmp_path / target}).resolve([InputFile(video, Path("a.mp4"))])
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_one_file_for_several_videos(tmp_path: Path) -> None:
    (tmp_path / "out.json").touch()
    with pytest.raises(OutputsError, match="choose a folder"):
        resolved(Outputs({"json": tmp_path / "out.json"}), videos(tmp_path, "a.mp4", "b.mp4"))


def test_a_link_stays_a_link_and_a_pipe_a_pipe(tmp_path: Path) -> None:
    (video,) = videos(tmp_path, "a.mp4")
    (tmp_path / "link.json").symlink_to("real.json")
    outputs = Outputs({"json": tmp_path / "link.json", "csv": Path(os.devnull)})
    (file,), _ = outputs.resolve([InputFile(video, Path("a.mp4"))])
    list(outputs.write(example(), file))
    assert (tmp_path / "link.json").is_symlink() and (tmp_path / "real.json").stat().st_size > 100
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_standard_output_gets_utf_8_whatever_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (video,) = videos(tmp_path, "a.mp4")
    standard_output = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", standard_output)
    outputs = Outputs({"srt": Path("-")})
    (file,), _ = outputs.resolve([InputFile(video, Path("a.mp4"))])
    list(outputs.write(example("Où ça ?"), file))
    assert "Où ça ?" in standard_output.buffer.getvalue().decode()
