"""Features of clips, each decoded once, in one memory-mapped file.

    features/
      sources.jsonl            digests of the media files, so that they are not read again
      <id of the extraction>/
        extraction.txt         that id in full: the modalities' preprocess ids and what else decides
        index.jsonl            a line for each item: where its parts lie, or why there are none
        items.bin              the parts, one behind the other

An item's key is the name of its content (training.data.content_hash). Lines are written behind the bytes they speak
of; what a killed process left without a line is overwritten, and all else is kept.
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


class Cache:
    """Features cached under `folder` for this version of the preprocessing. Cheap to copy to another process."""

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
        return {**self.__dict__, "_map": None}  # a memory map would be copied byte by byte

    def has_parts(self, key: str) -> bool:
        """Return True when the item had any audio or video."""
        return bool(self._parts[key])

    def shape(self, key: str, part: str) -> tuple[int, ...]:
        """Shape of an item's part; (0,) where it has none."""
        found = self._parts[key].get(part)
        return found.shape if found else (0,)

    def parts(self, key: str) -> Parts:
        """An item's arrays, as they lie in the file. Raises KeyError."""
        parts = self._parts[key]
        end = max((part.end for part in parts.values()), default=0)
        if end and (self._map is None or len(self._map) < end):
            self._map = np.memmap(self.items, np.uint8, mode="r")
        return {name: self._array(part) for name, part in parts.items()}

    def sample(self, key: str, text: Tokens | None = None) -> Sample:
        """An item's tensors together with the words, as serving would make them. Raises KeyError."""
        return sample_of(self.parts(key), text)

    def refresh(self) -> int:
        """Read the index again; gives the length of it that is whole, in bytes."""
        size = self.items.stat().st_size if self.items.exists() else 0
        whole = 0
        for line in self.index.read_bytes().splitlines(keepends=True) if self.index.exists() else []:
            if not line.endswith(b"\n"):  # its process was ended
                break
            whole += len(line)
            self._note(json.loads(line), size)
        return whole

    @property
    def used(self) -> int:
        """Bytes of items.bin that the index speaks of."""
        return max((part.end for parts in self._parts.values() for part in parts.values()), default=0)

    def _note(self, record: dict[str, Any], size: int) -> None:
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


class Writer:
    """Adds items behind those that are there. One at a time may be open."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        whole = cache.refresh()
        for path, length in ((cache.items, cache.used), (cache.index, whole)):
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
        self._line({"key": key, "parts": record})

    def fail(self, key: str, reason: str) -> None:
        self._line({"key": key, "failed": reason})

    def close(self) -> None:
        self._items.close()
        self._index.close()
        self._cache.refresh()

    def _line(self, record: dict[str, Any]) -> None:
        self._index.write(json.dumps(record).encode() + b"\n")
        self._index.flush()
