"""Cache of clip features, decoded once, in one memory-mapped file.

    features/
      sources.jsonl            digests of the media files, so that they are read only once
      <hash of the extraction id>/
        extraction.txt         the id: preprocessing ids of the modalities and other settings
        index.jsonl            one line per item: the position of its parts, or the reason for failure
        items.bin              the parts of all items

Items are keyed by content hash (training.data.content_hash). An index line is written after the item's bytes; bytes
without a line, left by a killed process, are overwritten.
"""

import hashlib
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from model.features import Sample, Tokens
from training.data.extraction import EXTRACTION_ID, Parts, sample_of

ALIGNMENT = 64  # bytes


@dataclass(frozen=True)
class _Part:
    dtype: str
    shape: tuple[int, ...]
    offset: int  # in items.bin

    @property
    def end(self) -> int:
        return self.offset + np.dtype(self.dtype).itemsize * math.prod(self.shape)


class FeatureCache:
    """Features cached under `folder` for the current preprocessing. Cheap to pickle for another process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / hashlib.sha256(EXTRACTION_ID.encode()).hexdigest()[:16]
        self.items, self.index = self.folder / "items.bin", self.folder / "index.jsonl"
        self.failures: dict[str, str] = {}
        self._parts: dict[str, dict[str, _Part]] = {}
        self._map: np.memmap[Any, np.dtype[np.uint8]] | None = None
        self.refresh()

    def __contains__(self, key: str) -> bool:
        return key in self._parts

    def __len__(self) -> int:
        return len(self._parts)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_map": None}  # pickling a memory map copies its bytes

    def has_parts(self, key: str) -> bool:
        """Return True if the item has audio or video."""
        return bool(self._parts[key])

    def shape(self, key: str, part: str) -> tuple[int, ...]:
        """Return the shape of an item's part; (0,) without the part."""
        found = self._parts[key].get(part)
        return found.shape if found else (0,)

    def parts(self, key: str) -> Parts:
        """Return an item's arrays, memory-mapped. Raises KeyError."""
        parts = self._parts[key]
        end = max((part.end for part in parts.values()), default=0)
        if end and (self._map is None or len(self._map) < end):
            self._map = np.memmap(self.items, np.uint8, mode="r")
        return {name: self._array(part) for name, part in parts.items()}

    def sample(self, key: str, text: Tokens | None = None) -> Sample:
        """Return an item's tensors with the text, as serving prepares them. Raises KeyError."""
        return sample_of(self.parts(key), text)

    def refresh(self) -> int:
        """Read the index again; return the length of its valid part in bytes."""
        size = self.items.stat().st_size if self.items.exists() else 0
        valid = 0
        for line in self.index.read_bytes().splitlines(keepends=True) if self.index.exists() else []:
            if not line.endswith(b"\n"):  # incomplete line of a killed process
                break
            valid += len(line)
            self._add_record(json.loads(line), size)
        return valid

    @property
    def used_bytes(self) -> int:
        """Number of bytes of items.bin that the index refers to."""
        return max((part.end for parts in self._parts.values() for part in parts.values()), default=0)

    def _add_record(self, record: dict[str, Any], size: int) -> None:
        key = record["key"]
        if "failed" in record:
            self.failures[key] = record["failed"]
            return
        parts = {name: _Part(dtype, tuple(shape), offset) for name, (dtype, shape, offset) in record["parts"].items()}
        if all(part.end <= size for part in parts.values()):
            self._parts[key] = parts
            self.failures.pop(key, None)

    def _array(self, part: _Part) -> np.ndarray[Any, np.dtype[Any]]:
        assert self._map is not None
        return self._map[part.offset : part.end].view(part.dtype).reshape(part.shape)


class FeatureCacheWriter:
    """Appends items to the cache. Only one may be open at a time."""

    def __init__(self, cache: FeatureCache) -> None:
        self._cache = cache
        valid = cache.refresh()
        for path, length in ((cache.items, cache.used_bytes), (cache.index, valid)):
            path.touch()
            os.truncate(path, length)
        self._items, self._index = cache.items.open("ab"), cache.index.open("ab")

    def add(self, key: str, parts: Parts) -> None:
        record = {}
        for name, array in parts.items():
            self._items.write(b"\0" * (-self._items.tell() % ALIGNMENT))
            record[name] = (array.dtype.name, array.shape, self._items.tell())
            self._items.write(np.ascontiguousarray(array).data)
        self._items.flush()
        self._append_line({"key": key, "parts": record})

    def fail(self, key: str, reason: str) -> None:
        self._append_line({"key": key, "failed": reason})

    def close(self) -> None:
        self._items.close()
        self._index.close()
        self._cache.refresh()

    def _append_line(self, record: dict[str, Any]) -> None:
        self._index.write(json.dumps(record).encode() + b"\n")
        self._index.flush()
