"""Items that a bundle learned from, identified by the hashes of their bytes.

A corpus that is scored may hold items the bundle has seen: RAVDESS as it is downloaded holds the actors of
training, and short lines of MELD ("Yeah.") stand in every split. A bundle keeps the hashes, so that its
figures can be given with and without such items.
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]  # [n], sorted, each once

FILE_NAME = "training_items.npy"  # in a bundle's folder


def write_items(path: Path, names: Iterable[str]) -> None:
    """Keep what names a modality's training examples (16 hex digits each)."""
    _write(path, names)


def read_items(path: Path) -> list[str]:
    """The hashes that `write_items` kept, as 16 hex digits each. Raises OSError or ValueError."""
    return [f"{value:016x}" for value in _read(path).tolist()]


def save_seen(folder: Path, contents: Iterable[str]) -> None:
    """Write a bundle's training hashes (16 hex digits each) into its folder."""
    _write(folder / FILE_NAME, contents)


def load_seen(folder: Path) -> Hashes | None:
    """A bundle's training hashes, or None where it keeps none. Raises OSError or ValueError."""
    path = folder / FILE_NAME
    return _read(path) if path.is_file() else None


def is_seen(contents: Sequence[str], seen: Hashes) -> npt.NDArray[np.bool_]:
    """Mark which of n items were in training, bool [n]. An item without a hash ("") counts as not seen."""
    known = np.asarray([bool(content) for content in contents], dtype=np.bool_)
    return known & np.isin(_numbers([content or "0" for content in contents]), seen)


def data_hash(contents: Iterable[str]) -> str:
    """Return one hash for a set of items, whatever their order: SHA-256 of the sorted content hashes, 64 hex digits."""
    return hashlib.sha256("\n".join(sorted(set(contents))).encode("ascii")).hexdigest()


def _write(path: Path, contents: Iterable[str]) -> None:
    np.save(path, np.unique(_numbers([content for content in contents if content])))


def _read(path: Path) -> Hashes:
    hashes = np.load(path, allow_pickle=False)
    if hashes.dtype != np.uint64 or hashes.ndim != 1:
        raise ValueError(f"{path} holds no hashes: uint64 [n] expected, got {hashes.dtype} {list(hashes.shape)}")
    return np.asarray(hashes)


def _numbers(contents: Sequence[str]) -> Hashes:
    return np.asarray([int(content, 16) for content in contents], dtype=np.uint64)
