"""Exponential moving average of weights, which is what ships."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

Tensors = tuple[Tensor, ...] | list[Tensor]


class AveragedWeights:
    """Exponential moving average of a module's weights and buffers."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self._module = module
        self._average = AveragedModel(module, multi_avg_fn=moving_average(decay), use_buffers=True)

    def update(self) -> None:
        """Update the average with the module's weights, after an optimizer step."""
        self._average.update_parameters(self._module)

    @property
    def weights(self) -> dict[str, Tensor]:
        """Averaged state, with the module's own keys; changes with the next update."""
        averaged: dict[str, Tensor] = self._average.module.state_dict()
        return averaged

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Load the averaged weights into the module, and restore its own on exit."""
        current = copy.deepcopy(self._module.state_dict())
        self._module.load_state_dict(self.weights)
        try:
            yield
        finally:
            self._module.load_state_dict(current)

    def state_dict(self) -> dict[str, Any]:
        return self._average.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._average.load_state_dict(state)


def moving_average(decay: float) -> Callable[[Tensors, Tensors, Tensor | int], None]:
    """Return an update function whose decay ramps up to `decay`, so that initial weights are forgotten quickly."""

    def update(averages: Tensors, currents: Tensors, steps: Tensor | int) -> None:
        share = 1.0 - min(decay, (1.0 + float(steps)) / (10.0 + float(steps)))
        for average, current in zip(averages, currents, strict=True):
            if average.is_floating_point():
                average.lerp_(current, share)
            else:
                average.copy_(current)

    return update
