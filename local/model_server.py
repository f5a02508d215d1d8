"""The model server: `video-sentiment serve` as a process of its own, as SageMaker starts the container."""

import os
import sys
from pathlib import Path

import httpx

from local.emulator import aws_environment
from local.processes import Child
from local.settings import HOST, ROOT, LocalSettings

NAME = "model server"
LOG = "model-server"
# What the user may have set that weights, threads and scratch files hang on.
KEPT = ("HOME", "LANG", "TMPDIR", "XDG_CACHE_HOME", "OMP_NUM_THREADS")


def environment(settings: LocalSettings, results_bucket: str, media_bucket: str) -> dict[str, str]:
    """All of the model server's environment."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    ours = {name: value for name, value in os.environ.items() if name.startswith("VIDEO_SENTIMENT_")}
    return (
        kept
        | ours
        | aws_environment(settings)
        | {
            "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "VIDEO_SENTIMENT_ALLOWED_BUCKETS": media_bucket,
            "PROGRESS_S3_URI": f"s3://{results_bucket}/progress",
        }
    )


async def start(settings: LocalSettings, results_bucket: str, media_bucket: str) -> Child:
    """The model server, loading its models: see `is_ready`."""
    chosen = {"--bundle": settings.bundle, "--transcriber": settings.transcriber}
    options = [part for name, value in chosen.items() if value for part in (name, value)]
    return await Child.start(
        NAME,
        [sys.executable, "-m", "model.cli", "serve", "--host", HOST, "--port", str(settings.ports.model), *options],
        environment=environment(settings, results_bucket, media_bucket),
        log=settings.log(LOG),
        cwd=ROOT,
    )


async def is_ready(settings: LocalSettings) -> bool:
    """Whether its models are loaded."""
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        try:
            return (await client.get(f"{settings.model_url}/ping")).status_code == 200
        except httpx.TransportError:
            return False
