"""Log lines as JSON objects; none of them contains words spoken in a video."""

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
class Call:
    """One request to analyze a video, as logged."""

    request_id: str
    inference_id: str | None
    bytes: int | None = None  # of the video
    video_seconds: float | None = None
    _start: float = field(default_factory=time.monotonic)

    def started(self) -> None:
        """The video is here and its analysis begins."""
        logger.info("analysis started", extra={"fields": {**self._ids(), "bytes": self.bytes}})

    def answered(self, status: int, error: Exception | None = None) -> None:
        """The request was answered, or given up."""
        seconds = round(time.monotonic() - self._start, 3)
        facts: dict[str, object] = {
            "bytes": self.bytes,
            "video_seconds": self.video_seconds,
            "seconds": seconds,
            "status": status,
        }
        level = logging.INFO
        if error is not None:
            problem = problem_of(error)
            facts["problem"] = problem.name
            if problem is PROBLEMS[Exception]:
                level, facts["trace"] = logging.ERROR, trace_of(error)
            else:
                facts["detail"] = str(error)
        logger.log(level, "request answered", extra={"fields": {**self._ids(), **facts}})

    def _ids(self) -> dict[str, object]:
        return {"request_id": self.request_id, "inference_id": self.inference_id}


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON: time, level, logger, message, and the fields given as `extra`."""

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
    """Have everything logged to standard error, a line of JSON each; libraries from warnings on."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in ("model", "uvicorn"):
        logging.getLogger(name).setLevel(logging.INFO)


def trace_of(error: BaseException | None) -> list[str]:
    """Return the exceptions and their locations, the newest first.

    A pydantic error's message quotes what it was given, and that may be a transcript: left out.
    """
    lines: list[str] = []
    while error is not None:
        message = f"{error.error_count()} invalid fields" if isinstance(error, ValidationError) else str(error)
        lines.append(f"{type(error).__name__}: {message}")
        lines += [f"  {f.filename}:{f.lineno} {f.name}" for f in reversed(traceback.extract_tb(error.__traceback__))]
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return lines
