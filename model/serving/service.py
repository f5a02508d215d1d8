"""Processing of a request: ingestion, queueing, analysis, and deletion of the video."""

import asyncio
import logging
import shutil
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.requests import Request

from model.contract import Analysis
from model.media import MediaError
from model.pipeline import Budget, Models, Options, analyze, load_models
from model.serving.ingest import Ingest
from model.serving.jobs import JobQueue, Slot
from model.serving.log import RequestLog
from model.serving.problems import NotReadyError, StoppingError
from model.serving.progress import ProgressWriter
from model.serving.settings import ServerSettings

logger = logging.getLogger("model.serving.app")


class Service:
    """State shared by all requests: models, job queue, and the folder for videos."""

    def __init__(self, settings: ServerSettings, models: Models | None) -> None:
        self.settings = settings
        self.models = models
        self.failure: Exception | None = None  # of loading the models
        self.on_failure: Callable[[], None] = lambda: None
        self.jobs = JobQueue(settings.workers, settings.queue)
        self._ingest = Ingest(settings)
        self._loading: threading.Thread | None = None
        self._folder: Path | None = None
        self._progress: ProgressWriter | None = None

    @property
    def busy(self) -> bool:
        """True while uninterruptible threads run."""
        return self.jobs.running or (self._loading is not None and self._loading.is_alive())

    def start(self) -> None:
        """Create the resources, and load the models in the background if there are none yet."""
        self.settings.temp_dir.mkdir(parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix="video-sentiment-", dir=self.settings.temp_dir))
        if self.settings.progress_s3_uri is not None:
            self._progress = ProgressWriter(self.settings.progress_s3_uri)
        if self.models is None:
            self._loading = threading.Thread(target=self._load, name="loading", daemon=True)
            self._loading.start()

    def stop(self) -> None:
        """Reject new jobs and abort running ones after the grace period. Call it from the event loop."""
        self.jobs.stop()
        asyncio.get_running_loop().call_later(self.settings.grace, self.jobs.abort)

    def close(self) -> None:
        """Release all resources; idempotent."""
        self.jobs.close()
        if self._progress is not None:
            self._progress.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def ready(self) -> Models:
        """Return the models. Raises NotReadyError while they are loading."""
        if self.models is None:
            raise NotReadyError("the models are loading; retry shortly")
        return self.models

    async def analyze(self, request: Request, log: RequestLog, input_uri: str | None = None) -> Analysis:
        """Analyze a request's video. Raises the errors of `model.serving.problems`.

        `input_uri`: S3 object whose removal cancels the analysis.
        """
        models = self.ready()
        self._ingest.check(request)
        with self.jobs.acquire() as slot, self._file() as path:
            if input_uri is not None:
                self._ingest.cancel_when_removed(slot, input_uri)
            log.bytes = await self._ingest.receive(request, path, slot)
            return await slot.run(lambda: self._analyze(path, models, slot, log))

    def _analyze(self, path: Path, models: Models, slot: Slot, log: RequestLog) -> Analysis:
        """Analyze a video on a worker thread. Raises MediaError without the file's path."""
        log.started()
        progress = self._progress.of(log.inference_id) if self._progress and log.inference_id else None
        budget = Budget(self.settings.budget_seconds, self.settings.budget_factor)
        options = Options(max_duration=self.settings.max_duration, budget=budget)

        def keep_going() -> None:
            if slot.abandoned.is_set():
                raise StoppingError("the analysis was abandoned")

        try:
            analysis = analyze(path, models, options, progress, keep_going)
        except MediaError as error:  # hide the temporary path from the client
            raise type(error)(str(error).replace(str(path), "the video")) from error
        log.video_seconds = analysis.video.duration_s
        return analysis

    def _load(self) -> None:
        settings = self.settings
        try:
            self.models = load_models(
                settings.find_bundle(), settings.transcriber, settings.device, settings.prior, settings.workers
            )
            logger.info("models loaded")
        except Exception as error:  # without models the server must exit, whatever the cause
            self.failure = error
            self.on_failure()

    @contextmanager
    def _file(self) -> Iterator[Path]:
        """Yield a path for a video and remove the file afterwards; threads with the file open can still read it."""
        assert self._folder is not None, "the service has not been started"
        path = self._folder / uuid.uuid4().hex
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)
