"""Emulator and guard as one process: `python -m local.guard` in `.venv-local`.

Its environment is the emulator's, and these variables, which are removed from the environment of Lambdas:

    GUARD_TOKEN      token by which the local origin authenticates
    GUARD_ORIGINS    the web app's origins, separated by spaces
    GUARD_SAGEMAKER  path of the SageMaker adapter's Unix socket; empty for none

AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are the emulator's root credentials; those of Lambdas are derived from them.
"""

import asyncio
import contextlib
import hashlib
import hmac
import os
import resource
import tempfile
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app as ministack
from ministack.core import iam_evaluator, lambda_runtime, persistence, sigv4
from ministack.services import sts

from local.guard import cognito_checks
from local.guard.concurrency_limit import Queue
from local.guard.forwarding import Forward
from local.guard.lambda_code import unpack_once
from local.guard.persistence import Durable, Saver
from local.guard.rules import Incoming, Rules
from local.guard.server import App, Guard
from local.guard.store import FILE, Store

KEEP_ALIVE = 75  # seconds, as in the emulator's own server


def signature_failure(request: Incoming, body: bytes, presigned: bool) -> str | None:
    """Verify a signature; return the reason if it is invalid, else None.

    It uses the emulator's own check, which the emulator by default applies to few requests only.
    """
    parsed = sigv4.parse_query_signature(request.query) if presigned else sigv4.parse_header_signature(request.headers)
    if isinstance(parsed, tuple):
        return str(parsed[1])
    query_token = request.query.get("X-Amz-Security-Token", [""])[0]
    token = query_token if presigned else request.headers.get("x-amz-security-token", "")
    known = iam_evaluator.resolve_credential(parsed.access_key_id, session_token=token)
    if isinstance(known, iam_evaluator.CredentialResolutionError):
        return str(known.message)
    time_failure = _expired(parsed, request) if presigned else _skewed(parsed)
    if time_failure is not None:
        return time_failure
    found = sigv4.header_signature_failure(
        parsed, known.secret_access_key, request.method, request.raw_path, request.query, request.headers, body,
        presigned=presigned,
    )  # fmt: skip
    return None if found is None else str(found[1])


def _skewed(signature: Any) -> str | None:
    found = sigv4.request_time_failure(signature)
    return None if found is None else str(found[1])


def _expired(signature: Any, request: Incoming) -> str | None:
    try:
        expired = sigv4.presigned_request_is_expired(signature.amz_date, request.query["X-Amz-Expires"][0])
    except (KeyError, ValueError, OverflowError):
        return "the URL has no valid expiry"
    return "Request has expired" if expired else None


def keep_lambda_credentials_secret(key: bytes) -> None:
    """Derive the secret keys of Lambdas' roles from this run's secret.

    The emulator derives them from public names only, so that anyone could compute them.
    """
    original = lambda_runtime.execution_credentials

    def secret_of(purpose: str, access_key: str) -> str:
        return hmac.digest(key, f"{purpose}:{access_key}".encode(), hashlib.sha256).hex()

    def credentials(config: dict[str, Any]) -> dict[str, str]:
        made: dict[str, str] = original(config)
        access_key = made["AWS_ACCESS_KEY_ID"]
        session = sts._sessions.get(access_key)
        if session is None:  # without policies these are the root credentials, whose secret is random already
            return made
        secret, token = secret_of("secret", access_key), secret_of("token", access_key)
        sts.register_session(access_key, {**session, "SecretAccessKey": secret, "SessionToken": token})
        return made | {"AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}

    lambda_runtime.execution_credentials = credentials


async def serve_saved(app: App, saver: Saver, config: Config) -> None:
    """Serve until SIGTERM or SIGINT, saving changes in the background."""
    saving = asyncio.create_task(saver.run())
    try:
        await serve(app, config, mode="asgi")
    finally:
        saving.cancel()
        await asyncio.gather(saving, return_exceptions=True)


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    token, origins, adapter = (os.environ.pop(f"GUARD_{name}") for name in ("TOKEN", "ORIGINS", "SAGEMAKER"))
    host, port = os.environ["BIND_HOST"], os.environ["GATEWAY_PORT"]
    keep_lambda_credentials_secret(os.environ["AWS_SECRET_ACCESS_KEY"].encode())
    cognito_checks.secure()
    rules = Rules((f"{host}:{port}", f"localhost:{port}"), tuple(origins.split()), token)
    others = {"sagemaker": Forward(adapter)} if adapter else {}
    config = Config()
    config.bind = [f"{host}:{port}"]
    config.keep_alive_timeout = KEEP_ALIVE
    config.loglevel = os.environ["LOG_LEVEL"]
    with contextlib.suppress(ValueError, OSError):  # many Lambdas hold many connections
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    unpack_once(Path(tempfile.gettempdir()) / "code")
    emulator = Queue(ministack.app)
    if not persistence.PERSIST_STATE:
        asyncio.run(serve(Guard(emulator, rules, signature_failure, others), config, mode="asgi"))
    else:
        store = Store(Path(persistence.STATE_DIR).with_name(FILE))
        saver = Saver(store)
        asyncio.run(serve_saved(Guard(Durable(emulator, saver), rules, signature_failure, others), saver, config))
        saver.end()
    lambda_runtime.reset()  # stops the workers and removes their folders


if __name__ == "__main__":
    main()
