"""Folders that several processes build at once: each whole, and none in another's way."""

import os
import shutil
import threading
from pathlib import Path

import pytest

from stacks import bundle, image_source
from stacks.build_cache import atomic_dir, keep_recent


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_two_that_build_the_same_at_once_get_it_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second begins when the first is half done, and is overtaken by it."""
    monkeypatch.setattr(image_source, "BUILD", tmp_path / "image")
    copy, built = shutil.copy2, []
    half_done, second_began, first_ended = threading.Event(), threading.Event(), threading.Event()

    def copy_in_turn(source: Path, place: Path) -> None:
        if threading.current_thread() is not first:
            second_began.set()
            assert first_ended.wait(60)
        copy(source, place)
        if threading.current_thread() is first and place.name == "Dockerfile":
            half_done.set()
            assert second_began.wait(60)

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
    wanted = {p.relative_to(bundle.ROOT).as_posix(): p.read_bytes() for p in image_source.files()}
    assert built == [(folder, wanted), (folder, wanted)]
    assert list(folder.parent.iterdir()) == [folder], "no draft is left"


def test_what_is_interrupted_takes_no_name(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), atomic_dir(tmp_path / "whole") as draft:
        (draft / "half").write_text("")
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


def test_what_is_in_use_stays_and_what_was_long_ago_goes(tmp_path: Path) -> None:
    """A draft may look as old as the tree that it was copied from."""
    for name in ("ours-1", "ours-2", "theirs-1"):
        (tmp_path / name).mkdir()
    with atomic_dir(tmp_path / "ours-3") as draft:
        os.utime(draft, (0, 0))
        keep_recent(tmp_path / "ours-1", 3600, "ours-")
        assert draft.exists()
        assert {p.name for p in tmp_path.iterdir()} == {"ours-1", "ours-2", "theirs-1", draft.name}
    keep_recent(tmp_path / "ours-1", -1, "ours-")
    assert {p.name for p in tmp_path.iterdir()} == {"ours-1", "theirs-1"}
