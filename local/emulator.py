"""The AWS emulator behind its guard: a process of `.venv-local` in a clean environment, whose state survives a restart.

Whoever reaches an emulator can run code as its user. So there is no port without the guard (local/guard), and what
passes it is made anew by each start (local/credentials.py).
"""

import asyncio
import json
import re
import shutil
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config

from local.credentials import Credentials
from local.files import write_whole
from local.guard.rules import TOKEN
from local.problems import LocalError
from local.processes import Child
from local.settings import ACCOUNT, HOST, REGION, ROOT, LocalSettings

PYTHON = ROOT / ".venv-local" / "bin" / "python"
COMMAND: list[str | Path] = [PYTHON, "-m", "local.guard"]  # from the checkout, which nothing of ours is installed in
NAME = "emulator"
PATIENCE = 30.0  # seconds until it answers; it takes one


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
    scratch = state / "tmp"
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
        "LOG_LEVEL": "INFO",
    }


async def start(settings: LocalSettings, adapter: Path | None = None) -> Child:
    """Start the emulator with new credentials and wait until it answers. `adapter`: as in `guarded`.

    Raises LocalError when its environment is missing or it does not come up.
    """
    if not PYTHON.exists():
        raise LocalError(f"the emulator is not installed ({PYTHON} is missing); run: python3 scripts/setup.py local")
    forget_unsaved(settings)
    rewind_streams(settings)
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
    """Remove the stored objects of an emulator that was killed before it saved its state.

    The emulator writes objects as they come and all else as it ends. Where it was killed before it ever ended, a
    deployment would find buckets that it cannot have.
    """
    state = settings.state / "emulator"
    if not (state / "services" / "s3.json").exists():
        shutil.rmtree(state / "s3", ignore_errors=True)


def rewind_streams(settings: LocalSettings) -> None:
    """Make Lambdas read the table's stream from its beginning again.

    The emulator saves how far each Lambda has read, but not the stream: after a restart that would be behind its end,
    and as many changes as were read before would go unseen.
    """
    saved = settings.state / "emulator" / "services" / "lambda.json"
    if not saved.exists():
        return
    state = json.loads(saved.read_text())
    read = state.get("payload", {}).get("dynamodb_stream_positions", {}).get("data", {})
    read.update(dict.fromkeys(read, 0))
    write_whole(saved, json.dumps(state))


def move_queues(settings: LocalSettings) -> None:
    """Rewrite the addresses of saved queues to the emulator's current port.

    It looks for a Lambda's queue at an address with that port, and saves queues by their address: at another port
    their messages would wait for ever.
    """
    services = settings.state / "emulator" / "services"
    queues = services / "sqs.json"
    found = re.search(rf"http://localhost:\d+/{ACCOUNT}/", queues.read_text()) if queues.exists() else None
    now = f"http://localhost:{settings.ports.emulator}/{ACCOUNT}/"
    if found is None or found[0] == now:
        return
    # Stacks and functions name the queues too. The queues' own file comes last: until then a killed start begins again.
    for saved in (*(path for path in services.glob("*.json") if path != queues), queues):
        write_whole(saved, saved.read_text().replace(found[0], now))


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
