"""Session-wide local deployment of the product, shared because it takes a while to start."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.product import Product, running_product
from tests.model.serving import shorten


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Yield a running product that enforces signatures and IAM policies as AWS does."""
    with running_product(tmp_path_factory.mktemp("product") / "state") as product:
        yield product


@pytest.fixture(scope="session")
def early_upload(product: Product, clip: bytes) -> tuple[float, dict[str, Any]]:
    """Return an upload URL and its time of issue; requested early, so that it has expired when a test needs that."""
    return time.monotonic(), product.developer.post("/upload-url", {"fileType": ".mp4", "fileSize": len(clip)})


@pytest.fixture(scope="session")
def clip(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return four seconds of the sample as bytes. Tests share these, but each uploads them separately."""
    return shorten(sample, tmp_path_factory.mktemp("clip") / "clip.mp4").read_bytes()


@pytest.fixture(scope="session")
def sample_bytes(sample: Path) -> bytes:
    """Return the sample video as bytes."""
    return sample.read_bytes()
