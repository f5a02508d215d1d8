"""Logging as JSON lines, which never contain transcribed speech."""

import json
import logging
import time
import traceback
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import ValidationError

from model.serving.problems import PROBLEMS, problem_of

logger = logging.getLogger("model.serving.app")


@dataclass
class RequestLog:
    """Log entries of one request to analyze a video."""

    request_id: str
    inference_id: str | None
    bytes: int | None = None  # of the video
    video_seconds: float | None = None
    _start: float = field(default_factory=time.monotonic)

    def started(self) -> None:
        """Log that the video was received and its analysis started."""
        logger.info("analysis started", extra={"fields": {**self._ids(), "bytes": self.bytes}})

    def answered(self, status: int, error: Exception | None = None) -> None:
        """Log the response, or the reason why there is none."""
        seconds = round(time.monotonic() - self._start, 3)
        fields: dict[str, object] = {
            "bytes": self.bytes,
            "video_seconds": self.video_seconds,
            "seconds": seconds,
            "status": status,
        }
        level = logging.INFO
        if error is not None:
            problem = problem_of(error)
            fields["problem"] = problem.name
            if problem is PROBLEMS[Exception]:
                level, fields["trace"] = logging.ERROR, trace_of(error)
            else:
                fields["detail"] = str(error)
        logger.log(level, "request answered", extra={"fields": {**self._ids(), **fields}})

    def _ids(self) -> dict[str, object]:
        return {"request_id": self.request_id, "inference_id": self.inference_id}


class JsonFormatter(logging.Formatter):
    """Formatter of records as JSON lines: time, level, logger, message, and the fields passed as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["trace"] = trace_of(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def configure_logging() -> None:
    """Log to standard error as JSON lines, libraries from level WARNING on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in ("model", "uvicorn"):
        logging.getLogger(name).setLevel(logging.INFO)


def trace_of(error: BaseException | None) -> list[str]:
    """Return the chain of exceptions with their locations, the most recent first.

    Messages of pydantic are omitted, because they quote the input, which may be a transcript.
    """
    lines: list[str] = []
    while error is not None:
        message = f"{error.error_count()} invalid fields" if isinstance(error, ValidationError) else str(error)
        lines.append(f"{type(error).__name__}: {message}")
        lines += [f"  {f.filename}:{f.lineno} {f.name}" for f in reversed(traceback.extract_tb(error.__traceback__))]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return lines
