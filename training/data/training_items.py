"""Content hashes of a bundle's training items.

Evaluation data may contain training items: the downloaded RAVDESS includes the training actors, and short lines of MELD
("Yeah.") occur in every split. A bundle stores the hashes, so that figures can be computed with and without such items.
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]  # [n], sorted, distinct

TRAINING_ITEMS_FILE = "training_items.npy"  # in a bundle's folder


def write_hashes(path: Path, names: Iterable[str]) -> None:
    """Write the content hashes of a modality's training examples (16 hex digits each)."""
    _write(path, names)


def read_hashes(path: Path) -> list[str]:
    """Read the hashes of `write_hashes`, as 16 hex digits each. Raises OSError or ValueError."""
    return [f"{value:016x}" for value in _read(path).tolist()]


def save_training_items(folder: Path, contents: Iterable[str]) -> None:
    """Write a bundle's training hashes (16 hex digits each) to its folder."""
    _write(folder / TRAINING_ITEMS_FILE, contents)


def load_training_items(folder: Path) -> Hashes | None:
    """Load a bundle's training hashes; None if it has none. Raises OSError or ValueError."""
    path = folder / TRAINING_ITEMS_FILE
    return _read(path) if path.is_file() else None


def in_training(contents: Sequence[str], training_items: Hashes) -> npt.NDArray[np.bool_]:
    """Mark the items that were in training, bool [n]; False for items without a hash ("")."""
    known = np.asarray([bool(content) for content in contents], dtype=np.bool_)
    return known & np.isin(_numbers([content or "0" for content in contents]), training_items)


def data_hash(contents: Iterable[str]) -> str:
    """Return one hash of a set of items, independent of order: SHA-256 of the sorted content hashes, 64 hex digits."""
    return hashlib.sha256("\n".join(sorted(set(contents))).encode("ascii")).hexdigest()


def _write(path: Path, contents: Iterable[str]) -> None:
    np.save(path, np.unique(_numbers([content for content in contents if content])))


def _read(path: Path) -> Hashes:
    hashes = np.load(path, allow_pickle=False)
    if hashes.dtype != np.uint64 or hashes.ndim != 1:
        raise ValueError(
            f"{path} does not contain hashes: expected uint64 [n], got {hashes.dtype} {list(hashes.shape)}"
        )
    return np.asarray(hashes)


def _numbers(contents: Sequence[str]) -> Hashes:
    return np.asarray([int(content, 16) for content in contents], dtype=np.uint64)
