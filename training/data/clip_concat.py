"""Longer utterances from short ones: audio of the same speaker in the same emotion, one behind the other.

Actors say two seconds at a time, people ten. A voice that was only learned in short clips takes the evenness of long
speech for a sign of something.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import torch

from training.corpora import Example

LEAST_SHARE = 0.5  # of both together that is kept


class ClipConcat:
    """Examples, by some chance joined to another of the same corpus, group and emotion."""

    def __init__(self, examples: Sequence[Example], shares: Sequence[float], sources: Sequence[int]) -> None:
        """`shares` [n] are the chances of the n examples, `sources` [n] the numbers of their corpora."""
        self._examples, self._shares, self._sources = examples, shares, sources
        self._alike: dict[tuple[int, str, int], list[int]] = defaultdict(list)
        for i, example in enumerate(examples):
            if shares[i] > 0.0:
                self._alike[sources[i], example.group, example.emotion].append(i)

    def __call__(self, row: int) -> Example:
        """A part, half to all, of the example's audio and another's behind it; other modalities stay."""
        example = self._examples[row]
        share = self._shares[row]
        if share == 0.0 or example.sample.audio is None or float(torch.rand(())) >= share:
            return example
        alike = self._alike[self._sources[row], example.group, example.emotion]
        other = self._examples[alike[int(torch.randint(len(alike), ()))]].sample.audio
        if other is None:
            return example
        both = torch.cat([example.sample.audio, other], dim=1)
        size = int(both.shape[1] * (LEAST_SHARE + (1.0 - LEAST_SHARE) * float(torch.rand(()))))
        start = int(torch.randint(both.shape[1] - size + 1, ()))
        return replace(example, sample=example.sample.replaced(audio=both[:, start : start + size]))
