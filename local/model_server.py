"""Model server (`video-sentiment serve`) as a separate process, started as SageMaker starts the container."""

import os
import sys
from pathlib import Path

import httpx

from local.emulator import aws_environment
from local.processes import Child
from local.sagemaker.worker import CONCURRENT_JOBS
from local.servers import client_of
from local.settings import ROOT, LocalSettings

NAME = "model server"
LOG = "model-server"
NICENESS = 10  # the API keeps answering while analyses use all cores
# Variables that the server inherits: the user's settings for weights, threads and temporary files.
INHERITED = ("HOME", "LANG", "TMPDIR", "XDG_CACHE_HOME")
INHERITED_PREFIXES = (
    "VIDEO_SENTIMENT_",
    # Settings of numerical libraries, whose default kernels crash on some processors.
    "OPENBLAS_",
    "OMP_",
    "MKL_",
    "DNNL_",
    "ONEDNN_",
    "KMP_",
    "CT2_",
)


def environment(settings: LocalSettings, results_bucket: str, media_bucket: str) -> dict[str, str]:
    """Return the model server's complete environment."""
    inherited = {
        name: value for name, value in os.environ.items() if name in INHERITED or name.startswith(INHERITED_PREFIXES)
    }
    return (
        {"VIDEO_SENTIMENT_WORKERS": str(CONCURRENT_JOBS)}
        | inherited
        | aws_environment(settings)
        | {
            "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
            "VIDEO_SENTIMENT_ALLOWED_BUCKETS": media_bucket,
            "PROGRESS_S3_URI": f"s3://{results_bucket}/progress",
        }
    )


async def start(settings: LocalSettings, socket: Path, results_bucket: str, media_bucket: str) -> Child:
    """Start the model server at a Unix socket. It then loads its models; see `is_ready`."""
    chosen = {"--bundle": settings.bundle, "--transcriber": settings.transcriber}
    options = [part for name, value in chosen.items() if value for part in (name, value)]
    return await Child.start(
        NAME,
        ["nice", "-n", str(NICENESS), sys.executable, "-m", "model.cli.main", "serve", "--socket", socket, *options],
        environment=environment(settings, results_bucket, media_bucket),
        log=settings.log(LOG),
        cwd=ROOT,
    )


async def is_ready(socket: Path) -> bool:
    """Return True once the model server has loaded its models."""
    async with client_of(socket, timeout=5) as client:
        try:
            return (await client.get("/ping")).status_code == 200
        except httpx.TransportError:
            return False
