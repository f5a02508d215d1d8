"""One whole product for all tests of this folder that want one: it takes a while to start."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.product import Product, running_product
from tests.model.serving import shorten


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """Signatures and policies are checked in it as AWS checks them."""
    with running_product(tmp_path_factory.mktemp("product") / "state") as running:
        yield running


@pytest.fixture(scope="session")
def clip(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Four seconds of the sample, as bytes: no two tests may share an upload, but all may share this."""
    return shorten(sample, tmp_path_factory.mktemp("clip") / "clip.mp4").read_bytes()


@pytest.fixture(scope="session")
def sample_bytes(sample: Path) -> bytes:
    return sample.read_bytes()
