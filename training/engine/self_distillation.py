"""Self-distillation: a network's own predictions of its training examples as additional targets.

Networks learn correct labels before they memorize noisy ones. Kim et al. 2021, "Self-knowledge distillation with
progressive refinement of targets", mix the previous epoch's predictions into the targets, with a weight that grows over
training; Laine & Aila 2017, "Temporal ensembling", average predictions over epochs, as each epoch is augmented
differently. The cost is one number per class and example, and no additional forward pass.
"""

import torch
from torch import Tensor

from model.network import N_LOGITS, log_probabilities

MOMENTUM = 0.6  # of the average of an example's predictions (as in Laine & Aila)


class SelfDistillation:
    """Averaged probabilities [examples, 10], emotions then sentiments, on the CPU; initially zero."""

    def __init__(self, examples: int) -> None:
        self.targets = torch.zeros(examples, N_LOGITS)

    def of(self, rows: Tensor) -> Tensor:
        """Return the averaged predictions [k, 10] of the examples at int64 [k]."""
        return self.targets[rows]

    def add(self, rows: Tensor, logits: Tensor) -> None:
        """Update the averages with logits [k, 10] of the examples at int64 [k]; repeated ones by their mean."""
        rows, place = torch.unique(rows, return_inverse=True)
        each = log_probabilities(logits.detach().float()).exp().cpu()
        times = torch.bincount(place).unsqueeze(1)
        now = torch.zeros(len(rows), each.shape[1]).index_add(0, place, each) / times
        before = self.targets[rows]
        known = before.sum(dim=1, keepdim=True) > 0.0
        self.targets[rows] = torch.where(known, MOMENTUM * before + (1.0 - MOMENTUM) * now, now)
