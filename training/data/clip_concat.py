"""Concatenation of short clips: audio of the same speaker and emotion.

Actors' recordings last about two seconds, real utterances up to ten. A network trained only on short clips mistakes the
stable statistics of long speech for evidence.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import torch

from training.corpora import Example

MIN_SHARE = 0.5  # minimum share of the concatenated audio that is kept


class ClipConcat:
    """Examples that are randomly concatenated with another one of the same corpus, group and emotion."""

    def __init__(self, examples: Sequence[Example], shares: Sequence[float], sources: Sequence[int]) -> None:
        """`shares` [n] are the probabilities for the n examples, `sources` [n] the numbers of their corpora."""
        self._examples, self._shares, self._sources = examples, shares, sources
        self._candidates: dict[tuple[int, str, int], list[int]] = defaultdict(list)
        for i, example in enumerate(examples):
            if shares[i] > 0.0:
                self._candidates[sources[i], example.group, example.emotion].append(i)

    def __call__(self, row: int) -> Example:
        """Return the example, possibly with a random part, half to all, of its audio followed by another's."""
        example = self._examples[row]
        share = self._shares[row]
        if share == 0.0 or example.sample.audio is None or float(torch.rand(())) >= share:
            return example
        candidates = self._candidates[self._sources[row], example.group, example.emotion]
        other = self._examples[candidates[int(torch.randint(len(candidates), ()))]].sample.audio
        if other is None:
            return example
        both = torch.cat([example.sample.audio, other], dim=1)
        size = int(both.shape[1] * (MIN_SHARE + (1.0 - MIN_SHARE) * float(torch.rand(()))))
        start = int(torch.randint(both.shape[1] - size + 1, ()))
        return replace(example, sample=example.sample.replaced(audio=both[:, start : start + size]))
