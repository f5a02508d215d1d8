"""Fixtures of the end-to-end tests: one running product for all of them, since it takes a while to start."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.product import Product, running
from tests.model.serving import shorten


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """A running product with AWS's checks of signatures and policies (`--enforce-iam`)."""
    with running(tmp_path_factory.mktemp("product") / "state") as product:
        yield product


@pytest.fixture(scope="session")
def early_upload(product: Product, clip: bytes) -> tuple[float, dict[str, Any]]:
    """An upload and the time of its creation, created early so that it has expired when a test needs that."""
    return time.monotonic(), product.developer.post("/upload-url", {"fileType": ".mp4", "fileSize": len(clip)})


@pytest.fixture(scope="session")
def clip(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Four seconds of the sample, as bytes; tests must not share uploads, but may share this file."""
    return shorten(sample, tmp_path_factory.mktemp("clip") / "clip.mp4").read_bytes()


@pytest.fixture(scope="session")
def sample_bytes(sample: Path) -> bytes:
    return sample.read_bytes()
