"""Selection of the epoch whose weights are kept: the last, or the best on groups set aside."""

import copy
from typing import Any

from torch import Tensor

Weights = dict[str, Tensor]


class Selection:
    """Early stopping and selection of the best epoch; inactive if `share` is 0."""

    def __init__(self, share: float, patience: int) -> None:
        """`patience` is the number of epochs without improvement before training stops."""
        self.is_on = share > 0.0
        self._patience = patience
        self._best, self._best_epoch = -1.0, 0
        self.weights: Weights | None = None  # of the best epoch

    def update(self, epoch: int, score: float, weights: Weights) -> None:
        """Store a copy of an epoch's weights if its score is the best so far."""
        if self.is_on and score > self._best:
            self._best, self._best_epoch = score, epoch
            self.weights = copy.deepcopy(weights)

    def should_stop(self, epoch: int) -> bool:
        """Return True if training stops before this epoch."""
        return self.is_on and epoch - self._best_epoch > self._patience

    def state_dict(self) -> dict[str, Any]:
        return {"best": self._best, "epoch": self._best_epoch, "weights": self.weights}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._best, self._best_epoch, self.weights = state["best"], state["epoch"], state["weights"]
