"""State of the emulator in one SQLite file, so that commits are atomic even when the process is killed.

services   state of each service in the emulator's own JSON, without the items of tables
items      items of tables, one row each, so that the cost of a write does not depend on the table's size
messages   messages of queues, one row each, for the same reason
records    records of table streams that some Lambda has not read yet
ends       position after the newest record of each table's stream
positions  stream position of each Lambda
"""

import sqlite3
import threading
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

FILE = "state.sqlite"  # in the emulator's folder
SCHEMA = """
CREATE TABLE IF NOT EXISTS services (name PRIMARY KEY, state);
CREATE TABLE IF NOT EXISTS items (tbl, pk, sk, item, PRIMARY KEY (tbl, pk, sk)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (queue, id, message, PRIMARY KEY (queue, id));
CREATE TABLE IF NOT EXISTS records (tbl, position INTEGER, record, PRIMARY KEY (tbl, position)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ends (tbl PRIMARY KEY, position INTEGER) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS positions (mapping PRIMARY KEY, position INTEGER) WITHOUT ROWID;
"""
SAVE = "INSERT OR REPLACE INTO services VALUES (?, ?)"

Change = tuple[str, tuple[str | int, ...]]
"""SQL statement with its values."""


class Store:
    """Saved state, with a list of changes that are not written yet. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._database = connect(path)
        self._writing = threading.Lock()
        self._changes: list[Change] = []
        self._changing = threading.Lock()

    def service(self, name: str) -> str | None:
        """Return the state of a service; None when there is none."""
        row = self._database.execute("SELECT state FROM services WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def rows(self, statement: str, *values: str | int) -> list[tuple[str, ...]]:
        """Return the rows of a query."""
        return self._database.execute(statement, values).fetchall()

    def change(self, statement: str, *values: str | int) -> None:
        """Add a change, to be made by the next `write`."""
        with self._changing:
            self._changes.append((statement, values))

    def take(self) -> list[Change]:
        """Return the pending changes in order, and clear them."""
        with self._changing:
            taken, self._changes = self._changes, []
            return taken

    @property
    def is_clean(self) -> bool:
        """True when no change is pending."""
        return not self._changes

    def write(self, changes: Sequence[Change], states: Mapping[str, str] | None = None) -> None:
        """Write changes and the states of services, by name, in one transaction. They are on the disk on return.

        After an error the changes are pending again, before later ones; states are not, since the next save collects
        them anew. Raises sqlite3.Error.
        """
        with self._writing:
            try:
                with self._database:
                    self._database.execute("BEGIN IMMEDIATE")
                    for statement, values in changes:
                        self._database.execute(statement, values)
                    self._database.executemany(SAVE, (states or {}).items())
            except sqlite3.Error:
                with self._changing:
                    self._changes = [*changes, *self._changes]
                raise


def connect(path: Path) -> sqlite3.Connection:
    """Open the file, creating it if absent. Transactions have to be started explicitly."""
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, timeout=10, check_same_thread=False, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.executescript(SCHEMA)
    return database


def holds_anything(path: Path) -> bool:
    """Return True when the file has the state of any service."""
    if not path.exists():
        return False
    with closing(connect(path)) as database:
        return database.execute("SELECT 1 FROM services LIMIT 1").fetchone() is not None
