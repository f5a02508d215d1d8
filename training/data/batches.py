"""The order in which training sees its examples, the ones it never sees, and the seeds of both."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch.utils.data import Sampler

from training.corpora import Example
from training.data.content_hash import drawn

POOL = 16  # batches whose examples are sorted by length before they are cut: padding costs as much as content


@dataclass(frozen=True)
class Mixture:
    """Selection of the examples of each corpus that an epoch holds.

    Examples are numbered corpus by corpus. An epoch holds all of the first corpus and, of each other, as many as make
    up its share of the epoch: the next ones in an order of its own that begins again at its end. So within an epoch an
    example comes twice only where its corpus has too few, and over all epochs each comes as often as the others, give
    or take one. Which ones follows from the seed and the epoch alone.
    """

    sizes: tuple[int, ...]
    shares: tuple[float, ...]  # of an epoch's examples, of each corpus but the first
    seed: int

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """The number of examples of each corpus in an epoch. A corpus without examples has no part in it."""
        shares = [share if size else 0.0 for size, share in zip(self.sizes[1:], self.shares, strict=True)]
        total = self.sizes[0] / (1.0 - sum(shares))
        return self.sizes[0], *(max(1, round(total * share)) if share else 0 for share in shares)

    @property
    def weights(self) -> list[float]:
        """The mean number of times that each example comes in an epoch."""
        pairs = zip(self.counts, self.sizes, strict=True)
        return [count / size for count, size in pairs for _ in range(size)]

    def rows(self, epoch: int) -> list[int]:
        """The numbers of an epoch's examples, corpus by corpus."""
        found = list(range(self.sizes[0]))
        for order, count in zip(self._orders, self.counts[1:], strict=True):
            found += [order[(epoch * count + i) % len(order)] for i in range(count)]
        return found

    @cached_property
    def _orders(self) -> list[list[int]]:
        """The order that each corpus but the first is gone through in, again and again."""
        orders, first = [], self.sizes[0]
        for number, size in enumerate(self.sizes[1:]):
            generator = torch.Generator().manual_seed(seed_of(self.seed, "mixture", number))
            orders.append([first + i for i in torch.randperm(size, generator=generator).tolist()])
            first += size
        return orders


class Batches(Sampler[list[int]]):
    """Shuffled full batches of an epoch, examples of a length together; the rest is left to the next shuffle.

    The order follows from the seed and the epoch alone, so that it can be taken up anywhere. There are as many for each
    of the `processes` that share them: what would be made up for one that lacks a batch hangs on where it was taken up.
    A `mixture` says which of the examples an epoch holds; without one, all of them. Raises ValueError where there is
    no batch for each process.
    """

    def __init__(
        self, lengths: Sequence[int], size: int, seed: int, processes: int = 1, mixture: Mixture | None = None
    ) -> None:
        self._lengths, self._seed = lengths, seed
        self._mixture = mixture or Mixture((len(lengths),), (), seed)
        examples = sum(self._mixture.counts)
        self._size = min(size, examples)
        self._count = examples // max(1, self._size) // processes * processes
        if self._count == 0:
            raise ValueError(f"{examples} examples make no batch of {size} for each of {processes} processes")
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
        rows = self._mixture.rows(self.epoch)
        shuffled = torch.randperm(len(rows), generator=generator).tolist()[: len(self) * self._size]
        order = [rows[i] for i in shuffled]
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
