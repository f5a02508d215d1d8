"""Progress of analyses, written to S3. Slow or failing writes never delay an analysis."""

import json
import logging
import threading
import time
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from model.pipeline import Progress
from model.serving.ingest import s3_client

INTERVAL = 1.0  # seconds between two writes for one analysis, except before the last
TIMEOUT = 5  # seconds

logger = logging.getLogger("model.serving.app.progress")


class ProgressUpdate(NamedTuple):
    """Progress of an analysis at a point in time."""

    stage: str
    fraction: float
    time: datetime

    @property
    def is_last(self) -> bool:
        return self.fraction >= 1.0


class ProgressWriter:
    """Writer of `{prefix}/{inference id}.json`, on its own thread.

    Only the latest update of each analysis is queued; older ones are skipped if S3 is slow. `uri` is `s3://bucket` or
    `s3://bucket/prefix`.
    """

    def __init__(self, uri: str, client: Any = None, interval: float = INTERVAL) -> None:
        self._bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        self._prefix = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
        self._client = client or s3_client(
            connect_timeout=TIMEOUT, read_timeout=TIMEOUT, retries={"total_max_attempts": 1}
        )
        self._interval = interval
        self._pending: dict[str, ProgressUpdate] = {}  # by key
        self._written: dict[str, float] = {}  # time of the last write on the monotonic clock, by key
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._write_all, name="progress", daemon=True)
        self._thread.start()

    def of(self, inference_id: str) -> Progress:
        """Return the progress callback of an analysis; it does not block."""
        key = f"{self._prefix}{quote(inference_id, safe='')}.json"

        def report(stage: str, fraction: float) -> None:
            with self._changed:
                self._pending[key] = ProgressUpdate(stage, fraction, datetime.now(UTC))
                self._changed.notify()

        return report

    def close(self) -> None:
        """Write pending updates, within a timeout of seconds."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(2 * TIMEOUT)

    def _write_all(self) -> None:
        while (due := self._next()) is not None:
            self._write(*due)

    def _next(self) -> tuple[str, ProgressUpdate] | None:
        """Wait for the next update that is due; return None after the last one."""
        with self._changed:
            while True:
                now = time.monotonic()
                key = min(self._pending, key=self._due, default=None)
                if key is not None and (self._closing or self._due(key) <= now):
                    self._written = {k: t for k, t in self._written.items() if now - t < self._interval}
                    self._written[key] = now
                    return key, self._pending.pop(key)
                if self._closing:
                    return None
                self._changed.wait(None if key is None else self._due(key) - now)

    def _due(self, key: str) -> float:
        """Return the earliest time, on the monotonic clock, to write the update of `key`."""
        if self._pending[key].is_last or key not in self._written:
            return 0.0
        return self._written[key] + self._interval

    def _write(self, key: str, update: ProgressUpdate) -> None:
        body = {"stage": update.stage, "fraction": round(update.fraction, 4), "updated": update.time.isoformat()}
        try:
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=json.dumps(body).encode(), ContentType="application/json"
            )
        except (BotoCoreError, ClientError) as error:
            logger.warning("progress could not be written: %s", error, extra={"fields": {"key": key}})
