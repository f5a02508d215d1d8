"""Progress of analyses, written to S3. Slow or failing writes delay nothing."""

import json
import logging
import threading
import time
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from model.pipeline import Progress
from model.serving.intake import s3_client

INTERVAL = 1.0  # seconds between two writes about one analysis, but for the last
TIMEOUT = 5  # seconds

logger = logging.getLogger("model.serving.app.progress")


class News(NamedTuple):
    stage: str
    fraction: float
    time: datetime

    @property
    def is_last(self) -> bool:
        return self.fraction >= 1.0


class ProgressWriter:
    """Writes `{prefix}/{inference id}.json`, on a thread of its own.

    Only the newest news of each analysis waits to be written: what S3 is too slow for is skipped.
    """

    def __init__(self, uri: str, client: Any = None, interval: float = INTERVAL) -> None:
        """`uri` is `s3://bucket` or `s3://bucket/prefix`."""
        self._bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        self._prefix = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
        self._client = client or s3_client(
            connect_timeout=TIMEOUT, read_timeout=TIMEOUT, retries={"total_max_attempts": 1}
        )
        self._interval = interval
        self._news: dict[str, News] = {}  # by key
        self._written: dict[str, float] = {}  # by key: when, on the monotonic clock
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._write_all, name="progress", daemon=True)
        self._thread.start()

    def of(self, inference_id: str) -> Progress:
        """Return the callback for the progress of an analysis; it returns at once."""
        key = f"{self._prefix}{quote(inference_id, safe='')}.json"

        def report(stage: str, fraction: float) -> None:
            with self._changed:
                self._news[key] = News(stage, fraction, datetime.now(UTC))
                self._changed.notify()

        return report

    def close(self) -> None:
        """Write what is left, as far as that succeeds within seconds."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(2 * TIMEOUT)

    def _write_all(self) -> None:
        while (due := self._next()) is not None:
            self._write(*due)

    def _next(self) -> tuple[str, News] | None:
        """Wait for news that may be written now; None when there will be no more."""
        with self._changed:
            while True:
                now = time.monotonic()
                key = min(self._news, key=self._due, default=None)
                if key is not None and (self._closing or self._due(key) <= now):
                    self._written = {k: t for k, t in self._written.items() if now - t < self._interval}
                    self._written[key] = now
                    return key, self._news.pop(key)
                if self._closing:
                    return None
                self._changed.wait(None if key is None else self._due(key) - now)

    def _due(self, key: str) -> float:
        """Return the earliest time, on the monotonic clock, at which the news of `key` may be written."""
        if self._news[key].is_last or key not in self._written:
            return 0.0
        return self._written[key] + self._interval

    def _write(self, key: str, news: News) -> None:
        body = {"stage": news.stage, "fraction": round(news.fraction, 4), "updated": news.time.isoformat()}
        try:
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=json.dumps(body).encode(), ContentType="application/json"
            )
        except (BotoCoreError, ClientError) as error:
            logger.warning("progress could not be written: %s", error, extra={"fields": {"key": key}})
