"""Recomputation of batch-norm statistics for averaged weights.

The average of each step's statistics is not the statistics of the averaged weights (Izmailov et al. 2018, "Averaging
weights leads to wider optima", section 3.2). Moreover, training uses rotated, cropped and partly covered faces, and
serving uses whole faces and closer crops (FaceEncoder). So the statistics are recomputed at the end, on training
examples processed as in serving.
"""

import copy
from collections.abc import Iterable, Sequence
from itertools import islice

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from model.contract import Modality
from model.network import EmotionNetwork
from training.corpora import Example
from training.engine.optim import autocast_for

BATCHES = 100  # 12,800 faces with the starter's batch size, in four views each: a minute


@torch.no_grad()
def refit_batch_norms(
    network: EmotionNetwork,
    modalities: Sequence[Modality],
    examples: Sequence[Example],
    batches: Iterable[Sequence[int]],
    frozen: Sequence[nn.Module] = (),
) -> None:
    """Recompute the statistics of the encoders' batch norms, and leave the network in evaluation mode.

    `batches` yields indices of examples, of which BATCHES batches are used. Norms within `frozen` are unchanged, as are
    those of a modality that none of these examples has.
    """
    network.eval()
    frozen_norms = {norm for module in frozen for norm in _norms(module)}
    refitted = {m: [norm for norm in _norms(network.encoders[m]) if norm not in frozen_norms] for m in modalities}
    before = {norm: (norm.momentum, copy.deepcopy(norm.state_dict())) for norms in refitted.values() for norm in norms}
    if not before:
        return
    for norm in before:
        norm.reset_running_stats()
        norm.momentum = None  # cumulative mean
        norm.train()
    for batch in islice(batches, BATCHES):
        samples = [examples[i].sample for i in batch]
        for modality, norms in refitted.items():
            spec, there = network.specs[modality], [s.get(modality) for s in samples if s.get(modality) is not None]
            if norms and there:
                with autocast_for(spec):
                    network.embed(modality, spec.collate(there), len(there))
    for norm, (momentum, state) in before.items():
        norm.momentum = momentum
        if int(norm.get_buffer("num_batches_tracked")) == 0:
            norm.load_state_dict(state)
    network.eval()


def _norms(module: nn.Module) -> list[_BatchNorm]:
    return [part for part in module.modules() if isinstance(part, _BatchNorm)]
