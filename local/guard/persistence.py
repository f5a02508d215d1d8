"""Saving of the emulator's state before each response, so that acknowledged changes survive a killed process.

The emulator itself saves its state only when it ends. Here a response waits until the changes of its request are
committed to the store and the objects that it wrote are on the disk. Requests that arrive meanwhile share the next
commit.

During a deployment, the state of services is not saved, so that an interrupted one starts again from the state before
it. `POST /_video_sentiment/keep` ends that phase.
"""

import asyncio
import contextlib
import gc
import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ministack import app as ministack
from ministack.core import persistence
from ministack.services import lambda_svc, s3

from local.guard.queues import Queues
from local.guard.rules import KEEP, signed_service
from local.guard.server import App, Message, Receive, Scope, Send
from local.guard.store import SAVE, Change, Store
from local.guard.tables import Tables

INTERVAL = 1.0  # seconds between saves of changes without a request: queues, and stream positions of Lambdas
MAX_SHARE = 0.05  # fraction of the time that these saves may take
COPY_ATTEMPTS = 5  # for a state that another thread changes meanwhile
# Read-only operations, by the beginning of their names.
READS = ("Get", "List", "Describe", "Query", "Scan", "BatchGet", "TransactGet", "Receive", "Head", "Filter")
# Services, by their name in a signature, whose requests change states of other names. Logs and metrics are saved only
# when the emulator ends: they grow without bound, and the product does not read them.
CHANGES: Mapping[str, tuple[str, ...]] = {
    "s3": ("s3", "sqs"),  # notifications
    "sns": ("sns", "sqs"),
    "cognito-idp": ("cognito",),
    "cognito-identity": ("cognito",),
    "apigateway": ("apigateway", "apigateway_v1"),
    "events": ("eventbridge",),
    "states": ("stepfunctions",),
    "execute-api": (),
    "logs": (),
    "monitoring": (),
    "sts": (),
}

logger = logging.getLogger("local.guard.persistence")


class Saver:
    """Commits changes to the store, one commit at a time. Use it from the emulator's event loop."""

    def __init__(self, store: Store) -> None:
        """Create it before the emulator loads its state."""
        self._store, self._tables, self._queues = store, Tables(store), Queues(store)
        self._keeps = False
        self._touched: set[str] = set()
        self._files: list[str] = []
        self._digests: dict[str, bytes] = {}  # of the states in the store
        self._prunings: list[set[str]] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="saving")
        self._running: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None
        self._replace_files()

    async def saved(self, services: Iterable[str] = ()) -> None:
        """Return once all previous changes and the state of these services are on the disk."""
        self._touched.update(services)
        if self._store.is_clean and not self._files and not (self._keeps and self._touched):
            if self._running is not None:
                await asyncio.shield(self._running)
            return
        if self._next is None:
            self._next = asyncio.create_task(self._save_after(self._running))
        await asyncio.shield(self._next)

    async def keep(self) -> None:
        """Save the state of all services now, and from now on whenever it changes."""
        self._keeps = True
        self._tables.note_positions()
        self._state("lambda")  # has the side effect of writing the code of functions to files
        self._files += [str(path) for path in Path(persistence.STATE_DIR).rglob("*") if path.is_file()]
        await self.saved(self._states())
        # What has been deployed stays. Without it a full collection, during which no request is answered, takes a
        # sixth of the time.
        gc.collect()
        gc.freeze()

    async def run(self) -> None:
        """Save changes without a request, until cancelled."""
        while True:
            began = time.monotonic()
            self._tables.note_positions()
            try:
                await self.saved(["sqs"] if self._keeps else [])
            except Exception:  # the disk may be full; unsaved changes are part of the next save
                logger.exception("the state could not be saved")
            await asyncio.sleep(max(INTERVAL, (time.monotonic() - began) / MAX_SHARE))

    def end(self) -> None:
        """Save the remaining changes, after the server has stopped."""
        self._tables.note_positions()
        self._tables.forget_deleted()
        self._queues.note()
        self._write(self._store.take(), {}, [])
        self._thread.shutdown()

    async def _save_after(self, previous: asyncio.Task[None] | None) -> None:
        """Wait for the current commit, then commit all changes until then."""
        if previous is not None:
            await asyncio.wait([previous])
        self._running, self._next = self._next, None
        try:
            await self._save()
        finally:
            if self._running is asyncio.current_task():
                self._running = None

    async def _save(self) -> None:
        touched: set[str] = set()
        if self._keeps:
            touched, self._touched = self._touched, touched
        files, self._files = self._files, []
        try:
            if "dynamodb" in touched:
                self._tables.forget_deleted()
            if "sqs" in touched:
                self._queues.note()
            states = {name: text for name in touched if (text := self._state(name)) is not None}
            changes = self._store.take()
            await asyncio.get_running_loop().run_in_executor(self._thread, self._write, changes, states, files)
        except BaseException:
            self._touched |= touched
            self._files += files
            raise

    def _write(self, changes: Sequence[Change], states: Mapping[str, str], files: Sequence[str]) -> None:
        """Write and sync everything; runs on the saver's thread."""
        sync(files)
        digests = {name: hashlib.blake2b(text.encode()).digest() for name, text in states.items()}
        new = [name for name, digest in digests.items() if self._digests.get(name) != digest]
        if changes or new:
            self._store.write(changes, {name: states[name] for name in new})
            self._digests |= digests
        self._remove_code()

    def _remove_code(self) -> None:
        """Remove function code that the saved state no longer refers to."""
        if self._prunings:
            self._prune(self._prunings[-1])
            self._prunings.clear()

    def _states(self) -> dict[str, Callable[[], Any]]:
        found: dict[str, Callable[[], Any]] = ministack._build_persistence_save_dict()
        return found

    def _state(self, name: str) -> str | None:
        """Return the state of a service as text; None when it has none."""
        get = self._states().get(name)
        for remaining in reversed(range(COPY_ATTEMPTS)):
            try:
                return None if get is None or (state := get()) is None else serialize(name, state)
            except RuntimeError:  # "dictionary changed size during iteration"
                if not remaining:
                    raise
        return None

    def _replace_files(self) -> None:
        """Make the emulator save to the store and load from it, and record the objects that it writes."""
        load, write, self._prune = persistence.load_state, s3._atomic_write, lambda_svc._prune_orphan_code_blobs

        def load_state(name: str) -> Any:
            text = self._store.service(name)
            if text is None:  # written by an earlier version, with a file for each service
                return load(name)
            return json.loads(text, object_hook=persistence._json_object_hook)["payload"]

        def save_state(name: str, data: Any) -> None:
            self._store.change(SAVE, name, serialize(name, data))

        def write_and_note(path: str, *more: Any, **named: Any) -> None:
            write(path, *more, **named)
            self._files.append(path)

        ministack.load_state = persistence.load_state = load_state
        persistence.save_state = save_state
        s3._atomic_write = write_and_note
        lambda_svc._prune_orphan_code_blobs = self._prunings.append


class Durable:
    """ASGI middleware that delays each response until its changes are saved."""

    def __init__(self, app: App, saver: Saver) -> None:
        self._app, self._saver = app, saver

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == KEEP:
            await self._saver.keep()
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        services = None if scope["type"] != "http" else changed_by(scope)
        if services is None:
            await self._app(scope, receive, send)
            return

        async def send_when_saved(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._saver.saved(services)
            await send(message)

        await self._app(scope, receive, send_when_saved)


def changed_by(scope: Scope) -> Sequence[str] | None:
    """Return the services whose state a request may change; None when its response need not wait for a save."""
    path: str = scope["path"]
    if scope["method"] in ("GET", "HEAD", "OPTIONS") or path.startswith("/_"):
        return None  # changes by the API's Lambda were saved with its own requests
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    target, _, operation = headers.get(b"x-amz-target", "").rpartition(".")
    if operation.startswith(READS) or path.endswith(("/invocations", "/invoke-async")):
        return ()
    service = signed_service(headers.get(b"authorization", ""))
    if service is None:
        service = "cognito-idp" if target.startswith("AWSCognito") else "s3"
    if service == "dynamodb" and operation.endswith(("Item", "Items", "Statement", "Transaction")):
        return ()  # items are stored one by one
    if service == "s3" and "/" in path.strip("/"):
        return ("sqs",)  # objects are separate files, so only notifications change a state
    if service in CHANGES:
        return CHANGES[service]
    registered = ministack.SERVICE_REGISTRY.get(ministack.SERVICE_NAME_ALIASES.get(service, service))
    if registered is None or service == "cloudformation":  # CloudFormation creates resources of any service
        return tuple(ministack._state_map)
    return registered.get("state_key", registered["module"]), *registered.get("sub_modules", ())


def serialize(name: str, state: Any) -> str:
    """Return a service's state in the form that the emulator loads."""
    version = persistence._state_format_version(name)
    return json.dumps({"__ministack_format__": version, "payload": state}, default=persistence._json_default)


def sync(files: Sequence[str]) -> None:
    """Flush files and their folders to the disk, ignoring those that were removed meanwhile."""
    folders = {str(Path(file).parent): None for file in files}
    for path in (*files, *folders):
        with contextlib.suppress(FileNotFoundError):
            opened = os.open(path, os.O_RDONLY)
            try:
                os.fsync(opened)
            finally:
                os.close(opened)
