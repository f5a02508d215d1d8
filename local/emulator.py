"""AWS emulator behind its guard: a process of `.venv-local` in a clean environment, whose state survives a kill.

Anyone who can reach an emulator can run code as its user. So its only port belongs to the guard (local/guard), which
accepts credentials that are generated at each start (local/credentials.py).
"""

import asyncio
import os
import re
import shutil
import threading
from collections.abc import Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config

from local.credentials import Credentials
from local.errors import LocalError
from local.guard.rules import KEEP, TOKEN
from local.guard.store import FILE, connect, holds_anything
from local.processes import Child
from local.settings import ACCOUNT, HOST, REGION, ROOT, LocalSettings

PYTHON = ROOT / ".venv-local" / "bin" / "python"
COMMAND: list[str | Path] = [PYTHON, "-m", "local.guard"]  # run in the checkout: .venv-local has no package of ours
NAME = "emulator"
START_TIMEOUT = 30.0  # seconds until it has to answer; usually it takes one
DESCRIPTION = ".meta.json"  # suffix of the file that describes an object
WARM_SECONDS = 60  # that idle Lambda workers are kept, except a function's first one


def guarded(
    credentials: Credentials, port: int, *, origins: Sequence[str] = (), adapter: Path | None = None
) -> dict[str, str]:
    """Return the part of the emulator's environment that the guard reads.

    `adapter`: socket of the SageMaker adapter.
    """
    return credentials.environment() | {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "GUARD_TOKEN": credentials.token,
        "GUARD_ORIGINS": " ".join(origins),
        "GUARD_SAGEMAKER": str(adapter or ""),
    }


def environment(settings: LocalSettings, credentials: Credentials, adapter: Path | None) -> dict[str, str]:
    """Return the emulator's complete environment.

    The emulator passes it to Lambdas, so it inherits no variable of this process.
    """
    state = settings.state / "emulator"
    scratch = scratch_of(settings)
    scratch.mkdir(parents=True, exist_ok=True)
    return guarded(credentials, settings.ports.emulator, origins=settings.web_origins, adapter=adapter) | {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "AUTH": str(settings.enforce_iam).lower(),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(state / "services"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(state / "s3"),
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "LAMBDA_WARM_TTL_SECONDS": str(WARM_SECONDS),
        "LOG_LEVEL": "INFO",
    }


def scratch_of(settings: LocalSettings) -> Path:
    """Return the folder for temporary files of the emulator and its Lambdas."""
    return settings.state / "emulator" / "tmp"


async def start(settings: LocalSettings, adapter: Path | None = None) -> Child:
    """Start the emulator with new credentials and wait until it answers. `adapter`: as in `guarded`.

    Raises LocalError when `.venv-local` is missing or the emulator does not start.
    """
    if not PYTHON.exists():
        raise LocalError(f"the emulator is not installed ({PYTHON} is missing); run: python3 scripts/setup.py local")
    shutil.rmtree(scratch_of(settings), ignore_errors=True)  # temporary files of a killed run
    remove_unsaved(settings)
    remove_partial_objects(settings)
    rewrite_queue_urls(settings)
    credentials = Credentials.new(settings.emulator_url)
    credentials.write(settings.state)
    child = await Child.start(
        NAME,
        COMMAND,
        environment=environment(settings, credentials, adapter),
        log=settings.log(NAME),
        cwd=ROOT,
    )
    try:
        async with asyncio.timeout(START_TIMEOUT):
            while not await answers(settings):
                if child.returncode is not None:
                    raise LocalError(f"{child.exit_message()}\n{child.tail()}")
                await asyncio.sleep(0.1)
    except BaseException as error:
        await child.stop()
        if isinstance(error, TimeoutError):
            raise LocalError(
                f"the emulator did not start within {START_TIMEOUT:g} s; see its log: {child.log}"
            ) from error
        raise
    return child


def remove_unsaved(settings: LocalSettings) -> None:
    """Remove data of an emulator that was killed before its first deployment had finished.

    Objects and items are stored at once, all other state after the stacks are deployed. Without this, the next
    deployment would fail on existing buckets.
    """
    state = settings.state / "emulator"
    if not holds_anything(state / FILE) and not (state / "services" / "s3.json").exists():
        shutil.rmtree(state / "s3", ignore_errors=True)
        for file in state.glob(f"{FILE}*"):
            file.unlink()


def remove_partial_objects(settings: LocalSettings) -> None:
    """Remove partially written objects of a killed emulator, none of which was acknowledged.

    The emulator writes an object's content first and then a file that describes it. It would treat content without a
    description as an object without a content type, and would never remove temporary files.
    """
    objects = settings.state / "emulator" / "s3" / ACCOUNT
    for folder, _, names in os.walk(objects):
        known = set(names)
        for name in names:
            if not name.endswith(DESCRIPTION) and name + DESCRIPTION not in known:
                Path(folder, name).unlink()


def rewrite_queue_urls(settings: LocalSettings) -> None:
    """Rewrite the URLs of saved queues, in stacks and functions too, to the emulator's current port.

    The emulator looks up a Lambda's queue by its URL, which contains the port, so at another port messages would never
    be delivered.
    """
    file = settings.state / "emulator" / FILE
    if not file.exists():
        return
    now = f"http://localhost:{settings.ports.emulator}/{ACCOUNT}/"
    with closing(connect(file)) as database:
        row = database.execute("SELECT state FROM services WHERE name = 'sqs'").fetchone()
        found = re.search(rf"http://localhost:\d+/{ACCOUNT}/", row[0]) if row else None
        if found is not None:
            database.execute("BEGIN")
            database.execute("UPDATE services SET state = replace(state, ?, ?)", (found[0], now))
            database.execute("UPDATE messages SET queue = replace(queue, ?, ?)", (found[0], now))
            database.execute("COMMIT")


async def enable_saving(settings: LocalSettings) -> None:
    """Make the emulator save its complete state now, and from now on every change before the response.

    Raises LocalError.
    """
    proof = {TOKEN: Credentials.read(settings.state).token}
    async with httpx.AsyncClient(trust_env=False, timeout=60, headers=proof) as client:
        try:
            (await client.post(f"{settings.emulator_url}{KEEP}")).raise_for_status()
        except httpx.HTTPError as error:
            raise LocalError(f"the emulator could not save its state; see its log: {settings.log(NAME)}") from error


async def answers(settings: LocalSettings) -> bool:
    """Return True when this run's emulator responds on its port."""
    proof = {TOKEN: Credentials.read(settings.state).token}
    async with httpx.AsyncClient(trust_env=False, timeout=5, headers=proof) as client:
        try:
            return (await client.get(f"{settings.emulator_url}/_ministack/health")).status_code == 200
        except httpx.TransportError:
            return False


def aws_environment(settings: LocalSettings) -> dict[str, str]:
    """Return the environment variables by which AWS SDKs use this run's emulator only."""
    credentials = Credentials.read(settings.state)
    return credentials.environment() | {
        "AWS_ENDPOINT_URL": credentials.endpoint_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def client(settings: LocalSettings, service: str, **options: Any) -> Any:
    """Return a boto3 client of the emulator with root credentials. `options` go to botocore's Config."""
    if service == "s3":
        options = {"signature_version": "s3v4"} | options
    with _client_lock:  # a boto3 session is not thread-safe
        credentials = Credentials.read(settings.state)
        return _session(credentials).client(service, endpoint_url=credentials.endpoint_url, config=Config(**options))


_client_lock = threading.Lock()


@cache
def _session(credentials: Credentials) -> Any:
    """Return the boto3 session shared by all clients of a run, which loads the service descriptions once."""
    return boto3.Session(
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        region_name=REGION,
    )
