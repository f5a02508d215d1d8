"""Build folders under concurrent processes: complete content, and no interference."""

import os
import shutil
import threading
from pathlib import Path

import pytest

from stacks import image_source, lambda_bundle
from stacks.build_cache import atomic_dir, keep_recent


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_concurrent_builds_of_the_same_content_are_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second build starts when the first is half done, and finishes after it."""
    monkeypatch.setattr(image_source, "BUILD", tmp_path / "image")
    copy, built = shutil.copy2, []
    half_done, second_started, first_ended = threading.Event(), threading.Event(), threading.Event()

    def copy_in_turn(source: Path, target: Path) -> None:
        if threading.current_thread() is not first:
            second_started.set()
            assert first_ended.wait(60)
        copy(source, target)
        if threading.current_thread() is first and target.name == "Dockerfile":
            half_done.set()
            assert second_started.wait(60)

    def build() -> None:
        folder = image_source.build()
        built.append((folder, contents(folder)))

    monkeypatch.setattr(shutil, "copy2", copy_in_turn)
    first, second = threading.Thread(target=build), threading.Thread(target=build)
    first.start()
    assert half_done.wait(60)
    second.start()
    first.join(60)
    first_ended.set()
    second.join(60)
    folder = built[0][0]
    expected = {p.relative_to(lambda_bundle.ROOT).as_posix(): p.read_bytes() for p in image_source.files()}
    assert built == [(folder, expected), (folder, expected)]
    assert list(folder.parent.iterdir()) == [folder], "drafts were not removed"


def test_an_interrupted_build_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), atomic_dir(tmp_path / "target") as draft:
        (draft / "half").write_text("")
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_recently_used_folders_are_kept_and_old_ones_removed(tmp_path: Path) -> None:
    """A draft may have the old modification time of the tree that it was copied from."""
    for name in ("ours-1", "ours-2", "theirs-1"):
        (tmp_path / name).mkdir()
    with atomic_dir(tmp_path / "ours-3") as draft:
        os.utime(draft, (0, 0))
        keep_recent(tmp_path / "ours-1", 3600, "ours-")
        assert draft.exists()
        assert {p.name for p in tmp_path.iterdir()} == {"ours-1", "ours-2", "theirs-1", draft.name}
    keep_recent(tmp_path / "ours-1", -1, "ours-")
    assert {p.name for p in tmp_path.iterdir()} == {"ours-1", "theirs-1"}
