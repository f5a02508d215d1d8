"""From rows of a corpus to batches, varied by chance that follows from the rows and the epoch alone."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from model.modalities.base import TwoStageEncoder
from model.modalities.registry import specs_of
from model.network import EmotionNetwork
from training.corpora import Example
from training.data.clip_concat import Joiner
from training.engine.loss import Batch, to_batch
from training.modalities.base import ModalityRecipe
from training.recipe import Stage

ENCODED_AT_ONCE = 32


class Feed:
    """Makes the batches of a stage's training. `epoch` is set by who trains."""

    def __init__(
        self,
        train: Sequence[Example],
        stage: Stage,
        seed: int,
        marks: frozenset[int] = frozenset(),
        teacher: Tensor | None = None,
        variants: Tensor | None = None,
    ) -> None:
        self._train, self._stage, self._seed = train, stage, seed
        self._marks, self._teacher, self._variants = marks, teacher, variants
        self._joined = Joiner(train, stage.how.join_share)
        self.epoch = 0

    def __call__(self, rows: list[int]) -> Batch:
        soft = None if self._teacher is None else self._teacher[rows]
        numbers = torch.tensor(rows)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(self._seed, self.epoch, *rows))
            if self._variants is None:
                examples = [self._joined(i) for i in rows]
                batch = to_batch(examples, specs_of(*self._stage.modalities), self._stage.how, self._marks, soft)
                return replace(batch, numbers=numbers)
            chosen = self._variants[torch.randint(len(self._variants), (len(rows),)), numbers]
        emotions, sentiments = (torch.tensor([getattr(self._train[i], k) for i in rows]) for k in Batch.TARGETS)
        heard = torch.arange(len(rows)), [chosen]
        return Batch({"audio": heard}, emotions, sentiments, soft, encoded=True, numbers=numbers)


@torch.no_grad()
def encode_variants(
    network: EmotionNetwork, train: Sequence[Example], stage: Stage, section: ModalityRecipe, seed: int
) -> Tensor:
    """What a frozen voice encoder makes of each of n sounds in `how.variants` variants: [variants, n, layers, width].

    The first is the sound as it is; the others are joined and varied as the recipe asks. The encoder is nearly all of
    the work of training what follows it: done once for each variant, not once an epoch.
    """
    encoder, spec = network.encoder("audio"), network.specs["audio"]
    if not isinstance(encoder, TwoStageEncoder):
        raise TypeError("variants are kept of sounds alone")
    device = network.log_prior.device
    joined = Joiner(train, stage.how.join_share)
    order = sorted(range(len(train)), key=lambda i: train[i].length)
    variants = []
    for variant in range(stage.how.variants):
        torch.manual_seed(seed_of(seed, "variant", variant))
        parts = []
        for start in range(0, len(order), ENCODED_AT_ONCE):
            rows = order[start : start + ENCODED_AT_ONCE]
            inputs = spec.collate([(joined(i) if variant else train[i]).sample.audio for i in rows])
            varied = section.augment(inputs) if variant else inputs
            parts.append(encoder.statistics(*(t.to(device) for t in varied)).cpu())
        variants.append(torch.cat(parts)[torch.tensor(order).argsort()])
    return torch.stack(variants)


def seed_of(*parts: int | str) -> int:
    """One seed from several numbers and names."""
    return int(hashlib.sha256(repr(parts).encode()).hexdigest()[:15], 16)
