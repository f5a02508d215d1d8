r"""Life cycle of the local product: its parts start in order, are monitored, and stop in reverse order.

emulator  ->  stacks (deployed if they changed)  ->  SageMaker adapter, web origin  ->  demo user
                     \->  model server, started in parallel once the buckets exist
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
from local.errors import LocalError
from local.origin.app import Upstream
from local.origin.app import create_app as create_origin
from local.processes import Child, Record
from local.sagemaker.api import create_app as create_adapter
from local.sagemaker.queue import JobQueue
from local.sagemaker.worker import Destination, Worker
from local.servers import Server, client_of
from local.settings import LocalSettings
from local.sockets import Sockets

MODEL_TIMEOUT = 240.0  # seconds until the models are loaded; long, since weights may have to be downloaded
RESTARTS = 3  # immediate restarts of the model server in a row, beyond which the delay doubles
MAX_RESTART_DELAY = 60.0  # seconds
MAX_RECORDED_EXITS = 20
RESTART_PERIOD = 60.0  # seconds without an exit after which earlier ones are forgotten
SAMPLE = Path("tests/media/face_and_speech.mp4")  # relative to the checkout, where `make up` is typed
AWS_ERRORS = (BotoCoreError, ClientError, httpx.HTTPError)

logger = logging.getLogger("local.product")


class Product:
    """Local product. `echo` is called with each line to print."""

    def __init__(self, settings: LocalSettings, echo: Callable[[str], None]) -> None:
        self._settings, self._echo = settings, echo
        self._started = time.monotonic()
        self._record = Record(settings.state / "run.json")
        self._deployment = Deployment(settings)
        self._emulator: Child | None = None
        self._model: Child | None = None
        self._model_exits: list[float] = []
        self._servers: list[Server] = []
        self._tasks: list[asyncio.Task[Any]] = []
        self._sockets = Sockets(settings.state)
        self._task_ended = asyncio.Event()
        self._welcome = ""

    async def run(self, stop: asyncio.Event) -> None:
        """Start, print the addresses, run until `stop` is set, and stop everything. Raises LocalError."""
        self._watch(self._start())
        self._watch(stop.wait())
        try:
            while not stop.is_set():
                await self._task_ended.wait()
                self._task_ended.clear()
                for task in [task for task in self._tasks if task.done()]:
                    self._tasks.remove(task)
                    task.result()  # raises the task's exception
            self._progress("stopping")
        except AWS_ERRORS as error:
            raise LocalError(await self._reason(error)) from error
        finally:
            await self._end()

    async def _reason(self, error: Exception) -> str:
        """Return the reason for a failed call to the emulator, which usually has just ended."""
        if self._emulator is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._emulator.wait()
                return f"{self._emulator.exit_message()}\n{self._emulator.tail()}"
        return f"{error}; see the logs: {self._settings.log('*').parent}"

    async def _start(self) -> None:
        self._emulator = await emulator.start(self._settings, self._sockets.adapter)
        self._note()
        self._watch(self._watch_emulator(self._emulator))
        self._progress("emulator", "running")
        await together(self._start_application(), self._start_model())
        self._progress("ready")
        self._echo(self._welcome)

    async def _start_application(self) -> None:
        """Start everything except the model server."""
        if await asyncio.to_thread(self._deployment.is_current):
            await emulator.enable_saving(self._settings)
            self._progress("stacks", "unchanged, deployment skipped")
        else:
            self._progress("stacks", "synthesizing, and bootstrapping the account")
            await together(self._deployment.synthesize(), self._deployment.bootstrap())
            self._progress("stacks", "deploying")
            await self._deployment.deploy()
            self._progress("stacks", "deployed")
        outputs = await asyncio.to_thread(self._deployment.all_outputs)
        await self._serve(outputs)
        user = await demo_user.ensure(self._settings, outputs)
        self._welcome = self._welcome_message(user, outputs)

    async def _start_model(self) -> None:
        """Start the model server, wait until it is ready, and restart it from then on when it ends."""
        await self._deployment.wait_for_data_stack()
        found = await asyncio.to_thread(self._deployment.outputs, DATA)
        buckets = found["ResultsBucket"], found["MediaBucket"]
        self._model = await model_server.start(self._settings, self._sockets.model, *buckets)
        self._note()
        end = time.monotonic() + MODEL_TIMEOUT
        while not await model_server.is_ready(self._sockets.model):
            if self._model.returncode is not None:
                raise LocalError(f"{self._model.exit_message()}\n{self._model.tail()}")
            if time.monotonic() > end:
                raise LocalError(f"no models loaded within {MODEL_TIMEOUT:g} s; see the log: {self._model.log}")
            await asyncio.sleep(0.3)
        self._progress("model server", "models loaded")
        self._watch(self._watch_model(*buckets))

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

    async def _watch_emulator(self, child: Child) -> None:
        await child.wait()
        raise LocalError(f"{child.exit_message()}\n{child.tail()}")

    async def _watch_model(self, *buckets: str) -> None:
        """Restart the model server whenever it ends, as SageMaker does; after a delay if it ends repeatedly.

        Jobs stay queued meanwhile; the other parts are not affected.
        """
        while True:
            assert self._model is not None
            await self._model.wait()
            now = time.monotonic()
            is_first = now - max(self._model_exits, default=-math.inf) >= RESTART_PERIOD + MAX_RESTART_DELAY
            self._model_exits = [now] if is_first else [*self._model_exits[-MAX_RECORDED_EXITS:], now]
            delay = restart_delay(len(self._model_exits))
            when = "restarting" if delay == 0.0 else f"restarting in {delay:g} s; see its log: {self._model.log}"
            self._progress("model server", f"ended (exit code {self._model.returncode}), {when}")
            logger.warning("the model server ended (exit code %s), %s", self._model.returncode, when)
            await asyncio.sleep(delay)
            self._model = await model_server.start(self._settings, self._sockets.model, *buckets)
            self._note()

    async def _end(self) -> None:
        """Stop everything, the emulator last, since the others write to it."""
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
        """Run a coroutine as a task whose exception stops the product."""
        task = asyncio.create_task(work)
        task.add_done_callback(lambda _: self._task_ended.set())
        self._tasks.append(task)

    def _note(self) -> None:
        self._record.write([child for child in (self._emulator, self._model) if child is not None])

    def _progress(self, part: str, status: str = "") -> None:
        self._echo(f"{time.monotonic() - self._started:6.1f} s  {part:<13} {status}".rstrip())

    def _welcome_message(self, user: DemoUser, outputs: Outputs) -> str:
        web = self._settings.web_url
        # Subshell commands, which do not change the user's own AWS environment and show no secret, not even in `ps`.
        command = shlex.join([sys.executable, "-m", "local", "env", "--state", str(self._settings.state)])
        aws = f'eval "$({command})"; aws s3'
        return f"""
  web app      {web}
               {user.email}  {user.password}
  API          {web}/api   reference: {web}/docs/
  API key      {user.api_key}
  drop folder  upload a video with the AWS CLI, and download its result some seconds later:
               ({aws} cp {SAMPLE} s3://{outputs.media_bucket}/drop/{user.owner}/)
               ({aws} cp s3://{outputs.results_bucket}/results/{user.owner}/{SAMPLE.name}.json -)
  logs         {self._settings.log("*").parent}

Ctrl-C stops everything and keeps the data; `make reset` removes it.
"""


def restart_delay(exits: int) -> float:
    """Return the delay in seconds after so many exits in a row: 0 for the first RESTARTS, then doubling each time."""
    return 0.0 if exits <= RESTARTS else min(MAX_RESTART_DELAY, 2.0 ** min(exits - RESTARTS, MAX_RECORDED_EXITS))


async def together(*work: Coroutine[Any, Any, None]) -> None:
    """Run coroutines concurrently; when one fails, cancel the others and raise its exception."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
