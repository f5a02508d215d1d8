"""Queue of accepted requests, in an SQLite file: each is kept until its outcome is published."""

import sqlite3
import time
from contextlib import closing
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path


@dataclass(frozen=True)
class Job:
    """Request accepted by InvokeEndpointAsync. Times are epoch seconds; limits are seconds.

    `attempts`: how often the model server disappeared while it processed the job; `message`: the message to publish,
    once the job has ended.
    """

    id: str
    inference_id: str
    input_location: str
    output_location: str
    failure_location: str
    content_type: str
    accept: str
    custom_attributes: str
    received: float
    request_ttl: int
    invocation_timeout: int
    attempts: int = 0
    message: str = ""
    succeeded: bool = False


COLUMNS = tuple(field.name for field in fields(Job))


class JobQueue:
    """First-in, first-out queue, thread-safe since each call opens its own connection."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._connect()) as database, database:
            database.execute(f"CREATE TABLE IF NOT EXISTS jobs ({', '.join(COLUMNS)}, PRIMARY KEY (id))")

    def put(self, job: Job) -> None:
        """Store a job, or replace the stored one; it is on the disk when this returns."""
        values = asdict(job)
        names = ", ".join(f":{name}" for name in COLUMNS)
        with closing(self._connect()) as database, database:
            database.execute(f"INSERT OR REPLACE INTO jobs VALUES ({names})", values)

    def all(self) -> list[Job]:
        """Return all stored jobs, the oldest first."""
        with closing(self._connect()) as database:
            # By position: files of earlier versions have another name for the column `message`.
            rows = database.execute("SELECT * FROM jobs ORDER BY received, rowid").fetchall()
        return [replace(Job(*row), succeeded=bool(row[COLUMNS.index("succeeded")])) for row in rows]

    def remove(self, job: Job) -> None:
        """Delete a finished job."""
        with closing(self._connect()) as database, database:
            database.execute("DELETE FROM jobs WHERE id = ?", (job.id,))

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=10)
        database.execute("PRAGMA synchronous = FULL")
        return database


def now() -> float:
    """Return the current time in epoch seconds."""
    return time.time()
