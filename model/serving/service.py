"""Processing of a video in the server: intake, queue, analysis, deletion."""

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
from model.serving.intake import Intake
from model.serving.jobs import JobQueue, Place
from model.serving.log import Call
from model.serving.problems import NotReadyError, StoppingError
from model.serving.progress import ProgressWriter
from model.serving.settings import ServerSettings

logger = logging.getLogger("model.serving.app")


class Service:
    """State shared by all requests: the models, the queue, the folder for videos."""

    def __init__(self, settings: ServerSettings, models: Models | None) -> None:
        self.settings = settings
        self.models = models
        self.failure: Exception | None = None  # why the models could not be loaded
        self.when_failed: Callable[[], None] = lambda: None
        self.jobs = JobQueue(settings.workers, settings.queue)
        self._intake = Intake(settings)
        self._loading: threading.Thread | None = None
        self._folder: Path | None = None
        self._progress: ProgressWriter | None = None

    @property
    def busy(self) -> bool:
        """True while threads run that cannot be interrupted."""
        return self.jobs.running or (self._loading is not None and self._loading.is_alive())

    def start(self) -> None:
        """Make ready; where there are no models yet, load them beside answering /ping."""
        self.settings.temp_dir.mkdir(parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix="video-sentiment-", dir=self.settings.temp_dir))
        if self.settings.progress_s3_uri is not None:
            self._progress = ProgressWriter(self.settings.progress_s3_uri)
        if self.models is None:
            self._loading = threading.Thread(target=self._load, name="loading", daemon=True)
            self._loading.start()

    def stop(self) -> None:
        """Take no more, finish what runs within the grace period. Call from the event loop."""
        self.jobs.stop()
        asyncio.get_running_loop().call_later(self.settings.grace, self.jobs.abort)

    def close(self) -> None:
        """Leave nothing behind. May be called again."""
        self.jobs.close()
        if self._progress is not None:
            self._progress.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def ready(self) -> Models:
        """The models. Raises NotReadyError before they are loaded."""
        if self.models is None:
            raise NotReadyError("the models are being loaded; try again in a moment")
        return self.models

    async def analyze(self, request: Request, call: Call, input_uri: str | None = None) -> Analysis:
        """The analysis of the video that a request brings. Raises what `serving.problems` lists.

        `input_uri`: the object whose removal withdraws the request.
        """
        models = self.ready()
        self._intake.check(request)
        with self.jobs.take() as place, self._file() as path:
            if input_uri is not None:
                self._intake.end_when_withdrawn(place, input_uri)
            call.bytes = await self._intake.take(request, path, place)
            return await place.run(lambda: self._analyze(path, models, place, call))

    def _analyze(self, path: Path, models: Models, place: Place, call: Call) -> Analysis:
        """Analyze a video; runs on a worker's thread. Raises MediaError without the file's path."""
        call.started()
        told = self._progress.of(call.inference_id) if self._progress and call.inference_id else None
        budget = Budget(self.settings.budget_seconds, self.settings.budget_factor)
        options = Options(max_duration=self.settings.max_duration, budget=budget)

        def keep_going() -> None:
            if place.abandoned.is_set():
                raise StoppingError("nobody waits for this analysis any more")

        try:
            analysis = analyze(path, models, options, told, keep_going)
        except MediaError as error:  # its message names the file, which is nobody's business
            raise type(error)(str(error).replace(str(path), "the video")) from error
        call.video_seconds = analysis.video.duration_s
        return analysis

    def _load(self) -> None:
        settings = self.settings
        try:
            self.models = load_models(
                settings.find_bundle(),
                settings.transcriber,
                device=settings.device,
                prior=settings.prior,
                people=settings.people,
            )
            logger.info("models loaded")
        except Exception as error:  # whatever it is, a server without models must not go on
            self.failure = error
            self.when_failed()

    @contextmanager
    def _file(self) -> Iterator[Path]:
        """A path for a video, removed afterwards; a thread that still reads the file may go on doing so."""
        assert self._folder is not None, "the service was not started"
        path = self._folder / uuid.uuid4().hex
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)
