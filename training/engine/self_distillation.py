"""What a network has said so far of the examples it learns from: targets that are refined as it learns.

Where labels are noisy, a network tells right from wrong ones before it learns the wrong ones by heart. Kim et al. 2021,
"Self-knowledge distillation with progressive refinement of targets", mix what it said an epoch ago into the labels, the
more the longer it has learned; Laine & Aila 2017, "Temporal ensembling", average over the epochs, as augmented looks
at an example differ. It costs a number for each class and example, and no further pass.
"""

import torch
from torch import Tensor

from model.network import N_LOGITS, log_probabilities

KEPT = 0.6  # of what was said before, when an example is judged again (Laine & Aila's)


class Remembered:
    """Probabilities [examples, 10], emotions then sentiments; zero of what was never judged. On the CPU."""

    def __init__(self, examples: int) -> None:
        self.said = torch.zeros(examples, N_LOGITS)

    def of(self, rows: Tensor) -> Tensor:
        """Of the examples at int64 [k] -> [k, 10]."""
        return self.said[rows]

    def add(self, rows: Tensor, logits: Tensor) -> None:
        """Note logits [k, 10] of the examples at int64 [k], each at most once in a call."""
        now = log_probabilities(logits.detach().float()).exp().cpu()
        before = self.said[rows]
        known = before.sum(dim=1, keepdim=True) > 0.0
        self.said[rows] = torch.where(known, KEPT * before + (1.0 - KEPT) * now, now)
