"""The AWS emulator behind its guard: a process of `.venv-local` in a clean environment, whose state survives a kill.

Whoever reaches an emulator can run code as its user. So there is no port without the guard (local/guard), and what
passes it is made anew by each start (local/credentials.py).
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
from local.guard.rules import KEEP, TOKEN
from local.guard.store import FILE, connect, holds_anything
from local.problems import LocalError
from local.processes import Child
from local.settings import ACCOUNT, HOST, REGION, ROOT, LocalSettings

PYTHON = ROOT / ".venv-local" / "bin" / "python"
COMMAND: list[str | Path] = [PYTHON, "-m", "local.guard"]  # from the checkout, which nothing of ours is installed in
NAME = "emulator"
PATIENCE = 30.0  # seconds until it answers; it takes one
DESCRIPTION = ".meta.json"  # ends the name of the file that describes an object
WARM = 60  # seconds that a Lambda's second and further workers are kept without work


def guarded(
    credentials: Credentials, port: int, *, origins: Sequence[str] = (), adapter: Path | None = None
) -> dict[str, str]:
    """Return the part of the emulator's environment that the guard reads.

    `adapter`: the socket of SageMaker's stand-in.
    """
    return credentials.environment() | {
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "GUARD_TOKEN": credentials.token,
        "GUARD_ORIGINS": " ".join(origins),
        "GUARD_SAGEMAKER": str(adapter or ""),
    }


def environment(settings: LocalSettings, credentials: Credentials, adapter: Path | None) -> dict[str, str]:
    """Return the emulator's whole environment.

    The emulator passes it on to Lambdas, so it contains nothing of this machine's environment.
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
        "LAMBDA_WARM_TTL_SECONDS": str(WARM),
        "LOG_LEVEL": "INFO",
    }


def scratch_of(settings: LocalSettings) -> Path:
    """Return the folder for what the emulator and its Lambdas write while they run."""
    return settings.state / "emulator" / "tmp"


async def start(settings: LocalSettings, adapter: Path | None = None) -> Child:
    """Start the emulator with new credentials and wait until it answers. `adapter`: as in `guarded`.

    Raises LocalError when its environment is missing or it does not come up.
    """
    if not PYTHON.exists():
        raise LocalError(f"the emulator is not installed ({PYTHON} is missing); run: python3 scripts/setup.py local")
    shutil.rmtree(scratch_of(settings), ignore_errors=True)  # what a killed one's Lambdas left
    forget_unsaved(settings)
    remove_torn_objects(settings)
    move_queues(settings)
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
        async with asyncio.timeout(PATIENCE):
            while not await answers(settings):
                if child.returncode is not None:
                    raise LocalError(f"{child.died()}\n{child.tail()}")
                await asyncio.sleep(0.1)
    except BaseException as error:
        await child.stop()
        if isinstance(error, TimeoutError):
            raise LocalError(f"the emulator did not answer within {PATIENCE:g} s; its log: {child.log}") from error
        raise
    return child


def forget_unsaved(settings: LocalSettings) -> None:
    """Remove what an emulator that was killed before its first deployment was done has stored.

    Objects and items of tables are stored as they come, and all else once the stacks are deployed: a deployment would
    find buckets that it cannot have.
    """
    state = settings.state / "emulator"
    if not holds_anything(state / FILE) and not (state / "services" / "s3.json").exists():
        shutil.rmtree(state / "s3", ignore_errors=True)
        for file in state.glob(f"{FILE}*"):
            file.unlink()


def remove_torn_objects(settings: LocalSettings) -> None:
    """Remove files of objects that a kill left half-written: none of them was answered for.

    The emulator writes an object's content and then, beside it, a file that describes it. Content that nothing
    describes it would take for an object of no type; scratch files it would leave for ever.
    """
    objects = settings.state / "emulator" / "s3" / ACCOUNT
    for folder, _, names in os.walk(objects):
        known = set(names)
        for name in names:
            if not name.endswith(DESCRIPTION) and name + DESCRIPTION not in known:
                Path(folder, name).unlink()


def move_queues(settings: LocalSettings) -> None:
    """Rewrite the addresses of saved queues to the emulator's current port.

    It looks for a Lambda's queue at an address with that port, and saves queues by their address: at another port
    their messages would wait for ever. Stacks and functions name the queues too.
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


async def keep(settings: LocalSettings) -> None:
    """Have the emulator save its whole state now, and from now on whatever it answers before it answers it.

    Raises LocalError.
    """
    proof = {TOKEN: Credentials.read(settings.state).token}
    async with httpx.AsyncClient(trust_env=False, timeout=60, headers=proof) as client:
        try:
            (await client.post(f"{settings.emulator_url}{KEEP}")).raise_for_status()
        except httpx.HTTPError as error:
            raise LocalError(f"the emulator could not save its state; its log: {settings.log(NAME)}") from error


async def answers(settings: LocalSettings) -> bool:
    """Return True when this run's emulator answers on its port."""
    proof = {TOKEN: Credentials.read(settings.state).token}
    async with httpx.AsyncClient(trust_env=False, timeout=5, headers=proof) as client:
        try:
            return (await client.get(f"{settings.emulator_url}/_ministack/health")).status_code == 200
        except httpx.TransportError:
            return False


def aws_environment(settings: LocalSettings) -> dict[str, str]:
    """Return the environment variables that make any AWS SDK use this run's emulator and nothing else."""
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
    with _making:  # a session may not make two clients at once, from two threads
        credentials = Credentials.read(settings.state)
        return _session(credentials).client(service, endpoint_url=credentials.endpoint_url, config=Config(**options))


_making = threading.Lock()


@cache
def _session(credentials: Credentials) -> Any:
    """Return the boto3 session shared by all clients of a run, which loads the service descriptions once."""
    return boto3.Session(
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        region_name=REGION,
    )
