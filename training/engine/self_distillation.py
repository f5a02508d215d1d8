"""Self-distillation: a network's own predictions of its training examples as targets, refined as it learns.

Where labels are noisy, a network separates right from wrong ones before it fits the wrong ones. Kim et al. 2021,
"Self-knowledge distillation with progressive refinement of targets", mix its last epoch's prediction into the labels,
the more the longer it has learned; Laine & Aila 2017, "Temporal ensembling", average over the epochs, as augmented
looks at an example differ. It costs a number for each class and example, and no further pass.
"""

import torch
from torch import Tensor

from model.network import N_LOGITS, log_probabilities

KEPT = 0.6  # of the earlier average, when an example is predicted again (Laine & Aila's)


class SelfDistillation:
    """Probabilities [examples, 10], emotions then sentiments; zero where there is none yet. On the CPU."""

    def __init__(self, examples: int) -> None:
        self.targets = torch.zeros(examples, N_LOGITS)

    def of(self, rows: Tensor) -> Tensor:
        """Return the remembered predictions for the examples at int64 [k] -> [k, 10]."""
        return self.targets[rows]

    def add(self, rows: Tensor, logits: Tensor) -> None:
        """Note logits [k, 10] of the examples at int64 [k]; of one that comes several times, the mean."""
        rows, place = torch.unique(rows, return_inverse=True)
        each = log_probabilities(logits.detach().float()).exp().cpu()
        times = torch.bincount(place).unsqueeze(1)
        now = torch.zeros(len(rows), each.shape[1]).index_add(0, place, each) / times
        before = self.targets[rows]
        known = before.sum(dim=1, keepdim=True) > 0.0
        self.targets[rows] = torch.where(known, KEPT * before + (1.0 - KEPT) * now, now)
