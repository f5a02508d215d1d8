"""Versions, devices and models of this installation, as `video-sentiment info` shows them for bug reports."""

import importlib.metadata
import os
import platform
from collections.abc import Iterator

from model.bundle import BUNDLES, BundleError, has_fast_bfloat16, read_manifest
from model.weights import catalog

PACKAGES = ("torch", "torchvision", "transformers", "faster-whisper", "ctranslate2", "av", "opencv-python-headless")


def describe() -> Iterator[tuple[str, str]]:
    """Yield names and values in display order."""
    import torch

    yield "video-sentiment", _version("video-sentiment")
    yield "python", f"{platform.python_version()} on {platform.platform()}"
    for package in PACKAGES:
        yield package, _version(package)
    bfloat16 = "fast bfloat16" if has_fast_bfloat16() else "no fast bfloat16"
    yield "cpu", f"{os.cpu_count()} cores, {torch.backends.cpu.get_cpu_capability()}, {bfloat16}"
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    yield "gpu", ", ".join(gpus) or "none"
    for folder in sorted(path.parent for path in BUNDLES.glob("*/config.json")):
        yield "bundle", _describe_bundle(folder.name)
    yield (
        "weights",
        f"{catalog.cache_folder()}: {', '.join(filter(catalog.is_fetched, catalog.CATALOG)) or 'none yet'}",
    )


def _describe_bundle(name: str) -> str:
    try:
        manifest = read_manifest(BUNDLES / name)
    except BundleError as error:
        return str(error)
    parts = ", ".join(manifest.network.modalities)
    fusion = "fitted" if manifest.network.fusion else "trained" if manifest.fusion_trained else "unmeasured"
    return f"{manifest.name} {manifest.version} ({parts}; fusion {fusion}; {manifest.licence})"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
