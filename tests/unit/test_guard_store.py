"""The file that the emulator's state is committed to: all or nothing, and nothing is forgotten when it fails."""

import sqlite3
from pathlib import Path

import pytest

from local.guard.store import Store, holds_anything

PUT = "INSERT OR REPLACE INTO positions VALUES (?, ?)"
WRONG = "INSERT INTO nowhere VALUES (?)"


def positions(path: Path) -> dict[str, int]:
    """By another connection, as the next process finds them."""
    return {name: int(at) for name, at in Store(path).rows("SELECT mapping, position FROM positions")}


def test_what_was_written_is_there_for_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "state.sqlite"
    assert not holds_anything(path)
    store = Store(path)
    store.change(PUT, "a", 1)
    store.change(PUT, "a", 2)
    assert not store.is_clean and positions(path) == {} and not holds_anything(path)
    store.write(store.take(), {"sqs": "{}"})
    assert store.is_clean and positions(path) == {"a": 2} and holds_anything(path)
    assert Store(path).service("sqs") == "{}" and Store(path).service("s3") is None


def test_what_could_not_be_written_is_kept_before_what_comes_later(tmp_path: Path) -> None:
    path = tmp_path / "state.sqlite"
    store = Store(path)
    store.change(PUT, "a", 1)
    store.change(WRONG, 1)
    taken = store.take()
    store.change(PUT, "a", 2)
    with pytest.raises(sqlite3.Error):
        store.write(taken, {"sqs": "old"})
    assert positions(path) == {}
    again = store.take()
    assert again == [*taken, (PUT, ("a", 2))]
    store.write([change for change in again if change[0] != WRONG])
    assert positions(path) == {"a": 2}
    assert store.service("sqs") is None  # the state of a service is asked for anew
