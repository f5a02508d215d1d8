"""Store of the emulator's state: atomic commits, and pending changes after a failed one."""

import sqlite3
from pathlib import Path

import pytest

from local.guard.store import Store, holds_anything

PUT = "INSERT OR REPLACE INTO positions VALUES (?, ?)"
WRONG = "INSERT INTO nowhere VALUES (?)"


def positions(path: Path) -> dict[str, int]:
    """Read the positions through another connection, as the next process does."""
    return {name: int(at) for name, at in Store(path).rows("SELECT mapping, position FROM positions")}


def test_committed_changes_are_visible_to_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "state.sqlite"
    assert not holds_anything(path)
    store = Store(path)
    store.change(PUT, "a", 1)
    store.change(PUT, "a", 2)
    assert not store.is_clean and positions(path) == {} and not holds_anything(path)
    store.write(store.take(), {"sqs": "{}"})
    assert store.is_clean and positions(path) == {"a": 2} and holds_anything(path)
    assert Store(path).service("sqs") == "{}" and Store(path).service("s3") is None


def test_failed_changes_stay_pending_before_later_ones(tmp_path: Path) -> None:
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
    assert store.service("sqs") is None  # states of services are collected anew
