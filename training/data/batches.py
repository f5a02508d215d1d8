"""The order in which training sees its examples, the ones it never sees, and the seeds of both."""

import hashlib
from collections.abc import Iterator, Sequence

import torch
from torch.utils.data import Sampler

from training.corpora import Example
from training.data.content_hash import drawn

POOL = 16  # batches whose examples are sorted by length before they are cut: padding costs as much as content


class Batches(Sampler[list[int]]):
    """Shuffled full batches of an epoch, examples of a length together; the rest is left to the next shuffle.

    The order follows from the seed and the epoch alone, so that it can be taken up anywhere. There are as many for each
    of the `processes` that share them: what would be made up for one that lacks a batch hangs on where it was taken up.
    Raises ValueError where there is none for each.
    """

    def __init__(self, lengths: Sequence[int], size: int, seed: int, processes: int = 1) -> None:
        self._lengths, self._size, self._seed = lengths, min(size, len(lengths)), seed
        self._count = len(lengths) // max(1, self._size) // processes * processes
        if self._count == 0:
            raise ValueError(f"{len(lengths)} examples make no batch of {size} for each of {processes} processes")
        self.epoch = 0
        self.first = 0

    @property
    def total(self) -> int:
        """The number of examples."""
        return len(self._lengths)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[list[int]]:
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + self.epoch)
        order = torch.randperm(len(self._lengths), generator=generator).tolist()[: len(self) * self._size]
        batches: list[list[int]] = []
        for start in range(0, len(order), POOL * self._size):
            pool = sorted(order[start : start + POOL * self._size], key=lambda i: self._lengths[i])
            cut = [pool[k : k + self._size] for k in range(0, len(pool), self._size)]
            batches += [cut[k] for k in torch.randperm(len(cut), generator=generator).tolist()]
        yield from batches[self.first :]


def put_aside(examples: Sequence[Example], share: float) -> tuple[list[int], list[int]]:
    """Indices to train on, and of whole groups kept to select by; which ones follows from their names alone."""
    kept = [drawn(e.group) < share for e in examples]
    return [i for i, k in enumerate(kept) if not k], [i for i, k in enumerate(kept) if k]


def seed_of(*parts: int | str) -> int:
    """Derive one seed from several numbers and names."""
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:15], 16)
