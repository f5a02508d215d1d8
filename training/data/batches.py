"""Order of training examples, selection split, and seeds."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch.utils.data import Sampler

from training.corpora import Example
from training.data.content_hash import hash_fraction

POOL_BATCHES = 16  # batches whose examples are sorted by length together, to reduce padding


@dataclass(frozen=True)
class Mixture:
    """Selection of the examples of each corpus for an epoch.

    Examples are numbered corpus by corpus. An epoch has all examples of the first corpus and, of each other, as many as
    its share of the epoch: the next ones of a fixed cyclic order. So an example repeats within an epoch only if its
    corpus is too small, and over all epochs the examples of a corpus occur equally often, up to one. The selection
    depends only on the seed and the epoch.
    """

    sizes: tuple[int, ...]
    shares: tuple[float, ...]  # of an epoch's examples, for each corpus but the first
    seed: int

    @cached_property
    def counts(self) -> tuple[int, ...]:
        """Number of examples of each corpus in an epoch; 0 for corpora without examples."""
        shares = [share if size else 0.0 for size, share in zip(self.sizes[1:], self.shares, strict=True)]
        total = self.sizes[0] / (1.0 - sum(shares))
        return self.sizes[0], *(max(1, round(total * share)) if share else 0 for share in shares)

    @property
    def weights(self) -> list[float]:
        """Mean number of occurrences of each example in an epoch."""
        pairs = zip(self.counts, self.sizes, strict=True)
        return [count / size for count, size in pairs for _ in range(size)]

    def rows(self, epoch: int) -> list[int]:
        """Return the numbers of an epoch's examples, corpus by corpus."""
        found = list(range(self.sizes[0]))
        for order, count in zip(self._orders, self.counts[1:], strict=True):
            found += [order[(epoch * count + i) % len(order)] for i in range(count)]
        return found

    @cached_property
    def _orders(self) -> list[list[int]]:
        """Cyclic order of each corpus but the first."""
        orders, first = [], self.sizes[0]
        for number, size in enumerate(self.sizes[1:]):
            generator = torch.Generator().manual_seed(seed_of(self.seed, "mixture", number))
            orders.append([first + i for i in torch.randperm(size, generator=generator).tolist()])
            first += size
        return orders


class Batches(Sampler[list[int]]):
    """Batch sampler: full shuffled batches of examples of similar length; the remainder of an epoch is dropped.

    The order depends only on the seed and the epoch, so that it can be resumed at any batch. The number of batches is a
    multiple of `processes`: padding for a process without a batch would depend on where the epoch was resumed.
    `mixture` selects the examples of an epoch; by default all. Raises ValueError if there is no batch for each process.
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
            raise ValueError(f"{examples} examples do not make a batch of {size} for each of {processes} processes")
        self.epoch = 0
        self.first = 0

    @property
    def total(self) -> int:
        """Number of examples."""
        return len(self._lengths)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[list[int]]:
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + self.epoch)
        rows = self._mixture.rows(self.epoch)
        shuffled = torch.randperm(len(rows), generator=generator).tolist()[: len(self) * self._size]
        order = [rows[i] for i in shuffled]
        batches: list[list[int]] = []
        for start in range(0, len(order), POOL_BATCHES * self._size):
            pool = sorted(order[start : start + POOL_BATCHES * self._size], key=lambda i: self._lengths[i])
            cut = [pool[k : k + self._size] for k in range(0, len(pool), self._size)]
            batches += [cut[k] for k in torch.randperm(len(cut), generator=generator).tolist()]
        yield from batches[self.first :]


def selection_split(examples: Sequence[Example], share: float) -> tuple[list[int], list[int]]:
    """Split indices by a hash of the group: those to train on, and a share to select the epoch on."""
    kept = [hash_fraction(e.group) < share for e in examples]
    return [i for i, k in enumerate(kept) if not k], [i for i, k in enumerate(kept) if k]


def seed_of(*parts: int | str) -> int:
    """Derive a seed from numbers and names."""
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:15], 16)
