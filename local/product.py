"""The product from start to end: its parts start in order, are watched while they run, and stop in reverse order.

emulator  ->  stacks (deployed if anything changed)  ->  SageMaker adapter, web origin  ->  demo user
                     \\->  model server, loading beside all that as soon as there are buckets
"""

import asyncio
import contextlib
import logging
import math
import shlex
import sys
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from local import demo_user, emulator, model_server
from local.credentials import Credentials
from local.demo_user import DemoUser
from local.deployment import DATA, Deployment, Outputs
from local.origin.app import Upstream
from local.origin.app import create_app as create_origin
from local.problems import LocalError
from local.processes import Child, Record
from local.sagemaker.api import create_app as create_adapter
from local.sagemaker.queue import JobQueue
from local.sagemaker.worker import Destination, Worker
from local.servers import Server, client_of
from local.settings import LocalSettings
from local.sockets import Sockets

MODEL_PATIENCE = 240.0  # seconds until the models are loaded; without fetched weights it takes long
RESTARTS = 3  # deaths of the model server in a row, beyond which it is started ever later
LONGEST_RESTART = 60.0  # seconds
MOST_DEATHS = 20  # that are remembered
RESTART_PERIOD = 60.0  # seconds that it must have run for its deaths to be forgotten
SAMPLE = Path("tests/media/face_and_speech.mp4")  # relative to the checkout, where `make up` is typed
AWS_ERRORS = (BotoCoreError, ClientError, httpx.HTTPError)

logger = logging.getLogger("local.product")


class Product:
    """One local product. `say` is called with each line to print."""

    def __init__(self, settings: LocalSettings, say: Callable[[str], None]) -> None:
        self._settings, self._say = settings, say
        self._began = time.monotonic()
        self._record = Record(settings.state / "run.json")
        self._deployment = Deployment(settings)
        self._emulator: Child | None = None
        self._model: Child | None = None
        self._model_deaths: list[float] = []
        self._servers: list[Server] = []
        self._tasks: list[asyncio.Task[Any]] = []
        self._sockets = Sockets(settings.state)
        self._ended = asyncio.Event()  # one of the tasks has
        self._where = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Start, print the addresses, run until `stop` is set, and stop everything. Raises LocalError."""
        self._watch(self._start())
        self._watch(stop.wait())
        try:
            while not stop.is_set():
                await self._ended.wait()
                self._ended.clear()
                for task in [task for task in self._tasks if task.done()]:
                    self._tasks.remove(task)
                    task.result()  # raises what went wrong
            self._progress("stopping")
        except AWS_ERRORS as error:
            raise LocalError(await self._reason(error)) from error
        finally:
            await self._end()

    async def _reason(self, error: Exception) -> str:
        """Return why a call to the emulator failed: usually because it died, which is detected a moment later."""
        if self._emulator is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._emulator.wait()
                return f"{self._emulator.died()}\n{self._emulator.tail()}"
        return f"{error}; the logs: {self._settings.log('*').parent}"

    async def _start(self) -> None:
        self._emulator = await emulator.start(self._settings, self._sockets.adapter)
        self._note()
        self._watch(self._emulator_runs(self._emulator))
        self._progress("emulator", "runs")
        await together(self._start_application(), self._start_model())
        self._progress("ready")
        self._say(self._where)

    async def _start_application(self) -> None:
        """Start everything except the model server."""
        if await asyncio.to_thread(self._deployment.is_current):
            await emulator.keep(self._settings)
            self._progress("stacks", "unchanged, not deployed again")
        else:
            self._progress("stacks", "being synthesized, and the account bootstrapped")
            await together(self._deployment.synthesize(), self._deployment.bootstrap())
            self._progress("stacks", "being deployed")
            await self._deployment.deploy()
            self._progress("stacks", "deployed")
        outputs = await asyncio.to_thread(self._deployment.described)
        await self._serve(outputs)
        user = await demo_user.of(self._settings, outputs)
        self._where = self._welcome(user, outputs)

    async def _start_model(self) -> None:
        """Start the model server, wait until it is ready, and watch it from then on."""
        await self._deployment.data_is_there()
        found = await asyncio.to_thread(self._deployment.outputs, DATA)
        buckets = found["ResultsBucket"], found["MediaBucket"]
        self._model = await model_server.start(self._settings, self._sockets.model, *buckets)
        self._note()
        end = time.monotonic() + MODEL_PATIENCE
        while not await model_server.is_ready(self._sockets.model):
            if self._model.returncode is not None:
                raise LocalError(f"{self._model.died()}\n{self._model.tail()}")
            if time.monotonic() > end:
                raise LocalError(f"no models after {MODEL_PATIENCE:g} s; the model server's log: {self._model.log}")
            await asyncio.sleep(0.3)
        self._progress("model server", "models loaded")
        self._watch(self._model_runs(*buckets))

    async def _serve(self, outputs: Outputs) -> None:
        queue = JobQueue(self._settings.state / "sagemaker.sqlite")
        worker = Worker(
            queue,
            partial(client_of, self._sockets.model, timeout=None),
            Destination(outputs.success_topic, outputs.error_topic),
            lambda service: emulator.client(self._settings, service, retries={"total_max_attempts": 1}),
        )
        adapter = create_adapter(queue, outputs.results_bucket, worker.take)
        upstream = Upstream(
            api_url=outputs.api_url,
            emulator_url=self._settings.emulator_url,
            token=Credentials.read(self._settings.state).token,
            user_pool_id=outputs.user_pool_id,
            user_pool_client_id=outputs.user_pool_client_id,
        )
        servers = Server(adapter, self._sockets.adapter), Server(create_origin(upstream), self._settings.ports.web)
        for server in servers:
            self._servers.append(server)
            await server.begin()
            self._watch(server.runs())
        self._watch(worker.run())
        self._progress("web origin", self._settings.web_url)

    async def _emulator_runs(self, child: Child) -> None:
        await child.wait()
        raise LocalError(f"{child.died()}\n{child.tail()}")

    async def _model_runs(self, *buckets: str) -> None:
        """Restart the model server when it dies, as SageMaker does: at once, or later where it dies again and again.

        Its jobs wait meanwhile, and all else goes on.
        """
        while True:
            assert self._model is not None
            await self._model.wait()
            now = time.monotonic()
            quiet = now - max(self._model_deaths, default=-math.inf) >= RESTART_PERIOD + LONGEST_RESTART
            self._model_deaths = [now] if quiet else [*self._model_deaths[-MOST_DEATHS:], now]
            delay = restart_delay(len(self._model_deaths))
            when = "started again" if delay == 0.0 else f"started again in {delay:g} s; its log: {self._model.log}"
            self._progress("model server", f"ended (exit code {self._model.returncode}), {when}")
            logger.warning("the model server ended (exit code %s), %s", self._model.returncode, when)
            await asyncio.sleep(delay)
            self._model = await model_server.start(self._settings, self._sockets.model, *buckets)
            self._note()

    async def _end(self) -> None:
        """Stop everything, the emulator last: the others write to it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for server in self._servers:
            await server.end()
        for child in (self._model, self._emulator):
            if child is not None:
                await child.stop()
        self._sockets.remove()
        self._record.write([])

    def _watch(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run `work` as a task; everything is stopped when it raises."""
        task = asyncio.create_task(work)
        task.add_done_callback(lambda _: self._ended.set())
        self._tasks.append(task)

    def _note(self) -> None:
        self._record.write([child for child in (self._emulator, self._model) if child is not None])

    def _progress(self, what: str, how: str = "") -> None:
        self._say(f"{time.monotonic() - self._began:6.1f} s  {what:<13} {how}".rstrip())

    def _welcome(self, user: DemoUser, outputs: Outputs) -> str:
        web = self._settings.web_url
        # Whole commands, which change nothing of the user's own way to AWS, and show no secret, not even to `ps`.
        command = shlex.join([sys.executable, "-m", "local", "env", "--state", str(self._settings.state)])
        aws = f'eval "$({command})"; aws s3'
        return f"""
  web app      {web}
               {user.email}  {user.password}
  API          {web}/api   reference: {web}/docs/
  API key      {user.api_key}
  drop folder  put a video there, and get its result some seconds later, with the AWS CLI:
               ({aws} cp {SAMPLE} s3://{outputs.media_bucket}/drop/{user.owner}/)
               ({aws} cp s3://{outputs.results_bucket}/results/{user.owner}/{SAMPLE.name}.json -)
  logs         {self._settings.log("*").parent}

Ctrl-C stops everything and keeps the data; `make reset` empties it.
"""


def restart_delay(deaths: int) -> float:
    """Seconds to wait after so many deaths in a row: none after the first RESTARTS, then twice as long each time."""
    return 0.0 if deaths <= RESTARTS else min(LONGEST_RESTART, 2.0 ** min(deaths - RESTARTS, MOST_DEATHS))


async def together(*work: Coroutine[Any, Any, None]) -> None:
    """Run all at once; when one fails, cancel the others and raise its exception."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
